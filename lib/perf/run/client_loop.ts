/** The loop of one client in one stage: it takes tasks, sends requests, and counts the results. */
import { messageOf } from "../../base/errors.ts";
import type { HtClient } from "../../client/client.ts";
import type { Clock } from "../../base/clock.ts";
import { GapDetector } from "../measure/gap.ts";
import { LatencyHistogram } from "../measure/histogram.ts";
import { sumClients } from "../measure/merge.ts";
import type { ClientData } from "../measure/stage_data.ts";
import { isReply, reasonToStop, Tally } from "../measure/tally.ts";
import type { Operation, Task, Tasks, Workload } from "../workload/operation.ts";
import { MAX_IN_FLIGHT } from "../workload/schedule.ts";

/** The values that all clients of a stage share. */
export interface StageContext {
  readonly workload: Workload;
  readonly clock: Clock;
  /** The common start, by the clock. */
  readonly startedMs: number;
  /** Difference of Unix time and the clock, in milliseconds. */
  readonly unixOffsetMs: number;
  /** Its abort, with the reason, ends the stage: clients send no further requests. */
  readonly stop: AbortController;
  /** Called after each operation. */
  readonly onOperation?: (() => void) | undefined;
}

/** One client in one stage. */
export class ClientLoop {
  /** Message of the first failed operation. */
  firstError: string | undefined;
  /** Whether it ended because no task was left. */
  isOutOfTasks = false;
  /** Whether `MAX_IN_FLIGHT` requests were in flight when another one was due. */
  wasAtBound = false;
  /** Schedule lag of an open loop: time from the intended start of requests to their sending. */
  readonly sendDelay: LatencyHistogram = new LatencyHistogram();
  readonly #client: HtClient;
  readonly #tasks: Tasks;
  readonly #context: StageContext;
  readonly #tallies = new Map<Operation, Tally>();
  readonly #gaps: GapDetector;
  #lastMs: number;
  #sent = 0;
  // The fields below belong to the open loop.
  #due = 0;
  #inFlight = 0;
  #isCut = false;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(client: HtClient, tasks: Tasks, context: StageContext) {
    this.#client = client;
    this.#tasks = tasks;
    this.#context = context;
    this.#gaps = new GapDetector(context.startedMs, context.unixOffsetMs, client.connections);
    this.#lastMs = context.startedMs;
  }

  /** Number of requests that were sent. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * Closed loop: sends the next request when the reply to an earlier one arrives.
   *
   * @param lanes number of requests in flight
   * @param ops maximum number of operations
   * @param endMs by the clock; no request is sent after it
   */
  async closedLoop(lanes: number, ops: number, endMs: number): Promise<void> {
    const { clock, stop } = this.#context;
    const lane = async () => {
      while (this.#sent < ops && !stop.signal.aborted) {
        const now = clock.now();
        if (now >= endMs) return;
        const task = this.#nextTask();
        if (task === undefined) return;
        await this.#perform(task, now, now);
      }
    };
    await Promise.all(Array.from({ length: Math.min(lanes, ops) }, lane));
  }

  /**
   * Open loop: adds a due request. It is sent at once, unless too many are in flight.
   *
   * @param intendedMs returns the intended start of this client's j-th request, by the clock
   */
  addDue(intendedMs: (j: number) => number): void {
    this.#due++;
    this.#sendDue(intendedMs);
  }

  /** Open loop: waits until every due request has its reply. */
  waitUntilDrained(): Promise<void> {
    this.#drained = Promise.withResolvers();
    this.#checkDrained();
    return this.#drained.promise;
  }

  /** Open loop: drops the due requests that were not sent. */
  cut(): void {
    this.#isCut = true;
    this.#checkDrained();
  }

  /**
   * Returns the result of this client.
   *
   * @param minSeconds minimum duration of the stage
   */
  data(minSeconds: number): ClientData {
    const { clock, startedMs, stop } = this.#context;
    if (stop.signal.aborted) this.#gaps.recordServerGone(clock.now());
    const seconds = Math.max((this.#lastMs - startedMs) / 1e3, minSeconds);
    const byOperation = [...this.#tallies].map(([operation, tally]) => {
      const measured = tally.data(seconds);
      return { ...measured, operations: { [operation]: measured }, unsent: 0, gaps: [] };
    });
    return {
      ...sumClients(byOperation, seconds),
      unsent: this.isOutOfTasks ? 0 : Math.max(0, this.#due - this.#sent),
      gaps: this.#gaps.gaps,
    };
  }

  #sendDue(intendedMs: (j: number) => number): void {
    const { clock, stop } = this.#context;
    while (this.#sent < this.#due && !this.#isCut && !stop.signal.aborted) {
      if (this.#inFlight >= MAX_IN_FLIGHT) {
        this.wasAtBound = true;
        return;
      }
      const intended = intendedMs(this.#sent);
      const task = this.#nextTask();
      if (task === undefined) return;
      const now = clock.now();
      this.sendDelay.record(now - intended);
      this.#inFlight++;
      void this.#perform(task, now, intended).then(() => {
        this.#inFlight--;
        this.#sendDue(intendedMs);
        this.#checkDrained();
      });
    }
  }

  #checkDrained(): void {
    const isOver = this.#isCut || this.isOutOfTasks || this.#context.stop.signal.aborted;
    if (this.#inFlight === 0 && (isOver || this.#sent === this.#due)) this.#drained?.resolve();
  }

  #nextTask(): Task | undefined {
    const task = this.#tasks.next();
    if (task === undefined) this.isOutOfTasks = true;
    else this.#sent++;
    return task;
  }

  async #perform(task: Task, now: number, fromMs: number): Promise<void> {
    const { workload, clock, stop, onOperation } = this.#context;
    this.#gaps.recordRequest(now);
    try {
      await workload.perform(task, this.#client);
      this.#lastMs = clock.now();
      this.#tally(task.operation).recordSuccess(this.#lastMs - fromMs);
      this.#gaps.recordReply(this.#lastMs, this.#client.connections);
      task.onDone?.();
    } catch (error) {
      this.#lastMs = clock.now();
      this.firstError ??= messageOf(error);
      this.#tally(task.operation).recordFailure(task.operation, error);
      if (isReply(error)) this.#gaps.recordReply(this.#lastMs, this.#client.connections);
      else this.#gaps.recordFailure();
      const reason = reasonToStop(error);
      if (reason !== undefined && !stop.signal.aborted) stop.abort(reason);
    }
    onOperation?.();
  }

  #tally(operation: Operation): Tally {
    const known = this.#tallies.get(operation);
    if (known) return known;
    const tally = new Tally();
    this.#tallies.set(operation, tally);
    return tally;
  }
}
