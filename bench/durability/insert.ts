/** The cost of a durable insert: one client against a bare write and sync, and many clients against one. */
import { TemporaryFolder } from "../harness/folders.ts";
import { type Answer, spreadOf, spreadText } from "../harness/summary.ts";
import { bareSyncsMs } from "../harness/sync_probe.ts";
import { Generator } from "../load/generator.ts";
import type { Scale } from "./scale.ts";
import { startServer, targetOf } from "./server_process.ts";

const MANY_CLIENTS = 64;
const PAUSE_MS = 1;

/** The time limit of all loads, in milliseconds. */
const LIMIT_MS = 120_000;

/** Medians of one round, in milliseconds, and requests a second. */
interface Round {
  readonly bareMs: number;
  readonly bareAfterPauseMs: number;
  readonly lookupMs: number;
  readonly oneMs: number;
  readonly onePerSecond: number;
  readonly manyPerSecond: number;
}

/** Runs bare syncs, one client and many clients in turn. */
export async function insert({ rounds: count, loadS }: Scale): Promise<Answer> {
  using folder = new TemporaryFolder();
  await using server = startServer({ folder: folder.path, sync: "chosen", syncMs: 0 });
  using tools = new TemporaryFolder();
  const generator = await Generator.compile(tools.path, AbortSignal.timeout(LIMIT_MS));
  const target = await targetOf(server);
  const load = { inFlight: 1, keys: 1_000, warmUpS: 0.3 * loadS, durationS: loadS };
  await generator.preload(target, load.keys);
  const inserts = (connections: number) =>
    generator.run(target, { ...load, connections, inserts: 100 });
  const bareMs = async (pauseMs: number) =>
    spreadOf(await bareSyncsMs(`${folder.path}/bare`, loadS, pauseMs)).median;
  const rounds: Round[] = [];
  for (let round = 0; round < count; round++) {
    const bare = await bareMs(0);
    const one = await inserts(1);
    const many = await inserts(MANY_CLIENTS);
    const lookups = await generator.run(target, { ...load, connections: 1, inserts: 0 });
    rounds.push({
      bareMs: bare,
      bareAfterPauseMs: await bareMs(PAUSE_MS),
      lookupMs: lookups.p50Us / 1e3,
      oneMs: one.p50Us / 1e3,
      onePerSecond: one.perSecond,
      manyPerSecond: many.perSecond,
    });
  }
  const cost = rounds.map(({ oneMs, bareMs }) => oneMs / bareMs);
  const gain = rounds.map(({ manyPerSecond, onePerSecond }) => manyPerSecond / onePerSecond);
  const row = (what: string, member: keyof Round, digits: number) => [
    what,
    spreadText(rounds.map((round) => round[member]), digits),
  ];
  return {
    question: "A durable insert and a bare write with fdatasync; many clients and one",
    columns: ["what", "median (least to most of the rounds)"],
    rows: [
      row("bare write and fdatasync, ms", "bareMs", 3),
      row(`the same after ${PAUSE_MS} ms of idleness, ms`, "bareAfterPauseMs", 3),
      row("one client's lookup, ms", "lookupMs", 3),
      row("one client's insert, ms", "oneMs", 3),
      row("one client, inserts/s", "onePerSecond", 0),
      row(`${MANY_CLIENTS} clients, inserts/s`, "manyPerSecond", 0),
      ["insert / bare", spreadText(cost, 2)],
      [`${MANY_CLIENTS} clients / one`, spreadText(gain, 1)],
    ],
    verdicts: [
      {
        target: "one client's insert at most 2.0 of a bare write and sync",
        measured: spreadOf(cost).median.toFixed(2),
        isMet: spreadOf(cost).median <= 2,
      },
      {
        target: `${MANY_CLIENTS} clients at least 10 times one client's inserts`,
        measured: spreadOf(gain).median.toFixed(1),
        isMet: spreadOf(gain).median >= 10,
      },
    ],
    raw: rounds,
  };
}
