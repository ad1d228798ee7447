/** The run of one stage: after a warm-up, all clients start to measure at the same moment. */
import { ClientLoop, type StageContext, StageTimes } from "./client_loop.ts";
import { type Clock, machineClock } from "../../base/clock.ts";
import { LatencyHistogram } from "../measure/histogram.ts";
import { addCounts, sumClients } from "../measure/merge.ts";
import { sendBySchedule } from "./open_loop.ts";
import { type ProcessorClock, processorData, readProcessorTime } from "../measure/cpu_time.ts";
import type { StageLength } from "../workload/plan.ts";
import { Schedule } from "../workload/schedule.ts";
import type { ErrorCounts, StageData, StageEnd } from "../measure/stage_data.ts";
import type { Sender, Tasks, Workload } from "../workload/operation.ts";

/** The inputs of a stage. */
export interface StageOptions {
  /** Name of the stage. */
  readonly stage: string;
  readonly clients: readonly Sender[];
  readonly workload: Workload;
  /** Creates the tasks of a client (from 0) when it starts to measure. */
  readonly tasks: (client: number) => Tasks;
  readonly length: StageLength;
  /** Closed loop: requests in flight for each client (default 1). */
  readonly pipeline?: number | undefined;
  /** Open loop: intended starts each second, of all clients together (default: a closed loop). */
  readonly ratePerS?: number | undefined;
  /**
   * Open loop: the index of these clients in the schedule, and the number of clients of all processes
   * (default: these are all).
   */
  readonly place?: { readonly first: number; readonly of: number } | undefined;
  /** Duration and tasks of the load before the stage, which is not measured (default: none). */
  readonly warmup?:
    | { readonly ms: number; readonly tasks: (client: number) => Tasks }
    | undefined;
  /**
   * Called after the warm-up; the stage starts when it resolves (default: at once). It can return the
   * planned start, by the clock: a stage that starts late then ends in time, and counts the same interval.
   */
  readonly gate?: (() => Promise<number | void>) | undefined;
  /** Called after each measured operation. */
  readonly onOperation?: (() => void) | undefined;
  /** Its abort, with the reason, ends the stage as if the server were gone. */
  readonly stop?: AbortSignal | undefined;
  /** (Default: `machineClock`.) */
  readonly clock?: Clock | undefined;
  /** (Default: that of this process.) */
  readonly processorTime?: ProcessorClock | undefined;
}

/** Runs a stage. Failed operations are counted, never thrown. The stage ends if the server is gone. */
export async function runStage(options: StageOptions): Promise<StageData> {
  const { stage, length, warmup, ratePerS, clock = machineClock } = options;
  const { processorTime = readProcessorTime, place } = options;
  const stop = new AbortController();
  using _forwarding = forwardAbort(options.stop, stop);
  let warmupErrors: ErrorCounts = {};
  if (warmup && warmup.ms > 0) {
    const tasks = warmup.tasks;
    const warm = await runClients({ ...options, tasks, onOperation: undefined }, stop, {
      durationMs: warmup.ms,
    });
    warmupErrors = addCounts(warm.loops.map((loop) => loop.data(() => 0).errors));
  }
  const plannedMs = stop.signal.aborted ? undefined : await options.gate?.();
  const before = processorTime();
  const { loops, context, minSeconds } = await runClients(
    options,
    stop,
    length,
    plannedMs ?? undefined,
  );
  const after = processorTime();
  const { times } = context;
  const elapsedMs = clock.now() - times.startedMs;
  const data = loops.map((loop) =>
    loop.data((lastReplyMs) =>
      times.countedMs === Infinity
        ? Math.max((lastReplyMs - times.startedMs) / 1e3, minSeconds)
        : times.countedMs / 1e3
    )
  );
  const sum = sumClients(data);
  const sendDelay = new LatencyHistogram();
  for (const loop of loops) sendDelay.add(loop.sendDelay);
  const ended = stageEnd(stop.signal.aborted, sum.unsent, loops, length, times);
  return {
    stage,
    loop: ratePerS === undefined ? "closed" : "open",
    // The rate of these clients only: the rates of several processes add up.
    ratePerS: ratePerS === undefined || place === undefined
      ? ratePerS ?? null
      : ratePerS * data.length / place.of,
    startedUnixMs: times.countFromMs + context.unixOffsetMs,
    startSpreadMs: 0,
    ended,
    complete: ended !== "server gone" && ended !== "overload",
    clients: data,
    sum,
    firstError: loops.find((loop) => loop.firstError !== undefined)?.firstError ??
      (stop.signal.aborted ? String(stop.signal.reason) : null),
    warmupErrors,
    sendDelay: ratePerS === undefined ? null : sendDelay.data(),
    clientsAtBound: loops.filter((loop) => loop.wasAtBound).length,
    processors: [processorData(before, after, elapsedMs)],
  };
}

/** Runs all clients, in the measured part of a stage or in its warm-up. */
async function runClients(
  { clients, tasks, workload, pipeline = 1, ratePerS, place, clock = machineClock, onOperation }:
    StageOptions,
  stop: AbortController,
  length: StageLength,
  plannedMs?: number,
): Promise<{ loops: readonly ClientLoop[]; context: StageContext; minSeconds: number }> {
  // Tasks and counters of all clients are created before the start, which all of them share.
  const parts = clients.map((client, at) => ({ client, tasks: tasks(at) }));
  const nowMs = clock.now();
  const unixOffsetMs = clock.unixMs() - nowMs;
  const startedMs = plannedMs ?? nowMs;
  const times = stageTimes(startedMs, length);
  const context: StageContext = { workload, clock, times, unixOffsetMs, stop, onOperation };
  const loops = parts.map(({ client, tasks }) => new ClientLoop(client, tasks, context));
  const ops = "ops" in length ? length.ops : Infinity;
  if (ratePerS === undefined) {
    await Promise.all(loops.map((loop) => loop.closedLoop(pipeline, ops)));
    if (stop.signal.aborted) times.cut(clock.now());
    return { loops, context, minSeconds: 0 };
  }
  const { first, of } = place ?? { first: 0, of: loops.length };
  const schedule = new Schedule(ratePerS, of);
  const lengthMs = times.endMs - startedMs;
  const inTime = lengthMs === Infinity ? Infinity : schedule.countBefore(lengthMs);
  const total = Math.min(ops * of, inTime);
  await sendBySchedule(loops, first, schedule, total, context);
  if (stop.signal.aborted) times.cut(clock.now());
  // A stage that kept its schedule lasts to the end of the last interval, even if the last reply was early.
  const wasKept = !stop.signal.aborted && !loops.some((loop) => loop.isOutOfTasks);
  return { loops, context, minSeconds: wasKept ? schedule.dueMs(total) / 1e3 : 0 };
}

function stageTimes(startedMs: number, length: StageLength): StageTimes {
  if ("ops" in length) return new StageTimes(startedMs, startedMs + (length.limitMs ?? Infinity));
  const { durationMs, warmupMs = 0, edgeMs } = length;
  const endMs = startedMs + warmupMs + durationMs;
  return edgeMs === undefined
    ? new StageTimes(startedMs, endMs)
    : new StageTimes(startedMs, endMs, startedMs + warmupMs + edgeMs, endMs - edgeMs);
}

/** Forwards the abort of a signal, until it is disposed. */
function forwardAbort(signal: AbortSignal | undefined, stop: AbortController): Disposable {
  const pass = () => stop.abort(signal?.reason);
  if (signal?.aborted) pass();
  signal?.addEventListener("abort", pass);
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", pass) };
}

function stageEnd(
  isGone: boolean,
  unsent: number,
  loops: readonly ClientLoop[],
  length: StageLength,
  { countedMs, isCut }: StageTimes,
): StageEnd {
  if (isGone) return "server gone";
  if (unsent > 0) return "overload";
  // Keys that were used up after the counted interval do not matter.
  const isOutOfTasks = countedMs === Infinity ? loops.some((loop) => loop.isOutOfTasks) : isCut;
  if (isOutOfTasks) return "keys used up";
  if (!("ops" in length) || length.limitMs === undefined) return "planned";
  const sent = loops.reduce((sum, loop) => sum + loop.sent, 0);
  return sent < length.ops * loops.length ? "time limit" : "planned";
}
