/**
 * One attempt of a run: its stages in order. In each stage, all shares of clients start at the same moment.
 */
import { machineClock } from "../../base/clock.ts";
import { ExitError } from "../../base/errors.ts";
import { addCounts, mergeStages } from "../measure/merge.ts";
import { errorCount, type StageData } from "../measure/stage_data.ts";
import { Keys } from "../workload/keys.ts";
import { planRun, type StagePlan } from "../workload/plan.ts";
import { START_LEAD_MS } from "./local_share.ts";
import { refillKeys } from "./refill.ts";
import type { RunOptions } from "./run_options.ts";
import {
  type ConnectedTarget,
  type RunTarget,
  type Share,
  splitClients,
  type UnmeasuredResult,
} from "./share.ts";
import { StageSlots } from "./stage_slots.ts";

/** One attempt of a run: a plan, and the shares that execute it. */
export class Attempt {
  readonly stages: StageData[] = [];
  unmeasuredErrors = 0;
  failure: string | null = null;
  /** Whether the run has ended early: then no result is kept and no event is sent. */
  isOver = false;
  /** Whether the run must begin again, together with another process. */
  mustRestart = false;
  readonly #options: RunOptions;
  readonly #shares: readonly Share[];
  readonly #keys: Keys;
  /** Time from an order to the start that it is for: a single process has nothing to wait for. */
  readonly #leadMs: number;
  #slots: StageSlots;
  #keyEnds: readonly number[] = [];

  constructor(options: RunOptions, shares: readonly Share[]) {
    this.#options = options;
    this.#shares = shares;
    this.#leadMs = shares.length === 1 ? 0 : START_LEAD_MS;
    this.#slots = new StageSlots(options.config, undefined);
    this.#keys = new Keys(options.seed, options.config.keyPrefix);
  }

  get leftKeysNote(): string {
    return `Keys that begin with ${this.#keys.prefix} may be left in the table`;
  }

  /** Connects all clients. The first share finds the server for the others. */
  async connect(): Promise<ConnectedTarget> {
    const { config, connection: { onWarning: _, ...connection }, seed, at } = this.#options;
    const ranges = splitClients(config.clients, this.#shares.length);
    const connect = (share: Share, place: number, at: RunTarget | undefined) => {
      const { from, to } = ranges[place] ?? { from: 0, to: 0 };
      const { prefix: keyPrefix } = this.#keys;
      return share.connect({
        config,
        connection: { ...connection, at: at?.servers, table: at?.table },
        seed,
        keyPrefix,
        from,
        to,
      });
    };
    const [first, ...others] = this.#shares;
    if (first === undefined) throw new RangeError("A run has at least one share of clients");
    const server = await connect(first, 0, at);
    const all = await Promise.all(
      others.map((share, place) => connect(share, place + 1, server)),
    );
    return { ...server, clientsAt: addCounts([server, ...all].map(({ clientsAt }) => clientsAt)) };
  }

  /** Runs the stages in order, until the server is gone, or the run must begin again. */
  async runAll(): Promise<void> {
    const { config, seed, observer } = this.#options;
    const { stages } = planRun(config, seed);
    const end = new AbortController();
    let watching: Promise<void> | undefined;
    try {
      for (const [at, stage] of stages.entries()) {
        const canRun = await this.#prepare(at);
        if (canRun && at === 0) ({ watching } = await this.#start(end.signal));
        const isMeasured = canRun && await this.#runStage(at, stage);
        if (this.mustRestart) break;
        if (!isMeasured) return this.#reportGone(stages, at);
        void observer?.look();
      }
    } finally {
      end.abort();
      await watching;
    }
    observer?.endCount();
    if (this.mustRestart) this.#discard();
    this.#addUnmeasured(await this.#forEachShare((share) => share.cleanUp()));
  }

  /** @returns whether the stage can be run */
  async #prepare(at: number): Promise<boolean> {
    const prepared = await this.#forEachShare((share) => share.prepare(at));
    this.#keyEnds = prepared.flatMap((one) => one.keyEnds);
    return !this.#addUnmeasured(prepared);
  }

  /** Waits for the start of the first stage. @returns the watch for other processes */
  async #start(end: AbortSignal): Promise<{ readonly watching: Promise<void> }> {
    const { config, alignment, observer } = this.#options;
    await alignment?.start();
    this.#slots = new StageSlots(config, alignment?.alignedUnixMs ?? undefined);
    observer?.count();
    const watch = async () => {
      this.mustRestart = await alignment?.watch(end) ?? false;
      if (this.mustRestart) this.#shares.forEach((share) => share.cancel());
    };
    return { watching: watch() };
  }

  #reportGone(stages: readonly StagePlan[], at: number): void {
    const [gone, ...left] = stages.slice(at).map(({ name }) => name);
    this.#options.events.onNote(
      `${left.length === 0 ? "" : `Not run: ${left.join(", ")}. `}${this.leftKeysNote}`,
    );
    this.failure = `the server is gone since stage ${gone}`;
  }

  /** @returns whether it was measured, and the server is not gone */
  async #runStage(at: number, plan: StagePlan): Promise<boolean> {
    const { config, events } = this.#options;
    // `cancel` has no effect between two steps of a share.
    if (this.mustRestart) return false;
    if (plan.refill !== undefined && !await this.#refill(at, plan)) return false;
    const slotUnixMs = config.durationMs === undefined ? undefined : await this.#takeSlot(plan);
    if (this.mustRestart) return false;
    events.onStage?.(plan, config.clients);
    await this.#forEachShare((share) => share.warm(at, this.#keyEnds));
    const startUnixMs = slotUnixMs ?? machineClock.unixMs() + this.#leadMs;
    const data = mergeStages(await this.#forEachShare((share) => share.start(startUnixMs)));
    this.stages.push(data);
    if (this.mustRestart) return false;
    events.onStageEnd?.(data);
    return data.ended !== "server gone";
  }

  /** Waits until shortly before the slot of a stage. @returns its start, in Unix milliseconds */
  async #takeSlot({ name }: StagePlan): Promise<number> {
    const { startUnixMs, missed } = this.#slots.take(machineClock.unixMs() + this.#leadMs);
    this.#noteMissed(name, missed);
    const waitMs = startUnixMs - machineClock.unixMs() - START_LEAD_MS;
    if (waitMs > 0) await machineClock.sleep(waitMs, this.#options.stop);
    return startUnixMs;
  }

  #noteMissed(name: string, missed: number): void {
    if (missed === 0) return;
    this.#options.events.onNote(
      `${name}: began ${missed} ${
        missed === 1 ? "stage" : "stages"
      } later than planned, because the last requests before it took too long`,
    );
  }

  /**
   * Inserts the keys for a stage of removes, for at most the time of a stage.
   *
   * @returns whether the server is not gone
   */
  async #refill(at: number, { name }: StagePlan): Promise<boolean> {
    const { config, alignment } = this.#options;
    const isAligned = alignment !== undefined && alignment.alignedUnixMs !== null;
    const keys = refillKeys(config, this.#keys.size, this.stages, isAligned);
    const { endUnixMs, missed } = this.#slots.takeForRefill(machineClock.unixMs());
    this.#noteMissed(name, missed);
    return !this.#addUnmeasured(
      await this.#forEachShare((share) => share.refill(at, keys, endUnixMs)),
    );
  }

  /** Discards all stages, except their errors. */
  #discard(): void {
    const { events } = this.#options;
    events.onStageEnd?.(undefined);
    for (const { stage, sum, firstError } of this.stages) {
      const failed = errorCount(sum.errors);
      if (failed === 0) continue;
      this.unmeasuredErrors += failed;
      events.onNote(`${stage}, discarded: ${failed} operations failed, first with: ${firstError}`);
    }
    this.stages.length = 0;
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
