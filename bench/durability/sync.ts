/** Is it better to sync inline or in the background, at how many clients, on which disk? */
import { TemporaryFolder } from "../harness/htserver.ts";
import { runLoad } from "./load_process.ts";
import { startServer } from "./server_process.ts";
import { type Answered, percentile, spreadOf, spreadText } from "../harness/summary.ts";

const ROUNDS = 3;
const CLIENTS = [1, 8, 64, 200];
const SECONDS = 0.6;

/** Milliseconds of a simulated sync; 0: the disk's own. */
const DISKS_MS = [0, 5];

/** Of one way at one number of clients on one disk, in each round. */
interface Case {
  readonly syncMs: number;
  readonly clients: number;
  readonly sync: "inline" | "background";
  readonly perSecond: number[];
  readonly p50Ms: number[];
  readonly p99Ms: number[];
}

/** Runs both ways by turns. */
export async function sync(): Promise<Answered> {
  const cases: Case[] = [];
  for (const syncMs of DISKS_MS) cases.push(...await onDisk(syncMs));
  const pairs = DISKS_MS.flatMap((syncMs) =>
    CLIENTS.map((clients) => {
      const of = (sync: string) =>
        cases.find((one) => one.syncMs === syncMs && one.clients === clients && one.sync === sync);
      return { syncMs, clients, inline: of("inline"), background: of("background") };
    })
  );
  return {
    question: "Syncing inline or in the background",
    columns: [
      "sync",
      "clients",
      "inline, inserts/s",
      "background, inserts/s",
      "inline/background",
      "p50, ms",
      "p99, ms",
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

async function onDisk(syncMs: number): Promise<Case[]> {
  using inlineFolder = new TemporaryFolder();
  using backgroundFolder = new TemporaryFolder();
  await using inline = startServer({ folder: inlineFolder.path, sync: "inline", syncMs });
  await using background = startServer({
    folder: backgroundFolder.path,
    sync: "background",
    syncMs,
  });
  const servers = [["inline", await inline.port()], [
    "background",
    await background.port(),
  ]] as const;
  const cases = CLIENTS.flatMap((clients) =>
    servers.map(([sync, port]) => ({
      port,
      result: { syncMs, clients, sync, perSecond: [], p50Ms: [], p99Ms: [] } as Case,
    }))
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const { port, result } of cases) {
      const load = { port, inserting: result.clients, lookingUp: 0, mixed: 0, keys: 0 };
      const { inserts } = await runLoad({ ...load, seconds: SECONDS, warmupSeconds: 0.2 });
      const tookMs = inserts.tookMs.toSorted();
      result.perSecond.push(tookMs.length / SECONDS);
      result.p50Ms.push(percentile(tookMs, 0.5));
      result.p99Ms.push(percentile(tookMs, 0.99));
    }
  }
  return cases.map(({ result }) => result);
}

/** Round by round: both were measured at about the same time. */
function ratios(above: readonly number[] = [], below: readonly number[] = []): number[] {
  return above.map((value, round) => value / (below[round] ?? NaN));
}

function both(inline: readonly number[] = [], background: readonly number[] = []): string {
  return `${spreadOf(inline).median.toFixed(2)} / ${spreadOf(background).median.toFixed(2)}`;
}
