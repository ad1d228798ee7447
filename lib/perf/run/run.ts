/** A run: all its stages, one after the other, by shares of clients that start at the same moment. */
import { ExitError, messageOf } from "../../base/errors.ts";
import type { ClientOptions } from "../../client/client_options.ts";
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { type Clock, machineClock } from "../../base/clock.ts";
import { Keys } from "../workload/keys.ts";
import { mergeStages } from "../measure/merge.ts";
import { START_LEAD_MS } from "./local_share.ts";
import { planRun, type StagePlan } from "../workload/plan.ts";
import { type RunTarget, type Share, splitClients, type UnmeasuredResult } from "./share.ts";
import { errorCount, type StageData } from "../measure/stage_data.ts";

/** What to run. */
export interface RunOptions {
  readonly config: TestPerfConfig;
  readonly connection: ClientOptions;
  readonly seed: number;
  /** As many processes as there are, but no more than clients. */
  readonly shares: readonly Share[];
  /** Where the server of the run before was, and its table (default: it is looked for). */
  readonly at?: RunTarget | undefined;
  /** Aborted, with the reason, by who wants no more: what is measured by then is kept. */
  readonly stop?: AbortSignal | undefined;
  readonly events: RunEvents;
  /** (Default: the machine's.) */
  readonly clock?: Clock;
}

/** What a run tells while it goes on. */
export interface RunEvents {
  /** All clients are connected. */
  onConnected?(server: RunTarget): void;
  /** The clients of a stage begin, with their warm-up. */
  onStage?(plan: StagePlan, clients: number): void;
  /** The stage is over; undefined: whatever there was is over, since the run ended early. */
  onStageEnd?(data: StageData | undefined): void;
  /** A sentence that a user should see. */
  onNote(text: string): void;
}

/** What came of it. */
export interface RunResult {
  readonly server: RunTarget;
  readonly stages: readonly StageData[];
  /** Failed operations outside of the stages. */
  readonly unmeasuredErrors: number;
  /** Whether all that was planned was tried. */
  readonly complete: boolean;
  /** Why it ended early, where it did. */
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
 * Runs all stages. What goes wrong once the clients are connected ends the run early, with what was
 * measured until then as its result; the shares are of no more use then but to be closed.
 *
 * @throws {HtError} where the server is not found, or refuses
 */
export async function runStages(options: RunOptions): Promise<RunResult> {
  const { config, shares: all, stop, events } = options;
  const shares = all.slice(0, config.clients);
  const run = new Run(options, shares);
  if (stop?.aborted) throw new ExitError(String(stop.reason));
  const server = await unlessStopped(run.begin(), stop);
  let failure: string | null = null;
  try {
    await unlessStopped(run.runAll(), stop);
    failure = run.failure;
  } catch (error) {
    // What was measured so far is worth keeping, whatever went wrong.
    failure = messageOf(error);
    run.isOver = true;
    events.onStageEnd?.(undefined);
    events.onNote(`The run ended early: ${failure}. ${run.leftKeysNote}`);
  }
  if (failure === null) {
    for (const end of await Promise.allSettled(shares.map((share) => share.end()))) {
      // All was measured by then.
      if (end.status === "rejected") events.onNote(`At the run's end: ${messageOf(end.reason)}`);
    }
  }
  const { stages, unmeasuredErrors } = run;
  const complete = failure === null && stages.every((stage) => stage.complete);
  return { server, stages, unmeasuredErrors, complete, failure };
}

/** Waits for a promise, but not when stopped. @throws {ExitError} then, with the reason */
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
    // What goes on is ended by the shares' owner, and then may fail unseen.
    promise.catch(() => {});
  }
}

class Run {
  readonly stages: StageData[] = [];
  unmeasuredErrors = 0;
  failure: string | null = null;
  /** Set by who waits no longer: from then on it keeps and tells nothing. */
  isOver = false;
  readonly #options: RunOptions;
  readonly #shares: readonly Share[];
  readonly #clock: Clock;
  readonly #keys: Keys;

  constructor(options: RunOptions, shares: readonly Share[]) {
    this.#options = options;
    this.#shares = shares;
    this.#clock = options.clock ?? machineClock;
    this.#keys = new Keys(options.seed, options.config.keyPrefix);
  }

  get leftKeysNote(): string {
    return `Keys that begin with ${this.#keys.prefix} may be left in the table`;
  }

  /** Connects all clients: those of the first share find the server for the others. */
  async begin(): Promise<RunTarget> {
    const { config, connection: { onWarning: _, ...connection }, seed, at } = this.#options;
    const ranges = splitClients(config.clients, this.#shares.length);
    const begin = (share: Share, place: number, at: RunTarget | undefined) => {
      const { from, to } = ranges[place] ?? { from: 0, to: 0 };
      const { prefix: keyPrefix } = this.#keys;
      return share.begin({
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
    const server = await begin(first, 0, at);
    await Promise.all(others.map((share, place) => begin(share, place + 1, server)));
    this.#options.events.onConnected?.(server);
    return server;
  }

  /** Runs the stages one after the other, until the server is given up. */
  async runAll(): Promise<void> {
    const { stages } = planRun(this.#options.config, this.#options.seed);
    for (const [at, stage] of stages.entries()) {
      if (await this.#runStage(at, stage)) continue;
      const left = stages.slice(at + 1).map(({ name }) => name);
      this.#options.events.onNote(
        `${left.length === 0 ? "" : `Not run: ${left.join(", ")}. `}${this.leftKeysNote}`,
      );
      this.failure = `the server is gone since ${stage.name}`;
      return;
    }
    this.#addUnmeasured(await this.#forEachShare((share) => share.cleanUp()));
  }

  /** @returns whether the next stage can be run */
  async #runStage(at: number, plan: StagePlan): Promise<boolean> {
    const { events } = this.#options;
    const prepared = await this.#forEachShare((share) => share.prepare(at));
    if (this.#addUnmeasured(prepared)) return false;
    const keyEnds = prepared.flatMap((one) => one.keyEnds);
    events.onStage?.(plan, this.#options.config.clients);
    await this.#forEachShare((share) => share.warm(at, keyEnds));
    // Alone, a process need not wait for others.
    const leadMs = this.#shares.length === 1 ? 0 : START_LEAD_MS;
    const startUnixMs = this.#clock.unixMs() + leadMs;
    const data = mergeStages(await this.#forEachShare((share) => share.start(startUnixMs)));
    this.stages.push(data);
    events.onStageEnd?.(data);
    return data.ended !== "server gone";
  }

  /** @returns whether the server is gone */
  #addUnmeasured(parts: readonly UnmeasuredResult[]): boolean {
    for (const { failed, notes } of parts) {
      this.unmeasuredErrors += failed;
      for (const note of notes) this.#options.events.onNote(note);
    }
    return parts.some(({ isGone }) => isGone);
  }

  /** @throws {ExitError} where the run is over by then */
  async #forEachShare<Result>(what: (share: Share) => Promise<Result>): Promise<Result[]> {
    const results = await Promise.all(this.#shares.map(what));
    if (this.isOver) throw new ExitError("The run is over");
    return results;
  }
}
