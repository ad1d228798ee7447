/** Do lookups of other keys wait while inserts are forced to a slow disk? */
import { TemporaryFolder } from "../harness/htserver.ts";
import { runLoad } from "./load_process.ts";
import { startServer } from "./server_process.ts";
import { type Answered, percentile, spreadOf, spreadText } from "../harness/summary.ts";

const ROUNDS = 5;
const SECONDS = 1;
const SYNC_MS = 5;
const LOOKING_UP = 8;
const INSERTING = 8;

/** Lookups of one round, without inserts and with them. */
interface Round {
  readonly quietP99Ms: number;
  readonly busyP99Ms: number;
  readonly quietP50Ms: number;
  readonly busyP50Ms: number;
  readonly insertsPerSecond: number;
}

/** Runs lookups alone and with inserts by turns; as the server syncs, and inline to compare. */
export async function lookups(): Promise<Answered> {
  const chosen = await roundsOf("chosen");
  const inline = await roundsOf("inline");
  const ratio = spreadOf(ratiosOf(chosen)).median;
  return {
    question:
      `${LOOKING_UP} clients looking up while ${INSERTING} insert, with a sync of ${SYNC_MS} ms`,
    columns: ["sync", "p99 alone, ms", "p99 with inserts, ms", "ratio", "p50, ms", "inserts/s"],
    rows: ([["as the server chooses", chosen], ["always inline", inline]] as const)
      .map(([name, rounds]) => [
        name,
        spreadText(rounds.map(({ quietP99Ms }) => quietP99Ms), 2),
        spreadText(rounds.map(({ busyP99Ms }) => busyP99Ms), 2),
        spreadText(ratiosOf(rounds), 2),
        `${spreadOf(rounds.map(({ quietP50Ms }) => quietP50Ms)).median.toFixed(2)} / ${
          spreadOf(rounds.map(({ busyP50Ms }) => busyP50Ms)).median.toFixed(2)
        }`,
        spreadText(rounds.map(({ insertsPerSecond }) => insertsPerSecond), 0),
      ]),
    verdicts: [{
      target: "p99 of lookups during inserts at most 2.0 of that without",
      measured: ratio.toFixed(2),
      isMet: ratio <= 2,
    }],
    raw: { chosen, inline },
  };
}

async function roundsOf(sync: "chosen" | "inline"): Promise<Round[]> {
  using folder = new TemporaryFolder();
  await using server = startServer({ folder: folder.path, sync, syncMs: SYNC_MS });
  const port = await server.port();
  const run = async (inserting: number) => {
    const load = { port, inserting, lookingUp: LOOKING_UP, mixed: 0, keys: 1_000 };
    const { lookups, inserts } = await runLoad({ ...load, seconds: SECONDS, warmupSeconds: 0.3 });
    return { sorted: lookups.tookMs.toSorted(), inserts: inserts.tookMs.length };
  };
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const quiet = await run(0);
    const busy = await run(INSERTING);
    rounds.push({
      quietP99Ms: percentile(quiet.sorted, 0.99),
      busyP99Ms: percentile(busy.sorted, 0.99),
      quietP50Ms: percentile(quiet.sorted, 0.5),
      busyP50Ms: percentile(busy.sorted, 0.5),
      insertsPerSecond: busy.inserts / SECONDS,
    });
  }
  return rounds;
}

function ratiosOf(rounds: readonly Round[]): number[] {
  return rounds.map(({ quietP99Ms, busyP99Ms }) => busyP99Ms / quietP99Ms);
}
