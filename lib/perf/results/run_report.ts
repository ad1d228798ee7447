/** Results as lines for people and scripts. */
import { columns } from "../../terminal/columns.ts";
import type { Gap } from "../measure/gap.ts";
import { BOUND_SENTENCE } from "../run/open_loop.ts";
import { BUSY_SHARE } from "../measure/cpu_time.ts";
import {
  errorCount,
  type Loop,
  type Measured,
  opsPerSecond,
  type StageData,
} from "../measure/stage_data.ts";
import { OPERATIONS } from "../workload/operation.ts";

/** What a reader of the latencies must know, by loop. */
export const LOOP_SENTENCE: Readonly<Record<Loop, string>> = {
  closed:
    "Latencies are service times of a closed loop: a client that waits for a reply sends nothing meanwhile, so a server's stall delays few requests and hardly shows in the percentiles (--rate shows it)",
  open:
    "Latencies are response times of an open loop: from the moment at which a request was to start, whether or not earlier ones were answered, so a server's stall shows in full",
};

/**
 * The lines of a stage: with several clients one for each, then one for their sum, which begins like
 * the line of a single client. A mixed stage has a line for each type of operation before the sum's.
 */
export function stageLines({ stage, clients, sum }: StageData): string[] {
  const suffix = clients.length === 1 ? "" : ` (sum of ${clients.length} clients)`;
  const types = OPERATIONS.flatMap((operation) => {
    const measured = sum.operations[operation];
    return measured === undefined || operation === stage
      ? []
      : [line(operation, measured) + suffix];
  });
  return [
    ...(clients.length === 1
      ? []
      : clients.map((client, at) => line(`${stage} client ${at + 1}`, client))),
    ...types,
    line(stage, sum) + suffix,
  ];
}

/** What a reader must know besides the numbers: failures, gaps, bounds, a client that is too busy. */
export function stageNotes(data: StageData): string[] {
  const share = busiestShare(data);
  const busy = share !== undefined && share > BUSY_SHARE
    ? [
      `${data.stage}: the client's thread was busy ${
        percent(share)
      } of the time, so the client, not the server, is likely what limits this; measure with several processes`,
    ]
    : [];
  return [...failureNotes(data), ...busy];
}

/**
 * How busy the client's thread was, 0 to 1: of several processes the busiest one's. Undefined where
 * the stage was too short to tell.
 */
export function busiestShare({ processors }: StageData): number | undefined {
  const shares = processors.flatMap(({ mainShare, isTooShort }) => isTooShort ? [] : [mainShare]);
  return shares.length === 0 ? undefined : Math.max(...shares);
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
      `${counted(failed, "operation")} failed (${
        kinds(sum.errors)
      })${unknown}, the first with: ${firstError}`,
    );
  }
  const warmupFailed = errorCount(data.warmupErrors);
  if (warmupFailed > 0) {
    notes.push(
      `${counted(warmupFailed, "operation")} of the warm-up failed (${kinds(data.warmupErrors)})`,
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
        counted(sum.unsent, "request")
      } that were due never left: the server does not take ${data.ratePerS} a second, and the latencies of all that was due are higher than these`,
    );
  }
  if (clientsAtBound > 0) {
    notes.push(`of ${clientsAtBound} of ${counted(clients.length, "client")} ${BOUND_SENTENCE}`);
  }
  return notes.map((note) => `${stage}: ${note}`);
}

/** More of the distributions than the result lines have, and the client's own part, as columns. */
export function detailTable(stages: readonly StageData[]): string {
  const rows = stages.flatMap((data) => {
    const { stage, sum, sendDelay } = data;
    const own = [
      sendDelay === null ? "-" : milliseconds(sendDelay.p99Ms),
      data.processors.map(({ mainShare, isTooShort }) => isTooShort ? "-" : percent(mainShare))
        .join(" "),
      data.processors.map(({ allShare }) => percent(allShare)).join(" "),
    ];
    const types = OPERATIONS.flatMap((operation) => {
      const measured = sum.operations[operation];
      return measured === undefined || operation === stage
        ? []
        : [[operation, ...percentiles(measured), "", "", ""]];
    });
    return [...types, [stage, ...percentiles(sum), ...own]];
  });
  const heading = [
    "ms",
    "mean",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "sent late p99",
    "client thread",
    "client process",
  ];
  return columns([heading, ...rows], new Set(heading.keys().drop(1)));
}

function gapNotes({ sum, clients, startedUnixMs }: StageData): string[] {
  const told = (gap: Gap, who: string) => {
    const at = (unixMs: number) => `${((unixMs - startedUnixMs) / 1e3).toFixed(3)} s`;
    const seconds = ((gap.toUnixMs - gap.fromUnixMs) / 1e3).toFixed(3);
    const lost = gap.connectionLost ? ", with the connection lost" : "";
    const end = gap.answered ? "" : ", when the server was given up";
    return `${who} from ${at(gap.fromUnixMs)} to ${
      at(gap.toUnixMs)
    } after the start (${seconds} s)${lost}${end}`;
  };
  const common = sum.gaps.map((gap) => told(gap, "nothing was answered"));
  // Of a single client's gaps, those that are not already told as everybody's.
  const single = clients.flatMap(({ gaps }, at) =>
    gaps.filter((gap) => !sum.gaps.some((all) => overlap(gap, all)))
      .map((gap) => told(gap, `client ${at + 1} was not answered`))
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

function line(label: string, measured: Measured): string {
  const { meanMs, p50Ms, p99Ms, maxMs } = measured.latency;
  const failed = errorCount(measured.errors);
  const errors = failed === 0 ? "" : `, ${failed} errors`;
  return `${label}: ${measured.ops} ops in ${measured.seconds.toFixed(3)} s, ${
    opsPerSecond(measured).toFixed(1)
  } ops/s, latency mean ${milliseconds(meanMs)} ms p50 ${milliseconds(p50Ms)} p99 ${
    milliseconds(p99Ms)
  } max ${milliseconds(maxMs)} ms${errors}`;
}

function percentiles({ latency }: Measured): string[] {
  const { meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = latency;
  return [meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map(milliseconds);
}

/** `KeyError: 2, TooLarge: 1`. */
function kinds(errors: Readonly<Record<string, number>>): string {
  return Object.entries(errors).map(([kind, count]) => `${kind}: ${count}`).join(", ");
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function milliseconds(ms: number): string {
  return ms.toFixed(3);
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
