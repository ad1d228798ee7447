/** Artificial raw data of stages, runs and sweeps: every figure follows from a few numbers. */
import type { RunData, RunSettings } from "../../lib/perf/results/run_data.ts";
import { LatencyHistogram } from "../../lib/perf/measure/histogram.ts";
import { sumClients } from "../../lib/perf/measure/merge.ts";
import type { ClientData, OperationData, StageData } from "../../lib/perf/measure/stage_data.ts";
import type { StepData, SweepData } from "../../lib/perf/results/sweep_data.ts";
import { analyzeSweep } from "../../lib/perf/results/sweep_analysis.ts";
import type { Operation } from "../../lib/perf/workload/operation.ts";

/** Makes the result of some operations. */
export function operationData(
  ops: number,
  seconds: number,
  latencies: readonly number[],
  errors: Readonly<Record<string, number>> = {},
): OperationData {
  const latency = new LatencyHistogram();
  latencies.forEach((one) => latency.record(one));
  return { ops, errors, unknown: 0, seconds, latency: latency.data() };
}

/** Makes the result of operations of one type of one client. */
export function clientData(measured: OperationData, operation: Operation): ClientData {
  return { ...measured, operations: { [operation]: measured }, unsent: 0, gaps: [] };
}

/** Makes the result of a stage. */
export function stageData(
  stage: string,
  clients: readonly ClientData[],
  changes: Partial<StageData> = {},
): StageData {
  return {
    stage,
    loop: "closed",
    ratePerS: null,
    startedUnixMs: 1_800_000_000_000,
    startSpreadMs: 0,
    ended: "planned",
    complete: true,
    clients,
    sum: sumClients(clients),
    firstError: null,
    warmupErrors: {},
    sendDelay: null,
    clientsAtBound: 0,
    processors: [{ mainShare: 0.5, allShare: 0.6 }],
    ...changes,
  };
}

/** Makes the settings of a run. */
export function settingsWith(changes: Partial<RunSettings> = {}): RunSettings {
  return {
    clients: 1,
    processes: 1,
    pipeline: 1,
    ops: 1_000,
    durationMs: null,
    edgeMs: 0,
    warmupMs: 0,
    valueBytes: 100,
    keyBytes: 32,
    keys: null,
    distribution: null,
    operations: ["insert", "lookup"],
    mix: null,
    ratePerS: null,
    verify: true,
    repeats: 1,
    ...changes,
  };
}

/** Makes a stage of 1 s with `opsOfEach` operations of each client, and with this p99. */
export function stageOf(
  operation: Operation,
  clients: number,
  opsOfEach: number,
  p99Ms = 1,
): StageData {
  const latencies = [...Array(50).fill(p99Ms / 2), ...Array(49).fill(p99Ms), 2 * p99Ms];
  const client = clientData(operationData(opsOfEach, 1, latencies), operation);
  return stageData(operation, Array(clients).fill(client));
}

/** Makes a stage of one client without a success. */
export function failedStage(operation: Operation): StageData {
  return stageData(operation, [clientData(operationData(0, 1, [], { KeyError: 9 }), operation)]);
}

const ORIGIN = {
  version: 1,
  target: "me-a4-x",
  server: "10.0.0.1:41873",
  startedUnixMs: 1_800_000_000_000,
  host: "student10",
  pid: 4_711,
  instance: "i",
  table: "t",
  alignedUnixMs: null,
  others: 0,
  seed: 7,
  unmeasuredErrors: 0,
  complete: true,
  failure: null,
} as const;

/** Makes a run. */
export function runWith(
  stages: readonly StageData[],
  changes: Partial<RunData> = {},
): RunData {
  const clients = stages[0]?.clients.length ?? 1;
  return {
    format: "testperf run",
    ...ORIGIN,
    settings: settingsWith({ clients }),
    stages,
    ...changes,
  };
}

/** Makes a sweep with its analysis. */
export function sweepWith(
  steps: readonly StepData[],
  changes: Partial<SweepData> = {},
): SweepData {
  return {
    format: "testperf sweep",
    ...ORIGIN,
    settings: settingsWith({ clients: steps.at(-1)?.clients ?? 1, repeats: 3 }),
    steps,
    analysis: analyzeSweep(steps, ORIGIN.seed),
    ...changes,
  };
}

/** Makes steps with the stages that a function returns. */
export function stepsWith(
  clients: readonly number[],
  repeats: number,
  stagesOf: (clients: number, repeat: number) => readonly StageData[],
): StepData[] {
  return clients.map((count) => ({
    clients: count,
    repeats: Array.from({ length: repeats }, (_, repeat) => stagesOf(count, repeat)),
  }));
}

/** Makes a sweep with its plateau at four clients: insert 4,000 ops/s, lookup 40,000 ops/s. */
export function levelSweep(clients: readonly number[] = [1, 2, 4, 8, 16]): SweepData {
  return sweepWith(stepsWith(clients, 3, (count, repeat) => {
    const each = (Math.min(count, 4) * 1_000 + repeat) / count;
    return [stageOf("insert", count, each), stageOf("lookup", count, 10 * each, 0.1)];
  }));
}
