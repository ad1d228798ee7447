/** The merge of the results of several clients, or of several processes, that measured at the same time. */
import { commonGaps } from "./gap.ts";
import { mergeLatencies } from "./histogram.ts";
import {
  type ClientData,
  type ErrorCounts,
  errorsOfKind,
  type OperationData,
  type StageData,
  type StageEnd,
} from "./stage_data.ts";
import { OPERATIONS } from "../workload/operation.ts";

/** The ends of a stage, from the least to the most serious. */
const ENDS: readonly StageEnd[] = [
  "planned",
  "time limit",
  "keys used up",
  "overload",
  "server gone",
];

/**
 * Computes the sum of several clients.
 *
 * @param clients at least one; all started at the same moment
 * @param seconds duration of the sum (default: that of the slowest client)
 */
export function sumClients(
  clients: readonly ClientData[],
  seconds: number = Math.max(...clients.map((client) => client.seconds)),
): ClientData {
  const operations = Object.fromEntries(OPERATIONS.flatMap((operation) => {
    const parts = clients.flatMap((client) => client.operations[operation] ?? []);
    return parts.length === 0 ? [] : [[operation, mergeOperations(parts, seconds)]];
  }));
  return {
    ...mergeOperations(clients, seconds),
    operations,
    unsent: clients.reduce((sum, { unsent }) => sum + unsent, 0),
    gaps: commonGaps(clients.map(({ gaps }) => gaps)),
  };
}

/**
 * Merges the results of one stage from several processes.
 *
 * @param parts at least one, all of one stage; their clocks must agree (one machine, or synchronized)
 * @throws {RangeError} if they are results of different stages
 */
export function mergeStages(parts: readonly StageData[]): StageData {
  const [first] = parts;
  if (first === undefined) throw new RangeError("There is nothing to merge");
  if (parts.length === 1) return first;
  const { stage, loop } = first;
  const other = parts.find((part) => part.stage !== stage || part.loop !== loop);
  if (other) {
    throw new RangeError(
      `Only parts of one stage can be merged, not ${stage} (${loop}) and ${other.stage} (${other.loop})`,
    );
  }
  const starts = parts.map(({ startedUnixMs }) => startedUnixMs);
  const startedUnixMs = Math.min(...starts);
  const startSpreadMs = Math.max(...starts) - startedUnixMs;
  // Seconds count from the first start. A process that started later also ended later.
  const seconds = Math.max(
    ...parts.map((part) => (part.startedUnixMs - startedUnixMs) / 1e3 + part.sum.seconds),
  );
  const clients = parts.flatMap((part) => part.clients);
  const delays = parts.flatMap(({ sendDelay }) => sendDelay ?? []);
  return {
    stage,
    loop,
    ratePerS: loop === "open"
      // The parts are fractions of the rate: rounding removes the error of their sum.
      ? Math.round(parts.reduce((sum, { ratePerS }) => sum + (ratePerS ?? 0), 0) * 1e6) / 1e6
      : null,
    startedUnixMs,
    startSpreadMs: Math.max(startSpreadMs, ...parts.map((part) => part.startSpreadMs)),
    ended: ENDS.findLast((end) => parts.some(({ ended }) => ended === end)) ?? "planned",
    complete: parts.every(({ complete }) => complete),
    clients,
    sum: sumClients(clients, seconds),
    firstError: parts.find(({ firstError }) => firstError !== null)?.firstError ?? null,
    warmupErrors: addCounts(parts.map(({ warmupErrors }) => warmupErrors)),
    sendDelay: delays.length === 0 ? null : mergeLatencies(delays),
    clientsAtBound: parts.reduce((sum, { clientsAtBound }) => sum + clientsAtBound, 0),
    processors: parts.flatMap(({ processors }) => processors),
  };
}

/** Adds up counts by name, such as those of failed operations by kind. */
export function addCounts(parts: readonly ErrorCounts[]): ErrorCounts {
  const sum: Record<string, number> = {};
  for (const part of parts) {
    for (const [kind, count] of Object.entries(part)) sum[kind] = errorsOfKind(sum, kind) + count;
  }
  return sum;
}

function mergeOperations(parts: readonly OperationData[], seconds: number): OperationData {
  return {
    ops: parts.reduce((sum, { ops }) => sum + ops, 0),
    errors: addCounts(parts.map(({ errors }) => errors)),
    unknown: parts.reduce((sum, { unknown }) => sum + unknown, 0),
    removedBefore: parts.reduce((sum, { removedBefore = 0 }) => sum + removedBefore, 0),
    seconds,
    latency: mergeLatencies(parts.map(({ latency }) => latency)),
  };
}
