/** What do clients notice of a checkpoint of a million keys? */
import { setTimeout } from "node:timers/promises";
import { machineClock } from "../../lib/base/clock.ts";
import { KEYS, writeFolder } from "./dataset.ts";
import { TemporaryFolder } from "../harness/htserver.ts";
import { type LoadResult, startLoad } from "./load_process.ts";
import { startServer } from "./server_process.ts";
import { type Answered, percentile, spreadOf, spreadText } from "../harness/summary.ts";

const ROUNDS = 4;
const CLIENTS = 16;

/** Time without a checkpoint before each one, in milliseconds: about as long as one takes. */
const QUIET_MS = 4_000;

/** Until everything is compiled. */
const WARMUP_MS = 2_000;

/** Most time that anything may take, in seconds. */
const PATIENCE_S = 120;

const TARGET_WAIT_MS = 20;
const TARGET_SHARE = 0.7;

/** Requests of one period. */
interface Period {
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Lets a server work with and without a checkpoint by turns. */
export async function checkpoint(): Promise<Answered> {
  using folder = new TemporaryFolder();
  writeFolder(folder.path, "checkpoint");
  await using server = startServer({ folder: folder.path, sync: "chosen", syncMs: 0 });
  const load = startLoad({
    port: await server.port(),
    inserting: 0,
    lookingUp: 0,
    mixed: CLIENTS,
    keys: KEYS,
    seconds: PATIENCE_S,
    warmupSeconds: 0,
  });
  const spans: { quiet: Span; during: Span }[] = [];
  await setTimeout(WARMUP_MS);
  for (let round = 1; round <= ROUNDS; round++) {
    const quietFrom = machineClock.unixMs();
    await setTimeout(QUIET_MS);
    const quietTo = machineClock.unixMs();
    server.kill("SIGUSR1");
    const [, from, to] = await server.until(
      "stdout",
      new RegExp(`(?:checkpoint [^]*){${round - 1}}checkpoint ([\\d.]+) ([\\d.]+)\n`),
    );
    spans.push({
      quiet: { fromMs: quietFrom, toMs: quietTo },
      during: { fromMs: Number(from), toMs: Number(to) },
    });
  }
  load.end();
  const result = await load.result();
  const rounds = spans.map(({ quiet, during }) => ({
    quiet: periodOf(result, quiet),
    during: periodOf(result, during),
  }));
  const quiet = rounds.map((round) => round.quiet);
  const during = rounds.map((round) => round.during);
  const share = rounds.map((round) => round.during.perSecond / round.quiet.perSecond);
  const maxMs = spreadOf(during.map((period) => period.maxMs)).median;
  const row = (name: string, periods: readonly Period[]) => [
    name,
    spreadText(periods.map(({ perSecond }) => perSecond), 0),
    ...(["p50Ms", "p99Ms", "p999Ms", "maxMs"] as const)
      .map((member) => spreadText(periods.map((period) => period[member]), 2)),
    spreadText(periods.map(({ seconds }) => seconds), 1),
  ];
  return {
    question: `A checkpoint of ${KEYS} keys under ${CLIENTS} clients, half inserts, half lookups`,
    columns: ["when", "requests/s", "p50, ms", "p99, ms", "p99.9, ms", "longest, ms", "seconds"],
    rows: [row("without", quiet), row("during", during)],
    verdicts: [
      {
        target: `no request waits longer than ${TARGET_WAIT_MS} ms because of it`,
        measured: `${maxMs.toFixed(1)} ms in the middle round, and ${
          spreadOf(quiet.map((period) => period.maxMs)).median.toFixed(1)
        } ms without`,
        isMet: maxMs <= TARGET_WAIT_MS,
      },
      {
        target: `throughput at least ${TARGET_SHARE} of that without`,
        measured: spreadText(share, 2),
        isMet: spreadOf(share).median >= TARGET_SHARE,
      },
    ],
    raw: rounds,
  };
}

/** Epoch, in milliseconds. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

function periodOf({ inserts, lookups }: LoadResult, { fromMs, toMs }: Span): Period {
  const tookMs: number[] = [];
  for (const requests of [inserts, lookups]) {
    requests.answeredAtMs.forEach((at, number) => {
      if (at >= fromMs && at < toMs) tookMs.push(requests.tookMs[number] ?? NaN);
    });
  }
  tookMs.sort((a, b) => a - b);
  const seconds = (toMs - fromMs) / 1e3;
  return {
    seconds,
    perSecond: tookMs.length / seconds,
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    p999Ms: percentile(tookMs, 0.999),
    maxMs: percentile(tookMs, 1),
  };
}
