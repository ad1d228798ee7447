/** Runs a stage: warm-up, then all clients start to measure at the same moment. */
import type { HtClient } from "../../client/client.ts";
import { ClientRun, type Phase } from "./client_loop.ts";
import { type Clock, machineClock } from "../../base/clock.ts";
import { LatencyHistogram } from "../measure/histogram.ts";
import { mergedErrors, sumOf } from "../measure/merge.ts";
import { openLoop } from "./open_loop.ts";
import { ownProcessorTime, processorData, type ProcessorWatch } from "../measure/cpu_time.ts";
import type { StageLength } from "../workload/plan.ts";
import { Schedule } from "../workload/schedule.ts";
import type { ErrorCounts, StageData, StageEnd } from "../measure/stage_data.ts";
import type { Tasks, Worker } from "../workload/operation.ts";

/** How to run a stage. */
export interface StageOptions {
  /** Its name. */
  readonly stage: string;
  readonly clients: readonly HtClient[];
  readonly worker: Worker;
  /** What a client (from 0) is to do; asked for when it starts to measure. */
  readonly tasks: (client: number) => Tasks;
  readonly length: StageLength;
  /** Closed loop: requests in flight for each client (default 1). */
  readonly pipeline?: number | undefined;
  /** Open loop: intended starts each second, of all clients together (default: a closed loop). */
  readonly ratePerS?: number | undefined;
  /**
   * Open loop: which of the clients that take turns these are, where other processes have the others
   * (default: they are all).
   */
  readonly turns?: { readonly first: number; readonly of: number } | undefined;
  /** How long to run without measuring before, in milliseconds, and what (default: not at all). */
  readonly warmup?:
    | { readonly ms: number; readonly tasks: (client: number) => Tasks }
    | undefined;
  /** Called once all are warm; measuring starts when it resolves (default: at once). */
  readonly gate?: (() => Promise<void>) | undefined;
  /** Called after each measured operation. */
  readonly onOperation?: (() => void) | undefined;
  /** Aborted, with the reason, by who wants no more of the stage: it ends as if the server were gone. */
  readonly stop?: AbortSignal | undefined;
  /** (Default: the machine's.) */
  readonly clock?: Clock | undefined;
  /** (Default: this process's.) */
  readonly processorTime?: ProcessorWatch | undefined;
}

/** Runs a stage. Failed operations are counted, never thrown; the first hopeless one ends the stage. */
export async function runStage(options: StageOptions): Promise<StageData> {
  const { stage, length, warmup, ratePerS, clock = machineClock } = options;
  const { processorTime = ownProcessorTime, turns } = options;
  const stop = new AbortController();
  using _called = calledOffBy(options.stop, stop);
  let warmupErrors: ErrorCounts = {};
  if (warmup && warmup.ms > 0) {
    const tasks = warmup.tasks;
    const warm = await runPhase({ ...options, tasks, onOperation: undefined }, stop, {
      durationMs: warmup.ms,
    });
    warmupErrors = mergedErrors(warm.runs.map((run) => run.data(0).errors));
  }
  if (!stop.signal.aborted) await options.gate?.();
  const before = processorTime();
  const { runs, phase, leastSeconds } = await runPhase(options, stop, length);
  const after = processorTime();
  const elapsedMs = clock.now() - phase.startedMs;
  const data = runs.map((run) => run.data(leastSeconds));
  const sum = sumOf(data);
  const sendDelay = new LatencyHistogram();
  for (const run of runs) sendDelay.add(run.sendDelay);
  const ended = endOf(stop.signal.aborted, sum.unsent, runs, length);
  return {
    stage,
    loop: ratePerS === undefined ? "closed" : "open",
    // Of these clients: the parts of several processes add up.
    ratePerS: ratePerS === undefined || turns === undefined
      ? ratePerS ?? null
      : ratePerS * data.length / turns.of,
    startedUnixMs: phase.startedMs + phase.unixOffsetMs,
    startSpreadMs: 0,
    ended,
    complete: ended !== "server gone" && ended !== "overload",
    clients: data,
    sum,
    firstError: runs.find((run) => run.firstError !== undefined)?.firstError ??
      (stop.signal.aborted ? String(stop.signal.reason) : null),
    warmupErrors,
    sendDelay: ratePerS === undefined ? null : sendDelay.data(),
    clientsAtBound: runs.filter((run) => run.wasAtBound).length,
    processors: [processorData(before, after, elapsedMs)],
  };
}

/** The measured part of a stage, or its warm-up. */
async function runPhase(
  { clients, tasks, worker, pipeline = 1, ratePerS, turns, clock = machineClock, onOperation }:
    StageOptions,
  stop: AbortController,
  length: StageLength,
): Promise<{ runs: readonly ClientRun[]; phase: Phase; leastSeconds: number }> {
  // All clients' tasks and counters are made before the one moment from which all of them count.
  const parts = clients.map((client, at) => ({ client, tasks: tasks(at) }));
  const startedMs = clock.now();
  const unixOffsetMs = clock.unixMs() - startedMs;
  const phase: Phase = { worker, clock, startedMs, unixOffsetMs, stop, onOperation };
  const runs = parts.map(({ client, tasks }) => new ClientRun(client, tasks, phase));
  const ops = "ops" in length ? length.ops : Infinity;
  const lengthMs = "ops" in length ? length.limitMs ?? Infinity : length.durationMs;
  if (ratePerS === undefined) {
    await Promise.all(runs.map((run) => run.closedLoop(pipeline, ops, startedMs + lengthMs)));
    return { runs, phase, leastSeconds: 0 };
  }
  const { first, of } = turns ?? { first: 0, of: runs.length };
  const schedule = new Schedule(ratePerS, of);
  const inTime = lengthMs === Infinity ? Infinity : schedule.countBefore(lengthMs);
  const total = Math.min(ops * of, inTime);
  await openLoop(runs, first, schedule, total, phase);
  // A schedule that was kept lasts to the end of its last interval, however fast the last answer was.
  const wasKept = !stop.signal.aborted && !runs.some((run) => run.isOutOfTasks);
  return { runs, phase, leastSeconds: wasKept ? schedule.dueMs(total) / 1e3 : 0 };
}

/** Passes the abort of a signal on, until it is disposed of. */
function calledOffBy(signal: AbortSignal | undefined, stop: AbortController): Disposable {
  const pass = () => stop.abort(signal?.reason);
  if (signal?.aborted) pass();
  signal?.addEventListener("abort", pass);
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", pass) };
}

function endOf(
  isGone: boolean,
  unsent: number,
  runs: readonly ClientRun[],
  length: StageLength,
): StageEnd {
  if (isGone) return "server gone";
  if (unsent > 0) return "overload";
  if (runs.some((run) => run.isOutOfTasks)) return "keys used up";
  if (!("ops" in length) || length.limitMs === undefined) return "planned";
  const begun = runs.reduce((sum, { sent }) => sum + sent, 0);
  return begun < length.ops * runs.length ? "time limit" : "planned";
}
