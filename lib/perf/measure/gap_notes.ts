/** The notes on the gaps of a stage: times without replies that are far longer than usual. */
import type { Gap } from "./gap.ts";
import { LatencyHistogram } from "./histogram.ts";
import type { StageData } from "./stage_data.ts";

/** A gap is remarkable from this multiple of a typical latency on. */
const REMARKABLE_FACTOR = 5;

/** Maximum number of gaps that have a sentence of their own. */
const MAX_LISTED = 3;

/** A gap of one client, or of all clients (undefined). */
interface ClientGap {
  readonly gap: Gap;
  readonly client: number | undefined;
}

/**
 * Describes the gaps that a reader must know: those with a lost connection, and those that are far longer
 * than an operation of this stage takes. Many clients with slow scans, for example, each wait for more
 * than a second between two replies, and nothing is wrong.
 */
export function gapNotes(data: StageData): string[] {
  const minMs = REMARKABLE_FACTOR * typicalMs(data);
  const remarkable = (gaps: readonly Gap[]) =>
    gaps.filter((gap) => gap.connectionLost || lengthMs(gap) >= minMs);
  const common = remarkable(data.sum.gaps);
  // Gaps of single clients that are not part of a gap of all clients.
  const single = data.clients.flatMap(({ gaps }, at) =>
    remarkable(gaps).filter((gap) => !common.some((all) => overlap(gap, all)))
      .map((gap) => ({ gap, client: at + 1 }))
  );
  return [common.map((gap) => ({ gap, client: undefined })), single]
    .flatMap((gaps) => sentences(gaps, data.startedUnixMs));
}

/**
 * The latency of a typical operation of the slowest type: the median. In an open loop, each request that
 * is due in a gap has a latency up to the end of the gap; there it is the longest of the shortest tenth.
 */
function typicalMs({ loop, sum }: StageData): number {
  const latencies = Object.values(sum.operations).map(({ latency }) =>
    loop === "closed" ? latency.p50Ms : LatencyHistogram.from(latency).percentileMs(10)
  );
  return Math.max(0, ...latencies);
}

/** One sentence for each gap, or one for all if they are many. */
function sentences(gaps: readonly ClientGap[], startedUnixMs: number): string[] {
  const sentence = ({ gap, client }: ClientGap) => {
    const at = (unixMs: number) => ((unixMs - startedUnixMs) / 1e3).toFixed(3);
    const to = client === undefined ? "" : ` to client ${client}`;
    const lost = gap.connectionLost ? ", with the connection lost" : "";
    const end = gap.answered ? "" : ", until the stage ended";
    return `no reply${to} from ${at(gap.fromUnixMs)} s to ${at(gap.toUnixMs)} s after the start (${
      (lengthMs(gap) / 1e3).toFixed(3)
    } s)${lost}${end}`;
  };
  if (gaps.length <= MAX_LISTED) return gaps.map(sentence);
  const longest = gaps.reduce((a, b) => lengthMs(b.gap) > lengthMs(a.gap) ? b : a);
  const lost = gaps.filter(({ gap }) => gap.connectionLost).length;
  const clients = new Set(gaps.map(({ client }) => client)).size;
  const to = longest.client === undefined
    ? ""
    : ` to ${clients === 1 ? "one client" : `${clients} single clients`}`;
  return [
    `${gaps.length} times no reply${to}${
      lost === 0 ? "" : ` (${lost} times with the connection lost)`
    }; the longest: ${sentence(longest)}`,
  ];
}

function overlap(a: Gap, b: Gap): boolean {
  return a.fromUnixMs <= b.toUnixMs && b.fromUnixMs <= a.toUnixMs;
}

function lengthMs({ fromUnixMs, toUnixMs }: Gap): number {
  return toUnixMs - fromUnixMs;
}
