/** The measurement of a series in rounds, with a server for each table that its points need. */
import { sleep } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import type { Random } from "../harness/random.ts";
import type { Load, LoadResult } from "../load/generator.ts";
import { OutOfTime } from "../harness/interrupt.ts";
import type { Peer, PeerName } from "../peers/peer.ts";
import { figuresByName } from "../peers/raw_data.ts";
import { shuffled } from "../harness/rounds.ts";
import { missingFor } from "../peers/servers.ts";
import type { Workspace } from "../peers/workspace.ts";
import type { ScalePoint } from "./figures.ts";
import type { Point, Series } from "./series.ts";

/** Options of a measurement. */
export interface Plan {
  /** Maximum number of rounds. */
  readonly rounds: number;
  readonly random: Random;
  /** Ends the measurement. */
  readonly signal: AbortSignal;
  /** Reports progress. */
  readonly say: (what: string) => void;
}

/** One server under the load of one point, during the measurement. */
interface Row {
  readonly point: Point;
  readonly server: PeerName;
  readonly results: LoadResult[];
  /** Undefined if `problem` has a reason. */
  peer: Peer | undefined;
  problem: string;
}

/** The share of the time of a series after which no further table is filled. */
const FILLING_SHARE = 0.65;

/** An upper bound for the memory of a key without its value, in any of the servers. */
const KEY_BYTES = 200;

/** A load that makes a fresh server compile its code. The echo accepts it too. */
const WARM_UP = { connections: 8, inFlight: 8, inserts: 50, warmUpS: 0, durationS: 0.4 } as const;

/** The time for a server to close a connection, before the next load. */
const SETTLE_MS_BY_CONNECTION = 0.05;

/** Starts and fills the servers that are installed, and measures all points in rounds. */
export async function measureSeries(
  workspace: Workspace,
  { name, points, maxS }: Series,
  { rounds, random, signal, say }: Plan,
): Promise<ScalePoint[]> {
  const beganMs = performance.now();
  const passedS = () => (performance.now() - beganMs) / 1e3;
  await using stack = new AsyncDisposableStack();
  const rows = points.toSorted((a, b) => a.x - b.x).flatMap((point) =>
    point.servers.map((server): Row => ({
      point,
      server,
      results: [],
      peer: undefined,
      problem: "",
    }))
  );
  for (const group of Map.groupBy(rows, tableOf).values()) {
    await attempt(group, signal, async ([{ server, point: { load } }]) => {
      if (missingFor(server) !== undefined) throw new Error("it is not installed");
      if (passedS() > maxS * FILLING_SHARE) throw new Error("there was no time to fill it");
      const peer = stack.use(await workspace.start(server));
      await fill(workspace, peer, load);
      for (const row of group) row.peer = peer;
    });
  }
  say(`${name}: the servers are ready`);
  let longestS = 0;
  for (let round = 1; round <= rounds; round++) {
    const roundBeganS = passedS();
    // The first round goes in the order of x, so that memory does not include that of larger points.
    for (const row of round === 1 ? rows : shuffled(rows, random)) {
      const { peer, point: { load } } = row;
      if (!peer || row.problem) continue;
      await attempt([row], signal, async () => {
        row.results.push(await workspace.generator.run(peer, load));
        await sleep(load.connections * SETTLE_MS_BY_CONNECTION, signal);
      });
    }
    say(`${name}: round ${round} of at most ${rounds}`);
    longestS = Math.max(longestS, passedS() - roundBeganS);
    if (passedS() + longestS > maxS) break;
  }
  return rows.map(({ point: { x, variant, load }, server, results, problem }) => ({
    series: name,
    server,
    variant,
    x,
    valueBytes: load.valueBytes ?? 32,
    ...figuresByName(results),
    ...(problem ? { problem } : {}),
  }));
}

/** The table of a row. Rows with the same table share a server. */
function tableOf({ server, point: { load: { keys, valueBytes } } }: Row): string {
  return server === "Deno echo" ? server : JSON.stringify([server, keys, valueBytes]);
}

async function fill({ generator }: Workspace, peer: Peer, { keys, valueBytes = 32 }: Load) {
  if (peer.protocol !== "echo") {
    const neededBytes = keys * (valueBytes + KEY_BYTES);
    const { available } = Deno.systemMemoryInfo();
    if (neededBytes > available) {
      throw new Error(
        `it may need ${(neededBytes / 1e9).toFixed(1)} GB of memory, ` +
          `and there are ${(available / 1e9).toFixed(1)}`,
      );
    }
    await generator.preload(peer, keys, valueBytes);
  }
  await generator.run(peer, { ...WARM_UP, keys, valueBytes });
}

/** Runs work on rows. A failure, or a lack of time, becomes their problem. Ctrl-C ends everything. */
async function attempt(
  rows: Row[],
  signal: AbortSignal,
  work: (rows: [Row, ...Row[]]) => Promise<void>,
): Promise<void> {
  try {
    await work(rows as [Row, ...Row[]]); // A group is never empty.
  } catch (error) {
    if (signal.aborted && !(signal.reason instanceof OutOfTime)) throw error;
    for (const row of rows) row.problem = messageOf(error);
  }
}
