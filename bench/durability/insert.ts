/**
 * What does one client's durable insert take against a bare write and sync, and how do 64 share one?
 *
 * The client is the load generator in C (`bench/load/`), which takes next to no time itself.
 */
import { Generator } from "../harness/generator.ts";
import { bareSyncsMs } from "../harness/sync_probe.ts";
import { TemporaryFolder } from "../harness/htserver.ts";
import { startServer } from "./server_process.ts";
import { type Answered, percentile, spreadOf, spreadText } from "../harness/summary.ts";

const ROUNDS = 5;
const SECONDS = 1;
const MANY_CLIENTS = 64;
const PAUSE_MS = 1;

/** Time for all of it, in milliseconds. */
const LIMIT_MS = 120_000;

/** Milliseconds of the median request, and requests a second, of one round. */
interface Round {
  readonly bareMs: number;
  readonly bareAfterPauseMs: number;
  readonly lookupMs: number;
  readonly oneMs: number;
  readonly onePerSecond: number;
  readonly manyPerSecond: number;
}

/** Runs bare syncs, one client and many clients by turns. */
export async function insert(): Promise<Answered> {
  using folder = new TemporaryFolder();
  await using server = startServer({ folder: folder.path, sync: "chosen", syncMs: 0 });
  using tools = new TemporaryFolder();
  const generator = await Generator.compile(tools.path, AbortSignal.timeout(LIMIT_MS));
  const peer = {
    name: "htserver, durable",
    protocol: "json",
    port: await server.port(),
    pid: server.pid,
  } as const;
  const load = { inFlight: 1, keys: 1_000, warmUpS: 0.3, durationS: SECONDS };
  await generator.preload(peer, load.keys);
  const inserts = (connections: number) =>
    generator.run(peer, { ...load, connections, inserts: 100 });
  const median = (tookMs: ArrayLike<number>) => percentile(Float64Array.from(tookMs).sort(), 0.5);
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bare = await bareSyncsMs(`${folder.path}/bare`, SECONDS, 0);
    const one = await inserts(1);
    const many = await inserts(MANY_CLIENTS);
    const lookups = await generator.run(peer, { ...load, connections: 1, inserts: 0 });
    rounds.push({
      bareMs: median(bare),
      bareAfterPauseMs: median(await bareSyncsMs(`${folder.path}/bare`, SECONDS, PAUSE_MS)),
      lookupMs: lookups.p50Us / 1e3,
      oneMs: one.p50Us / 1e3,
      onePerSecond: one.perSecond,
      manyPerSecond: many.perSecond,
    });
  }
  const cost = rounds.map(({ oneMs, bareMs }) => oneMs / bareMs);
  const gain = rounds.map(({ manyPerSecond, onePerSecond }) => manyPerSecond / onePerSecond);
  return {
    question: "A durable insert against a bare write with fdatasync; many clients against one",
    columns: ["what", "median (least to most of the rounds)"],
    rows: [
      ["bare write and fdatasync, ms", spreadText(rounds.map(({ bareMs }) => bareMs), 3)],
      [
        `the same after ${PAUSE_MS} ms of idleness, ms`,
        spreadText(rounds.map(({ bareAfterPauseMs }) => bareAfterPauseMs), 3),
      ],
      ["one client's lookup, ms", spreadText(rounds.map(({ lookupMs }) => lookupMs), 3)],
      ["one client's insert, ms", spreadText(rounds.map(({ oneMs }) => oneMs), 3)],
      ["one client, inserts/s", spreadText(rounds.map(({ onePerSecond }) => onePerSecond), 0)],
      [
        `${MANY_CLIENTS} clients, inserts/s`,
        spreadText(rounds.map(({ manyPerSecond }) => manyPerSecond), 0),
      ],
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
