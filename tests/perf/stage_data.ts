/** Artificial results of stages. */
import { LatencyHistogram } from "../../lib/perf/measure/histogram.ts";
import { sumClients } from "../../lib/perf/measure/merge.ts";
import type { ClientData, OperationData, StageData } from "../../lib/perf/measure/stage_data.ts";
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
