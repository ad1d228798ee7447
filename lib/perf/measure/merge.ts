/** Puts together what several clients, or several processes, measured at the same time. */
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

/** From the least to the most serious. */
const ENDS: readonly StageEnd[] = [
  "planned",
  "time limit",
  "keys used up",
  "overload",
  "server gone",
];

/**
 * What several clients did together.
 *
 * @param clients at least one, which started at the same moment
 * @param seconds of all together (default: of the one that took longest)
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
 * The same stage of several processes as one.
 *
 * @param parts at least one, all of one stage; their clocks must agree (one machine, or synchronised)
 * @throws {RangeError} where they do not belong together
 */
export function mergeStages(parts: readonly StageData[]): StageData {
  const [first] = parts;
  if (first === undefined) throw new RangeError("There is nothing to merge");
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
  // A process that began later also ended later by that: seconds count from the first start on.
  const seconds = Math.max(
    ...parts.map((part) => (part.startedUnixMs - startedUnixMs) / 1e3 + part.sum.seconds),
  );
  const clients = parts.flatMap((part) => part.clients);
  const delays = parts.flatMap(({ sendDelay }) => sendDelay ?? []);
  return {
    stage,
    loop,
    ratePerS: loop === "open"
      // The parts are fractions of the rate: their sum is it but for the last bits.
      ? Math.round(parts.reduce((sum, { ratePerS }) => sum + (ratePerS ?? 0), 0) * 1e6) / 1e6
      : null,
    startedUnixMs,
    startSpreadMs: Math.max(startSpreadMs, ...parts.map((part) => part.startSpreadMs)),
    ended: ENDS.findLast((end) => parts.some(({ ended }) => ended === end)) ?? "planned",
    complete: parts.every(({ complete }) => complete),
    clients,
    sum: sumClients(clients, seconds),
    firstError: parts.find(({ firstError }) => firstError !== null)?.firstError ?? null,
    warmupErrors: mergeErrors(parts.map(({ warmupErrors }) => warmupErrors)),
    sendDelay: delays.length === 0 ? null : mergeLatencies(delays),
    clientsAtBound: parts.reduce((sum, { clientsAtBound }) => sum + clientsAtBound, 0),
    processors: parts.flatMap(({ processors }) => processors),
  };
}

/** Failed operations of all parts. */
export function mergeErrors(parts: readonly ErrorCounts[]): ErrorCounts {
  const sum: Record<string, number> = {};
  for (const part of parts) {
    for (const [kind, count] of Object.entries(part)) sum[kind] = errorsOfKind(sum, kind) + count;
  }
  return sum;
}

function mergeOperations(parts: readonly OperationData[], seconds: number): OperationData {
  return {
    ops: parts.reduce((sum, { ops }) => sum + ops, 0),
    errors: mergeErrors(parts.map(({ errors }) => errors)),
    unknown: parts.reduce((sum, { unknown }) => sum + unknown, 0),
    seconds,
    latency: mergeLatencies(parts.map(({ latency }) => latency)),
  };
}
