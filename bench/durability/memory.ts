/** What does a key cost in memory, all in, against what the table reckons and against Redis? */
import { setTimeout } from "node:timers/promises";
import { HtClient } from "../../lib/client/client.ts";
import type { Program } from "../harness/program.ts";
import { KEYS, writeFolder } from "./dataset.ts";
import { startHtserver, TemporaryFolder } from "../harness/htserver.ts";
import { Redis } from "./redis.ts";
import { type Answered, spreadOf, spreadText } from "../harness/summary.ts";

const ROUNDS = 3;
const TARGET_BYTES = 200;

/** Collections of garbage before a process is looked at, and the time for each, in milliseconds. */
const COLLECTIONS = 4;
const COLLECTION_MS = 400;

/** Bytes of a process, and what it says itself. */
interface Footprint {
  readonly rssBytes: number;
  readonly ownBytes: number;
}

/** Measures each in turn, several times. */
export async function memory(): Promise<Answered> {
  using checkpoint = new TemporaryFolder();
  writeFolder(checkpoint.path, "checkpoint");
  const raw: Record<"ours" | "redis", { rss: number[]; own: number[] }> = {
    ours: { rss: [], own: [] },
    redis: { rss: [], own: [] },
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, measure] of [["ours", ours], ["redis", redis]] as const) {
      const { rss, own } = perKey(await measure(checkpoint.path));
      raw[name].rss.push(rss);
      raw[name].own.push(own);
    }
  }
  const rss = spreadOf(raw.ours.rss).median;
  const own = spreadOf(raw.ours.own).median;
  return {
    question: `Memory per key at ${KEYS} keys of 10 bytes with values of 32`,
    columns: ["what", "resident, bytes per key", "by its own account"],
    rows: [
      [
        "htserver (own account: memory_bytes)",
        spreadText(raw.ours.rss, 0),
        spreadText(raw.ours.own, 0),
      ],
      [
        "Redis (own account: used_memory)",
        spreadText(raw.redis.rss, 0),
        spreadText(raw.redis.own, 0),
      ],
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

/** With the table and without. */
type Footprints = readonly [full: Footprint, empty: Footprint];

function perKey([full, empty]: Footprints): { rss: number; own: number } {
  return {
    rss: (full.rssBytes - empty.rssBytes) / KEYS,
    own: (full.ownBytes - empty.ownBytes) / KEYS,
  };
}

async function ours(folder: string): Promise<Footprints> {
  using empty = new TemporaryFolder();
  return [await footprintOfOurs(folder), await footprintOfOurs(empty.path)];
}

async function footprintOfOurs(folder: string): Promise<Footprint> {
  await using server = startHtserver("--data", folder);
  const port = await server.port();
  for (let count = 0; count < COLLECTIONS; count++) {
    server.kill("SIGUSR2");
    await setTimeout(COLLECTION_MS);
  }
  const client = await HtClient.connect(`127.0.0.1:${port}`);
  const { memory_bytes: ownBytes } = await client.info();
  await client.close();
  return { rssBytes: residentBytes(server), ownBytes: Number(ownBytes) };
}

async function redis(): Promise<Footprints> {
  using folder = new TemporaryFolder();
  await using server = await Redis.start({
    folder: folder.path,
    appendOnly: false,
    rdbPreamble: false,
  });
  const look = async () => ({
    rssBytes: residentBytes(server.program),
    ownBytes: await server.info("memory", "used_memory"),
  });
  const empty = await look();
  await server.fill();
  return [await look(), empty];
}

/** As Linux counts it. */
function residentBytes({ pid }: Program): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(
    Deno.readTextFileSync(`/proc/${pid}/status`),
  ) ?? [];
  return Number(kibibytes) * 1024;
}
