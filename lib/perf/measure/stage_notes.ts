/** Notes on a stage: the sentences that a reader needs beside its numbers. */
import { busiestShare, BUSY_SHARE } from "./cpu_time.ts";
import type { Gap } from "./gap.ts";
import { errorCount, type StageData } from "./stage_data.ts";
import { MAX_IN_FLIGHT } from "../workload/schedule.ts";

/** What to tell where so many were in flight. */
const BOUND_SENTENCE =
  `${MAX_IN_FLIGHT} requests were in flight, and further ones left late; their latency counts from the intended start all the same`;

/** What a reader must know besides the numbers: failures, gaps, bounds, a client that is too busy. */
export function stageNotes(data: StageData): string[] {
  const share = busiestShare(data.processors);
  const busy = share !== undefined && share > BUSY_SHARE
    ? [
      `${data.stage}: the client's thread was busy ${
        Math.round(share * 100)
      }% of the time, so the client, not the server, is likely what limits this; measure with several processes`,
    ]
    : [];
  return [...failureNotes(data), ...busy];
}

/** What went wrong, or not as it was meant: failures, gaps, bounds. */
export function failureNotes(data: StageData): string[] {
  const { stage, sum, firstError, clientsAtBound, clients } = data;
  const notes: string[] = [];
  const failed = errorCount(sum.errors);
  if (failed > 0) {
    const unknown = sum.unknown === 0
      ? ""
      : `; of ${sum.unknown} it is not known whether the server did them`;
    notes.push(
      `${countText(failed, "operation")} failed (${
        errorKindsText(sum.errors)
      })${unknown}, the first with: ${firstError}`,
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
      `ended early, since the server is gone${
        failed === 0 ? `: ${firstError}` : ""
      }; the results are those until then`,
    );
  }
  if (sum.unsent > 0) {
    notes.push(
      `${
        countText(sum.unsent, "request")
      } that were due never left: the server does not take ${data.ratePerS} a second, and the latencies of all that was due are higher than these`,
    );
  }
  if (clientsAtBound > 0) {
    notes.push(`of ${clientsAtBound} of ${countText(clients.length, "client")} ${BOUND_SENTENCE}`);
  }
  return notes.map((note) => `${stage}: ${note}`);
}

function gapNotes({ sum, clients, startedUnixMs }: StageData): string[] {
  const gapText = (gap: Gap, who: string) => {
    const at = (unixMs: number) => `${((unixMs - startedUnixMs) / 1e3).toFixed(3)} s`;
    const seconds = ((gap.toUnixMs - gap.fromUnixMs) / 1e3).toFixed(3);
    const lost = gap.connectionLost ? ", with the connection lost" : "";
    const end = gap.answered ? "" : ", when the server was given up";
    return `${who} from ${at(gap.fromUnixMs)} to ${
      at(gap.toUnixMs)
    } after the start (${seconds} s)${lost}${end}`;
  };
  const common = sum.gaps.map((gap) => gapText(gap, "nothing was answered"));
  // Of a single client's gaps, those that are not already told as everybody's.
  const single = clients.flatMap(({ gaps }, at) =>
    gaps.filter((gap) => !sum.gaps.some((all) => overlap(gap, all)))
      .map((gap) => gapText(gap, `client ${at + 1} was not answered`))
  );
  const most = 10;
  const all = [...common, ...single];
  return all.length <= most
    ? all
    : [...all.slice(0, most), `${all.length - most} more times without answers`];
}

function overlap(a: Gap, b: Gap): boolean {
  return a.fromUnixMs <= b.toUnixMs && b.fromUnixMs <= a.toUnixMs;
}

/** `KeyError: 2, TooLarge: 1`. */
function errorKindsText(errors: Readonly<Record<string, number>>): string {
  return Object.entries(errors).map(([kind, count]) => `${kind}: ${count}`).join(", ");
}

function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
