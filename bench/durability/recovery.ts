/** How fast is a table of a million keys back after a start, against Redis with the same data? */
import assert from "assert";
import { KEYS, writeFolder } from "./dataset.ts";
import { startHtserver, TemporaryFolder } from "../harness/htserver.ts";
import { Redis } from "./redis.ts";
import { type Answered, spreadOf, spreadText } from "../harness/summary.ts";

const ROUNDS = 3;
const TARGET_S = 3;

/** Seconds of one start: as the program says, and from the start of its process until it serves. */
interface Start {
  readonly loadSeconds: number;
  readonly wallSeconds: number;
}

/** Starts each in turn, several times. */
export async function recovery(): Promise<Answered> {
  using checkpoint = new TemporaryFolder();
  using log = new TemporaryFolder();
  using aof = new TemporaryFolder();
  using rdbAof = new TemporaryFolder();
  writeFolder(checkpoint.path, "checkpoint");
  writeFolder(log.path, "log");
  await writeAof(aof.path, false);
  await writeAof(rdbAof.path, true);
  const starts: Record<string, () => Promise<Start>> = {
    "htserver, checkpoint": () => startOurs(checkpoint.path),
    "htserver, log only": () => startOurs(log.path),
    "Redis, AOF of commands": () => startRedis(aof.path, false),
    "Redis, AOF with RDB preamble": () => startRedis(rdbAof.path, true),
  };
  const raw: Record<string, Start[]> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, start] of Object.entries(starts)) (raw[name] ??= []).push(await start());
  }
  const seconds = (name: string) => (raw[name] ?? []).map((one) => one.loadSeconds);
  const ours = ["htserver, checkpoint", "htserver, log only"];
  const redisS = spreadOf(seconds("Redis, AOF of commands")).median;
  return {
    question: `Recovery of ${KEYS} keys`,
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

async function startOurs(folder: string): Promise<Start> {
  const startedMs = performance.now();
  await using server = startHtserver("--data", folder);
  await server.port();
  const wallSeconds = (performance.now() - startedMs) / 1e3;
  const [, keys, seconds] = await server.until("stderr", /keys=(\d+).* seconds=([\d.]+)/);
  assert.equal(Number(keys), KEYS);
  return { loadSeconds: Number(seconds), wallSeconds };
}

async function startRedis(folder: string, rdbPreamble: boolean): Promise<Start> {
  const startedMs = performance.now();
  await using redis = await Redis.start({ folder, appendOnly: true, rdbPreamble });
  const wallSeconds = (performance.now() - startedMs) / 1e3;
  assert.match(await redis.ask("DBSIZE"), new RegExp(`^:${KEYS}\r\n`));
  return { loadSeconds: redis.loadSeconds ?? NaN, wallSeconds };
}

/** Fills a Redis; for the preamble its AOF is rewritten once. */
async function writeAof(folder: string, rdbPreamble: boolean): Promise<void> {
  await using redis = await Redis.start({ folder, appendOnly: true, rdbPreamble });
  await redis.fill();
  if (!rdbPreamble) return;
  await redis.ask("BGREWRITEAOF");
  await redis.program.until("stdout", /Background AOF rewrite finished successfully/);
}
