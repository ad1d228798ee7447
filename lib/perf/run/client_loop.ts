/** The loop of one client in one stage: it takes tasks, sends requests, and counts the results. */
import { messageOf } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import { GapDetector } from "../measure/gap.ts";
import { LatencyHistogram } from "../measure/histogram.ts";
import { sumClients } from "../measure/merge.ts";
import type { ClientData } from "../measure/stage_data.ts";
import { isReply, reasonToStop, Tally } from "../measure/tally.ts";
import type { Lane, Operation, Sender, Task, Tasks, Workload } from "../workload/operation.ts";
import { MAX_IN_FLIGHT } from "../workload/schedule.ts";

/** The times of a stage, by the clock. */
export class StageTimes {
  /** Whether the stage ended before its planned end, because a client had no task left. */
  isCut = false;
  #countToMs: number;
  #endMs: number;

  /**
   * @param startedMs the common start
   * @param endMs no request is sent from this time on; Infinity: other limits end the stage
   * @param countFromMs operations count that end at this time or later (open loop: that are intended)
   * @param countToMs operations count that end before this time; Infinity: all count
   */
  constructor(
    readonly startedMs: number,
    endMs: number,
    readonly countFromMs: number = startedMs,
    countToMs: number = Infinity,
  ) {
    this.#endMs = endMs;
    this.#countToMs = countToMs;
  }

  /** No request is sent from this time on. */
  get endMs(): number {
    return this.#endMs;
  }

  /** The length of the counted interval, in milliseconds; Infinity: it ends with the last reply. */
  get countedMs(): number {
    return Math.max(this.#countToMs - this.countFromMs, 0);
  }

  /** Whether operations of this time count. */
  isCounted(atMs: number): boolean {
    return atMs >= this.countFromMs && atMs < this.#countToMs;
  }

  /** Ends a stage with a counted interval for all clients, so that their sum stays right. */
  cut(nowMs: number): void {
    if (nowMs >= this.#countToMs || this.#countToMs === Infinity) return;
    this.#countToMs = this.#endMs = nowMs;
    this.isCut = true;
  }
}

/** The values that all clients of a stage share. */
export interface StageContext {
  readonly workload: Workload;
  readonly clock: Clock;
  readonly times: StageTimes;
  /** Difference of Unix time and the clock, in milliseconds. */
  readonly unixOffsetMs: number;
  /** Its abort, with the reason, ends the stage: clients send no further requests. */
  readonly stop: AbortController;
  /** Called after each operation. */
  readonly onOperation?: (() => void) | undefined;
}

/** One operation after another. */
class LoopLane {
  /** The current operation. */
  task: Task = { operation: "lookup", key: 0 };
  /** Open loop: its intended start, by the clock; undefined: it was sent at once. */
  intendedMs: number | undefined;
  sentMs = 0;
  readonly #lane: Lane;

  constructor(
    workload: Workload,
    client: Sender,
    onEnd: (lane: LoopLane, error: unknown, wasRemovedBefore: boolean) => void,
  ) {
    this.#lane = workload.lane(
      client,
      (error, wasRemovedBefore = false) => onEnd(this, error, wasRemovedBefore),
    );
  }

  start(task: Task, nowMs: number, intendedMs?: number): void {
    this.task = task;
    this.intendedMs = intendedMs;
    this.sentMs = nowMs;
    this.#lane.start(task, nowMs);
  }
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
  readonly #client: Sender;
  readonly #tasks: Tasks;
  readonly #context: StageContext;
  readonly #tallies = new Map<Operation, Tally>();
  readonly #gaps: GapDetector;
  #lastMs: number;
  #sent = 0;
  // The fields below belong to the open loop.
  #due = 0;
  #inFlight = 0;
  readonly #freeLanes: LoopLane[] = [];
  #isCut = false;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(client: Sender, tasks: Tasks, context: StageContext) {
    this.#client = client;
    this.#tasks = tasks;
    this.#context = context;
    const { startedMs } = context.times;
    this.#gaps = new GapDetector(startedMs, context.unixOffsetMs, client.connections);
    this.#lastMs = startedMs;
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
   */
  closedLoop(lanes: number, ops: number): Promise<void> {
    const { clock, stop, times } = this.#context;
    const { promise, resolve } = Promise.withResolvers<void>();
    let active = Math.min(lanes, ops);
    const next = (lane: LoopLane, nowMs: number) => {
      const isOver = this.#sent >= ops || stop.signal.aborted || nowMs >= times.endMs;
      const task = isOver ? undefined : this.#nextTask(nowMs);
      if (task) this.#start(lane, task, nowMs);
      else if (--active === 0) resolve();
    };
    const all = Array.from({ length: active }, () => this.#newLane(next));
    for (const lane of all) next(lane, clock.now());
    return all.length === 0 ? Promise.resolve() : promise;
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
   * @param secondsUntil returns the duration of its stage
   */
  data(secondsUntil: (lastReplyMs: number) => number): ClientData {
    const { clock, stop } = this.#context;
    if (stop.signal.aborted) this.#gaps.recordServerGone(clock.now());
    const seconds = secondsUntil(this.#lastMs);
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
    const { clock, stop, times } = this.#context;
    while (this.#sent < this.#due && !this.#isCut && !stop.signal.aborted) {
      if (this.#inFlight >= MAX_IN_FLIGHT) {
        this.wasAtBound = true;
        return;
      }
      const intended = intendedMs(this.#sent);
      const task = this.#nextTask(intended);
      if (task === undefined) return;
      const now = clock.now();
      if (times.isCounted(intended)) this.sendDelay.record(now - intended);
      this.#inFlight++;
      const lane = this.#freeLanes.pop() ?? this.#newLane((lane) => {
        this.#inFlight--;
        this.#freeLanes.push(lane);
        this.#sendDue(intendedMs);
        this.#checkDrained();
      });
      this.#start(lane, task, now, intended);
    }
  }

  #checkDrained(): void {
    const isOver = this.#isCut || this.isOutOfTasks || this.#context.stop.signal.aborted;
    if (this.#inFlight === 0 && (isOver || this.#sent === this.#due)) this.#drained?.resolve();
  }

  /** @param atMs time of the request, by the clock */
  #nextTask(atMs: number): Task | undefined {
    const task = this.#tasks.next();
    if (task === undefined) {
      this.isOutOfTasks = true;
      this.#context.times.cut(atMs);
    } else this.#sent++;
    return task;
  }

  /** @param onFree called at the end of each operation, with the time by the clock */
  #newLane(onFree: (lane: LoopLane, nowMs: number) => void): LoopLane {
    const { workload, clock } = this.#context;
    return new LoopLane(workload, this.#client, (lane, error, wasRemovedBefore) => {
      // The only reading of the clock for a reply and the request that follows it.
      const nowMs = clock.now();
      this.#count(lane, nowMs, error);
      if (wasRemovedBefore) this.#tally(lane.task.operation).recordRemovedBefore();
      onFree(lane, nowMs);
    });
  }

  #start(lane: LoopLane, task: Task, nowMs: number, intendedMs?: number): void {
    this.#gaps.recordRequest(nowMs);
    lane.start(task, nowMs, intendedMs);
  }

  /** Counts an operation that ended. */
  #count({ task, sentMs, intendedMs }: LoopLane, nowMs: number, error: unknown): void {
    const { stop, times, onOperation } = this.#context;
    this.#lastMs = nowMs;
    if (error === undefined) {
      if (times.isCounted(intendedMs ?? nowMs)) {
        this.#tally(task.operation).recordSuccess(nowMs - (intendedMs ?? sentMs));
      }
      this.#gaps.recordReply(nowMs, this.#client.connections);
      task.onDone?.();
    } else {
      this.firstError ??= messageOf(error);
      this.#tally(task.operation).recordFailure(task.operation, error);
      if (isReply(error)) this.#gaps.recordReply(nowMs, this.#client.connections);
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
