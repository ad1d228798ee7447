/** The memory that a key takes: resident, as the table counts it, and in Redis. */
import { sleep } from "../../lib/base/clock.ts";
import { HtClient } from "../../lib/client/client.ts";
import { TemporaryFolder } from "../harness/folders.ts";
import { startHtserver } from "../harness/htserver.ts";
import { memoryBytes } from "../harness/process_watch.ts";
import { type Answer, spreadOf, spreadText } from "../harness/summary.ts";
import { writeFolder } from "./dataset.ts";
import { Redis } from "./redis.ts";
import type { Scale } from "./scale.ts";

const MAX_ROUNDS = 3;
const TARGET_BYTES = 200;

/** Garbage collections before memory is read, and the time for each, in milliseconds. */
const COLLECTIONS = 4;
const COLLECTION_MS = 400;

/** The memory of a process: resident, and as the process counts it. */
interface Footprint {
  readonly rssBytes: number;
  readonly ownBytes: number;
}

/** Measures both servers in turn. */
export async function memory({ keys, rounds }: Scale): Promise<Answer> {
  using checkpoint = new TemporaryFolder();
  writeFolder(checkpoint.path, "checkpoint", keys);
  const raw: Record<"ours" | "redis", { rss: number[]; own: number[] }> = {
    ours: { rss: [], own: [] },
    redis: { rss: [], own: [] },
  };
  for (let round = 0; round < Math.min(rounds, MAX_ROUNDS); round++) {
    for (const [name, measure] of [["ours", measureOurs], ["redis", measureRedis]] as const) {
      const [full, empty] = await measure(checkpoint.path, keys);
      raw[name].rss.push((full.rssBytes - empty.rssBytes) / keys);
      raw[name].own.push((full.ownBytes - empty.ownBytes) / keys);
    }
  }
  const rss = spreadOf(raw.ours.rss).median;
  const own = spreadOf(raw.ours.own).median;
  const row = (what: string, { rss, own }: { rss: number[]; own: number[] }) => [
    what,
    spreadText(rss, 0),
    spreadText(own, 0),
  ];
  return {
    question: `Memory per key at ${keys} keys of 10 bytes with values of 32`,
    columns: ["what", "resident, bytes per key", "by its own account"],
    rows: [
      row("htserver (own account: memory_bytes)", raw.ours),
      row("Redis (own account: used_memory)", raw.redis),
    ],
    verdicts: [
      {
        target: `at most ${TARGET_BYTES} bytes per key, all in`,
        measured: `${rss.toFixed(0)} bytes, ${
          (rss / spreadOf(raw.redis.rss).median).toFixed(2)
        } of Redis'`,
        isMet: rss <= TARGET_BYTES,
      },
      {
        target: "the table's own account is within a quarter of that",
        measured: `${own.toFixed(0)} bytes, ${(own / rss).toFixed(2)} of it`,
        isMet: Math.abs(own / rss - 1) <= 0.25,
      },
    ],
    raw,
  };
}

/** The memory of a server with the table, and of one without keys. */
type Footprints = readonly [full: Footprint, empty: Footprint];

async function measureOurs(folder: string): Promise<Footprints> {
  using empty = new TemporaryFolder();
  return [await footprintOfOurs(folder), await footprintOfOurs(empty.path)];
}

async function footprintOfOurs(folder: string): Promise<Footprint> {
  await using server = startHtserver(["--data", folder]);
  const port = await server.port();
  for (let count = 0; count < COLLECTIONS; count++) {
    server.kill("SIGUSR2");
    await sleep(COLLECTION_MS);
  }
  const client = await HtClient.connect(`127.0.0.1:${port}`);
  const { memory_bytes: ownBytes } = await client.info();
  await client.close();
  return { rssBytes: await memoryBytes(server.pid), ownBytes: Number(ownBytes) };
}

async function measureRedis(_folder: string, keys: number): Promise<Footprints> {
  using folder = new TemporaryFolder();
  await using server = await Redis.start({
    folder: folder.path,
    appendOnly: false,
    rdbPreamble: false,
  });
  const look = async () => ({
    rssBytes: await memoryBytes(server.program.pid),
    ownBytes: await server.info("memory", "used_memory"),
  });
  const empty = await look();
  await server.fill(keys);
  return [await look(), empty];
}
