/** The effect of a checkpoint of the large table on clients. */
import { TemporaryFolder } from "../harness/folders.ts";
import { type Answer, spreadOf, spreadText } from "../harness/summary.ts";
import { Generator, type LoadResult } from "../load/generator.ts";
import { writeFolder } from "./dataset.ts";
import type { Scale } from "./scale.ts";
import { startServer, targetOf } from "./server_process.ts";

const CLIENTS = 16;

/** The longest load, in seconds: a checkpoint ends it earlier. */
const LIMIT_S = 100;

const TARGET_WAIT_MS = 20;
const TARGET_SHARE = 0.7;

/** The requests of one period. */
interface Period {
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Loads a server without and with a checkpoint in turn. */
export async function checkpoint({ keys, rounds: count, loadS }: Scale): Promise<Answer> {
  using folder = new TemporaryFolder();
  writeFolder(folder.path, "checkpoint", keys);
  await using server = startServer({ folder: folder.path, sync: "chosen", syncMs: 0 });
  const target = await targetOf(server);
  const generator = await Generator.compile(
    folder.path,
    AbortSignal.timeout(LIMIT_S * 1e3 * count),
  );
  const load = { connections: CLIENTS, inFlight: 1, inserts: 50, keys, warmUpS: 0 };
  await generator.run(target, { ...load, durationS: 2 * loadS }); // until all code is compiled
  const rounds: { quiet: Period; during: Period }[] = [];
  for (let round = 1; round <= count; round++) {
    // About as long as a checkpoint takes.
    const quietS = 4 * loadS;
    const quiet = await generator.run(target, { ...load, durationS: quietS });
    server.kill("SIGUSR1"); // The checkpoint starts with the next change.
    await using during = await generator.start(target, { ...load, durationS: LIMIT_S });
    await server.until("stdout", new RegExp(`(?:checkpoint done[^]*){${round}}`));
    const result = await during.end();
    rounds.push({ quiet: periodOf(quiet, quietS), during: periodOf(result, result.seconds) });
  }
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
    question: `A checkpoint of ${keys} keys under ${CLIENTS} clients, half inserts, half lookups`,
    columns: ["when", "requests/s", "p50, ms", "p99, ms", "p99.9, ms", "longest, ms", "seconds"],
    rows: [row("without", quiet), row("during", during)],
    verdicts: [
      {
        target: `no request waits longer than ${TARGET_WAIT_MS} ms because of it`,
        measured: `${maxMs.toFixed(1)} ms in the median round, and ${
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

function periodOf({ perSecond, p50Us, p99Us, p999Us, maxUs }: LoadResult, seconds: number): Period {
  return {
    seconds,
    perSecond,
    p50Ms: p50Us / 1e3,
    p99Ms: p99Us / 1e3,
    p999Ms: p999Us / 1e3,
    maxMs: maxUs / 1e3,
  };
}
