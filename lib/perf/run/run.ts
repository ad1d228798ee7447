/** A run: its stages in order. In each stage, all shares of clients start at the same moment. */
import { ExitError, messageOf } from "../../base/errors.ts";
import type { ClientOptions } from "../../client/client_options.ts";
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { machineClock } from "../../base/clock.ts";
import { Keys } from "../workload/keys.ts";
import { mergeStages } from "../measure/merge.ts";
import { START_LEAD_MS } from "./local_share.ts";
import { planRun, type StagePlan } from "../workload/plan.ts";
import { refillKeys } from "./refill.ts";
import { type RunTarget, type Share, splitClients, type UnmeasuredResult } from "./share.ts";
import { errorCount, type StageData } from "../measure/stage_data.ts";

/** The inputs of a run. */
export interface RunOptions {
  readonly config: TestPerfConfig;
  readonly connection: ClientOptions;
  readonly seed: number;
  /** One for each process. A run does not use more shares than it has clients. */
  readonly shares: readonly Share[];
  /** Server and table of the previous run (default: the server is found by its name). */
  readonly at?: RunTarget | undefined;
  /** Its abort, with the reason, ends the run early; the results so far are kept. */
  readonly stop?: AbortSignal | undefined;
  readonly events: RunEvents;
}

/** The events of a run. */
export interface RunEvents {
  /** All clients are connected. */
  onConnected?(server: RunTarget): void;
  /** The first stage waits for its start, which other processes of testperf share. */
  onAlignedStart?(startUnixMs: number, others: number): void;
  /** A stage begins with its warm-up. */
  onStage?(plan: StagePlan, clients: number): void;
  /** A stage has ended; undefined: the run ended early, perhaps during a stage. */
  onStageEnd?(data: StageData | undefined): void;
  /** A sentence for the user. */
  onNote(text: string): void;
}

/** The result of a run. */
export interface RunResult {
  readonly server: RunTarget;
  readonly stages: readonly StageData[];
  /** Number of failed operations outside of the stages. */
  readonly unmeasuredErrors: number;
  /** Whether the whole plan was measured. */
  readonly complete: boolean;
  /** Why the run ended early. */
  readonly failure: string | null;
}

/** Whether the run was complete, and no operation failed. */
export function isGood({ stages, unmeasuredErrors, complete }: Omit<RunResult, "server">): boolean {
  return complete && unmeasuredErrors === 0 &&
    stages.every(({ sum, warmupErrors }) =>
      errorCount(sum.errors) === 0 && errorCount(warmupErrors) === 0
    );
}

/**
 * Runs all stages. After the clients are connected, any failure ends the run early; the result has the
 * stages that were measured before. The shares can then only be closed.
 *
 * @throws {HtError} if the server is not found, or rejects a client
 */
export async function runStages(options: RunOptions): Promise<RunResult> {
  const { config, shares: all, stop, events } = options;
  const shares = all.slice(0, config.clients);
  const run = new Run(options, shares);
  if (stop?.aborted) throw new ExitError(String(stop.reason));
  const server = await unlessStopped(run.connect(), stop);
  let failure: string | null = null;
  try {
    await unlessStopped(run.runAll(), stop);
    failure = run.failure;
  } catch (error) {
    failure = messageOf(error);
    run.isOver = true;
    events.onStageEnd?.(undefined);
    events.onNote(`The run ended early: ${failure}. ${run.leftKeysNote}`);
  }
  if (failure === null) {
    for (const end of await Promise.allSettled(shares.map((share) => share.end()))) {
      // All stages are complete, so this is only a note.
      if (end.status === "rejected") events.onNote(`At the run's end: ${messageOf(end.reason)}`);
    }
  }
  const { stages, unmeasuredErrors } = run;
  const complete = failure === null && stages.every((stage) => stage.complete);
  return { server, stages, unmeasuredErrors, complete, failure };
}

/** Waits for a promise until `stop` is aborted. @throws {ExitError} then, with the reason */
export async function unlessStopped<Result>(
  promise: Promise<Result>,
  stop: AbortSignal | undefined,
): Promise<Result> {
  if (stop === undefined) return await promise;
  const stopped = Promise.withResolvers<never>();
  const reject = () => stopped.reject(new ExitError(String(stop.reason)));
  if (stop.aborted) reject();
  stop.addEventListener("abort", reject);
  try {
    return await Promise.race([promise, stopped.promise]);
  } finally {
    stop.removeEventListener("abort", reject);
    // The caller closes the shares, which may reject the promise later.
    promise.catch(() => {});
  }
}

class Run {
  readonly stages: StageData[] = [];
  unmeasuredErrors = 0;
  failure: string | null = null;
  /** Whether the run has ended early: then no result is kept and no event is sent. */
  isOver = false;
  readonly #options: RunOptions;
  readonly #shares: readonly Share[];
  readonly #keys: Keys;

  constructor(options: RunOptions, shares: readonly Share[]) {
    this.#options = options;
    this.#shares = shares;
    this.#keys = new Keys(options.seed, options.config.keyPrefix);
  }

  get leftKeysNote(): string {
    return `Keys that begin with ${this.#keys.prefix} may be left in the table`;
  }

  /** Connects all clients. The first share finds the server for the others. */
  async connect(): Promise<RunTarget> {
    const { config, connection: { onWarning: _, ...connection }, seed, at } = this.#options;
    const ranges = splitClients(config.clients, this.#shares.length);
    const connect = (share: Share, place: number, at: RunTarget | undefined) => {
      const { from, to } = ranges[place] ?? { from: 0, to: 0 };
      const { prefix: keyPrefix } = this.#keys;
      return share.connect({
        config,
        connection: { ...connection, at: at?.address, table: at?.table },
        seed,
        keyPrefix,
        from,
        to,
      });
    };
    const [first, ...others] = this.#shares;
    if (first === undefined) throw new RangeError("A run has at least one share of clients");
    const server = await connect(first, 0, at);
    await Promise.all(others.map((share, place) => connect(share, place + 1, server)));
    this.#options.events.onConnected?.(server);
    return server;
  }

  /** Runs the stages in order, until the server is gone. */
  async runAll(): Promise<void> {
    const { stages } = planRun(this.#options.config, this.#options.seed);
    for (const [at, stage] of stages.entries()) {
      if (await this.#runStage(at, stage)) continue;
      const left = stages.slice(at + 1).map(({ name }) => name);
      this.#options.events.onNote(
        `${left.length === 0 ? "" : `Not run: ${left.join(", ")}. `}${this.leftKeysNote}`,
      );
      this.failure = `the server is gone since stage ${stage.name}`;
      return;
    }
    this.#addUnmeasured(await this.#forEachShare((share) => share.cleanUp()));
  }

  /** @returns whether the next stage can be run */
  async #runStage(at: number, plan: StagePlan): Promise<boolean> {
    const { events } = this.#options;
    const prepared = await this.#forEachShare((share) => share.prepare(at));
    if (this.#addUnmeasured(prepared)) return false;
    if (plan.refill !== undefined && !await this.#refill(at)) return false;
    const keyEnds = prepared.flatMap((one) => one.keyEnds);
    events.onStage?.(plan, this.#options.config.clients);
    await this.#forEachShare((share) => share.warm(at, keyEnds));
    // A single process has nothing to wait for.
    const leadMs = this.#shares.length === 1 ? 0 : START_LEAD_MS;
    const startUnixMs = machineClock.unixMs() + leadMs;
    const data = mergeStages(await this.#forEachShare((share) => share.start(startUnixMs)));
    this.stages.push(data);
    events.onStageEnd?.(data);
    return data.ended !== "server gone";
  }

  /**
   * Inserts the keys for a stage of removes, for at most the time of a stage.
   *
   * @returns whether the stage can be run
   */
  async #refill(at: number): Promise<boolean> {
    const { config } = this.#options;
    const { durationMs = 0, warmupMs } = config;
    const untilUnixMs = machineClock.unixMs() + warmupMs + durationMs;
    const inserts = this.stages.find(({ stage }) => stage === "insert");
    const keys = refillKeys(config, this.#keys.size, inserts);
    return !this.#addUnmeasured(
      await this.#forEachShare((share) => share.refill(at, keys, untilUnixMs)),
    );
  }

  /** @returns whether the server is gone */
  #addUnmeasured(parts: readonly UnmeasuredResult[]): boolean {
    for (const { failed, notes } of parts) {
      this.unmeasuredErrors += failed;
      for (const note of notes) this.#options.events.onNote(note);
    }
    return parts.some(({ isGone }) => isGone);
  }

  /** @throws {ExitError} if the run has ended meanwhile */
  async #forEachShare<Result>(what: (share: Share) => Promise<Result>): Promise<Result[]> {
    const results = await Promise.all(this.#shares.map(what));
    if (this.isOver) throw new ExitError("The run is over");
    return results;
  }
}
