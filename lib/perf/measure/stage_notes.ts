/** The notes on a stage: the sentences that a reader needs beside its numbers. */
import { busiestShare, BUSY_SHARE } from "./cpu_time.ts";
import { gapNotes } from "./gap_notes.ts";
import { errorCount, type StageData } from "./stage_data.ts";
import { MAX_IN_FLIGHT } from "../workload/schedule.ts";

/** Note on clients that reached the limit of requests in flight. */
const BOUND_NOTE =
  `had ${MAX_IN_FLIGHT} requests in flight and sent further ones late; their latency still counts from the intended start`;

/** Returns all notes on a stage: failures, gaps, limits, and a client that is too busy. */
export function stageNotes(data: StageData): string[] {
  const share = busiestShare(data.processors);
  const busy = share !== undefined && share > BUSY_SHARE
    ? [
      `${data.stage}: the client thread was busy ${
        Math.round(share * 100)
      }% of the time, so the client likely limits the throughput, not the server; measure with several processes`,
    ]
    : [];
  return [...failureNotes(data), ...busy];
}

/** Returns the notes on failures, gaps and limits. */
export function failureNotes(data: StageData): string[] {
  const { stage, sum, firstError, clientsAtBound, clients } = data;
  const notes: string[] = [];
  const failed = errorCount(sum.errors);
  if (failed > 0) {
    const unknown = sum.unknown === 0
      ? ""
      : `; for ${sum.unknown} it is not known whether the server executed them`;
    notes.push(
      `${countText(failed, "operation")} failed (${
        errorKindsText(sum.errors)
      })${unknown}, the first with: ${firstError}`,
    );
  }
  const { removedBefore = 0 } = sum;
  if (removedBefore > 0) {
    notes.push(
      `${
        countText(removedBefore, "remove")
      } found no key when sent again after a lost connection, and count as done: the server had executed them before`,
    );
  }
  const warmupFailed = errorCount(data.warmupErrors);
  if (warmupFailed > 0) {
    notes.push(
      `${countText(warmupFailed, "operation")} of the warm-up failed (${
        errorKindsText(data.warmupErrors)
      })`,
    );
  }
  notes.push(...gapNotes(data));
  if (data.ended === "server gone") {
    notes.push(
      `ended early, because the server is gone${
        failed === 0 ? `: ${firstError}` : ""
      }; the results end there`,
    );
  }
  if (sum.ops === 0 && failed === 0 && data.ended === "planned") {
    notes.push(
      `no operation ended in the counted ${
        Number(sum.seconds.toFixed(3))
      } s, so there is no throughput or latency: measure longer (--duration)`,
    );
  }
  if (sum.unsent > 0) {
    notes.push(
      `${
        countText(sum.unsent, "request")
      } were due and never sent: the server does not sustain ${data.ratePerS} a second, and the true latencies are higher than these`,
    );
  }
  if (clientsAtBound > 0) {
    notes.push(`${clientsAtBound} of ${countText(clients.length, "client")} ${BOUND_NOTE}`);
  }
  return notes.map((note) => `${stage}: ${note}`);
}

/** Formats counts as `KeyError: 2, TooLarge: 1`. */
function errorKindsText(errors: Readonly<Record<string, number>>): string {
  return Object.entries(errors).map(([kind, count]) => `${kind}: ${count}`).join(", ");
}

function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
