/** The latency of lookups while inserts of other keys wait for a slow disk. */
import { TemporaryFolder } from "../harness/folders.ts";
import { type Answer, spreadOf, spreadText } from "../harness/summary.ts";
import { Generator } from "../load/generator.ts";
import type { Scale } from "./scale.ts";
import { startServer, targetOf } from "./server_process.ts";

const SYNC_MS = 5;
const LOOKING_UP = 8;
const INSERTING = 8;

/** Lookups and inserts use different keys, because a lookup waits for the sync of its own key. */
const KEYS = 1_000;

/** The time limit of all loads, in milliseconds. */
const LIMIT_MS = 120_000;

/** The lookups of one round, without and with inserts. */
interface Round {
  readonly quietP99Ms: number;
  readonly busyP99Ms: number;
  readonly quietP50Ms: number;
  readonly busyP50Ms: number;
  readonly insertsPerSecond: number;
}

/** Runs lookups without and with inserts in turn: with the server's sync policy, and with inline syncs. */
export async function lookups(scale: Scale): Promise<Answer> {
  const chosen = await roundsOf("chosen", scale);
  const inline = await roundsOf("inline", scale);
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

async function roundsOf(
  sync: "chosen" | "inline",
  { rounds: count, loadS }: Scale,
): Promise<Round[]> {
  using folder = new TemporaryFolder();
  await using server = startServer({ folder: folder.path, sync, syncMs: SYNC_MS });
  const target = await targetOf(server);
  const generator = await Generator.compile(folder.path, AbortSignal.timeout(LIMIT_MS));
  await generator.preload(target, KEYS);
  const load = { inFlight: 1, keys: KEYS, warmUpS: 0.3 * loadS, durationS: loadS };
  const lookUp = () => generator.run(target, { ...load, connections: LOOKING_UP, inserts: 0 });
  const rounds: Round[] = [];
  for (let round = 0; round < count; round++) {
    const quiet = await lookUp();
    const insert = { ...load, connections: INSERTING, inserts: 100, firstKey: KEYS + 1 };
    const [busy, inserts] = await Promise.all([lookUp(), generator.run(target, insert)]);
    rounds.push({
      quietP99Ms: quiet.p99Us / 1e3,
      busyP99Ms: busy.p99Us / 1e3,
      quietP50Ms: quiet.p50Us / 1e3,
      busyP50Ms: busy.p50Us / 1e3,
      insertsPerSecond: inserts.perSecond,
    });
  }
  return rounds;
}

function ratiosOf(rounds: readonly Round[]): number[] {
  return rounds.map(({ quietP99Ms, busyP99Ms }) => busyP99Ms / quietP99Ms);
}
