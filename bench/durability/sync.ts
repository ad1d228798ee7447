/** A comparison of inline and background syncs, by the number of clients, on two disks. */
import { TemporaryFolder } from "../harness/folders.ts";
import { type Answer, spreadOf, spreadText } from "../harness/summary.ts";
import { Generator } from "../load/generator.ts";
import type { Scale } from "./scale.ts";
import { startServer, targetOf } from "./server_process.ts";

/** A round has 16 loads, so 3 rounds are enough. */
const MAX_ROUNDS = 3;

const CLIENTS = [1, 8, 64, 200];

/** The time of a simulated sync in milliseconds; 0: that of the disk. */
const DISKS_MS = [0, 5];

/** The time limit of all loads of a disk, in milliseconds. */
const LIMIT_MS = 120_000;

/** The rounds of one way to sync, with one number of clients, on one disk. */
interface Case {
  readonly syncMs: number;
  readonly clients: number;
  readonly sync: "inline" | "background";
  readonly perSecond: number[];
  readonly p50Ms: number[];
  readonly p99Ms: number[];
}

/** Loads a server with inline syncs and one with background syncs in turn. */
export async function sync(scale: Scale): Promise<Answer> {
  const cases: Case[] = [];
  for (const syncMs of DISKS_MS) cases.push(...await runDisk(syncMs, scale));
  const pairs = DISKS_MS.flatMap((syncMs) =>
    CLIENTS.map((clients) => {
      const of = (sync: string) =>
        cases.find((one) => one.syncMs === syncMs && one.clients === clients && one.sync === sync);
      return { syncMs, clients, inline: of("inline"), background: of("background") };
    })
  );
  return {
    question: "Inline and background syncs",
    columns: [
      ...["sync", "clients", "inline, inserts/s", "background, inserts/s", "inline/background"],
      ...["p50, ms", "p99, ms"],
    ],
    rows: pairs.map(({ syncMs, clients, inline, background }) => [
      syncMs === 0 ? "the disk's own" : `${syncMs} ms`,
      String(clients),
      spreadText(inline?.perSecond ?? [], 0),
      spreadText(background?.perSecond ?? [], 0),
      spreadText(ratios(inline?.perSecond, background?.perSecond), 2),
      both(inline?.p50Ms, background?.p50Ms),
      both(inline?.p99Ms, background?.p99Ms),
    ]),
    verdicts: [],
    raw: cases,
  };
}

async function runDisk(syncMs: number, { rounds, loadS }: Scale): Promise<Case[]> {
  using inlineFolder = new TemporaryFolder();
  using backgroundFolder = new TemporaryFolder();
  await using inline = startServer({ folder: inlineFolder.path, sync: "inline", syncMs });
  await using background = startServer({
    folder: backgroundFolder.path,
    sync: "background",
    syncMs,
  });
  const generator = await Generator.compile(inlineFolder.path, AbortSignal.timeout(LIMIT_MS));
  const servers = [
    ["inline", await targetOf(inline)],
    ["background", await targetOf(background)],
  ] as const;
  const cases = CLIENTS.flatMap((clients) =>
    servers.map(([sync, target]) => ({
      target,
      result: { syncMs, clients, sync, perSecond: [], p50Ms: [], p99Ms: [] } as Case,
    }))
  );
  for (let round = 0; round < Math.min(rounds, MAX_ROUNDS); round++) {
    for (const { target, result } of cases) {
      const came = await generator.run(target, {
        connections: result.clients,
        inFlight: 1,
        inserts: 100,
        keys: 1_000_000,
        warmUpS: 0.2 * loadS,
        durationS: 0.6 * loadS,
      });
      result.perSecond.push(came.perSecond);
      result.p50Ms.push(came.p50Us / 1e3);
      result.p99Ms.push(came.p99Us / 1e3);
    }
  }
  return cases.map(({ result }) => result);
}

/** Computes the ratio of each round. The two loads of a round ran at about the same time. */
function ratios(above: readonly number[] = [], below: readonly number[] = []): number[] {
  return above.map((value, round) => value / (below[round] ?? NaN));
}

function both(inline: readonly number[] = [], background: readonly number[] = []): string {
  return `${spreadOf(inline).median.toFixed(2)} / ${spreadOf(background).median.toFixed(2)}`;
}
