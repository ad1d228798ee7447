/** The time to recover the large table at a start, and that of Redis with the same data. */
import assert from "assert";
import { TemporaryFolder } from "../harness/folders.ts";
import { startHtserver } from "../harness/htserver.ts";
import { type Answer, spreadOf, spreadText } from "../harness/summary.ts";
import { writeFolder } from "./dataset.ts";
import { Redis } from "./redis.ts";
import type { Scale } from "./scale.ts";

const MAX_ROUNDS = 3;
const TARGET_S = 3;

/** The seconds of one start: as the program reports them, and from the spawn until it listens. */
interface Start {
  readonly loadSeconds: number;
  readonly wallSeconds: number;
}

/** Starts each server in turn, several times. */
export async function recovery({ keys, rounds }: Scale): Promise<Answer> {
  using checkpoint = new TemporaryFolder();
  using log = new TemporaryFolder();
  using aof = new TemporaryFolder();
  using rdbAof = new TemporaryFolder();
  writeFolder(checkpoint.path, "checkpoint", keys);
  writeFolder(log.path, "log", keys);
  await writeAof(aof.path, keys, false);
  await writeAof(rdbAof.path, keys, true);
  const starts: Record<string, () => Promise<Start>> = {
    "htserver, checkpoint": () => startOurs(checkpoint.path, keys),
    "htserver, log only": () => startOurs(log.path, keys),
    "Redis, AOF of commands": () => startRedis(aof.path, keys, false),
    "Redis, AOF with RDB preamble": () => startRedis(rdbAof.path, keys, true),
  };
  const raw: Record<string, Start[]> = {};
  for (let round = 0; round < Math.min(rounds, MAX_ROUNDS); round++) {
    for (const [name, start] of Object.entries(starts)) (raw[name] ??= []).push(await start());
  }
  const seconds = (name: string) => (raw[name] ?? []).map((one) => one.loadSeconds);
  const ours = ["htserver, checkpoint", "htserver, log only"];
  const redisS = spreadOf(seconds("Redis, AOF of commands")).median;
  return {
    question: `Recovery of ${keys} keys`,
    columns: ["what", "loading, s", "wall, s", "of Redis' AOF of commands"],
    rows: Object.entries(raw).map(([name, all]) => [
      name,
      spreadText(seconds(name), 2),
      spreadText(all.map((one) => one.wallSeconds), 2),
      (spreadOf(seconds(name)).median / redisS).toFixed(2),
    ]),
    verdicts: ours.flatMap((name) => {
      const { median } = spreadOf(seconds(name));
      return [
        {
          target: `${name}: at most ${TARGET_S} s`,
          measured: `${median.toFixed(2)} s`,
          isMet: median <= TARGET_S,
        },
        {
          target: `${name}: at least as fast as Redis loads its AOF of commands`,
          measured: `${(median / redisS).toFixed(2)} of its time`,
          isMet: median <= redisS,
        },
      ];
    }),
    raw,
  };
}

async function startOurs(folder: string, keys: number): Promise<Start> {
  const startedMs = performance.now();
  await using server = startHtserver(["--data", folder]);
  await server.port();
  const wallSeconds = (performance.now() - startedMs) / 1e3;
  const [, recovered, seconds] = await server.until("stderr", /keys=(\d+).* seconds=([\d.]+)/);
  assert.equal(Number(recovered), keys);
  return { loadSeconds: Number(seconds), wallSeconds };
}

async function startRedis(folder: string, keys: number, rdbPreamble: boolean): Promise<Start> {
  const startedMs = performance.now();
  await using redis = await Redis.start({ folder, appendOnly: true, rdbPreamble });
  const wallSeconds = (performance.now() - startedMs) / 1e3;
  assert.match(await redis.ask("DBSIZE"), new RegExp(`^:${keys}\r\n`));
  return { loadSeconds: redis.loadSeconds ?? NaN, wallSeconds };
}

/** Fills a Redis. A rewrite of its AOF adds the preamble. */
async function writeAof(folder: string, keys: number, rdbPreamble: boolean): Promise<void> {
  await using redis = await Redis.start({ folder, appendOnly: true, rdbPreamble });
  await redis.fill(keys);
  if (!rdbPreamble) return;
  await redis.ask("BGREWRITEAOF");
  await redis.program.until("stdout", /Background AOF rewrite finished successfully/);
}
