/** Measures a series: a server for each table that its points need, all points in rounds. */
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../lib/base/errors.ts";
import type { Random } from "../harness/random.ts";
import type { Load, LoadResult } from "../harness/generator.ts";
import { OutOfTime } from "../harness/interrupt.ts";
import type { Peer, PeerName } from "../harness/peer.ts";
import { figuresByName } from "../harness/raw_data.ts";
import { shuffled } from "../harness/rounds.ts";
import type { Site } from "../harness/workspace.ts";
import type { ScalePoint } from "./figures.ts";
import type { Point, Series } from "./series.ts";

/** How to measure. */
export interface Plan {
  /** At most. */
  readonly rounds: number;
  readonly random: Random;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Is told what has been done. */
  readonly say: (what: string) => void;
}

/** One server under the load of one point, while it is measured. */
interface Row {
  readonly point: Point;
  readonly server: PeerName;
  readonly results: LoadResult[];
  /** What has the load; undefined where `problem` says why. */
  peer: Peer | undefined;
  problem: string;
}

/** Of a series' time, what may pass before the last of its tables begins to be filled. */
const FILLING_SHARE = 0.65;

/** What a key takes beside its value, in any of the servers, generously. */
const KEY_BYTES = 200;

/** So that a fresh server has compiled what it needs; an echo takes it, too. */
const WARM_UP = { connections: 8, inFlight: 8, inserts: 50, warmUpS: 0, durationS: 0.4 } as const;

/** How long a server may take to let go of a connection, before the next one is measured. */
const SETTLE_MS_BY_CONNECTION = 0.05;

/** Starts the servers that are installed, fills them, and measures all points in rounds. */
export async function measureSeries(
  site: Site,
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
      if (!await site.canStart(server)) throw new Error("it is not installed");
      if (passedS() > maxS * FILLING_SHARE) throw new Error("there was no time to fill it");
      const peer = stack.use(await site.start(server));
      await fill(site, peer, load);
      for (const row of group) row.peer = peer;
    });
  }
  say(`${name}: the servers are ready`);
  let longestS = 0;
  for (let round = 1; round <= rounds; round++) {
    const roundBeganS = passedS();
    // First as x grows, so that a server's memory is that of what it has had so far.
    for (const row of round === 1 ? rows : shuffled(rows, random)) {
      const { peer, point: { load } } = row;
      if (!peer || row.problem) continue;
      await attempt([row], signal, async () => {
        row.results.push(await site.generator.run(peer, load));
        await delay(load.connections * SETTLE_MS_BY_CONNECTION, undefined, { signal });
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

/** What a server has to hold: rows that have it in common are measured on one server. */
function tableOf({ server, point: { load: { keys, valueBytes } } }: Row): string {
  return server === "Deno echo" ? server : JSON.stringify([server, keys, valueBytes]);
}

async function fill({ generator }: Site, peer: Peer, { keys, valueBytes = 32 }: Load) {
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

/** What fails, or would come too late, is a finding about these rows; Ctrl-C ends all. */
async function attempt(
  rows: Row[],
  signal: AbortSignal,
  work: (rows: [Row, ...Row[]]) => Promise<void>,
): Promise<void> {
  try {
    await work(rows as [Row, ...Row[]]); // there is always one
  } catch (error) {
    if (signal.aborted && !(signal.reason instanceof OutOfTime)) throw error;
    for (const row of rows) row.problem = messageOf(error);
  }
}
