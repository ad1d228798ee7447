/** Measures a series: points that need the same table in rounds, then those that need the next one. */
import { messageOf } from "../../lib/base/errors.ts";
import type { Random } from "../../tests/helpers/random.ts";
import type { LoadResult } from "../peers/generator.ts";
import type { Peer, PeerName } from "../peers/peer.ts";
import { shuffled } from "../peers/rounds.ts";
import type { RunningPeer } from "../peers/servers.ts";
import type { Site } from "../peers/site.ts";
import type { Point, Series } from "./series.ts";

/** One server under the load of one point. */
export interface Measured {
  readonly series: string;
  readonly server: PeerName;
  readonly operation: Point["operation"];
  readonly x: number;
  /** One for each round. */
  readonly results: readonly LoadResult[];
  /** Why there are fewer. */
  readonly problem?: string;
}

/** How to measure. */
export interface Plan {
  readonly rounds: number;
  readonly random: Random;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Starts the servers that are installed, and measures all points. */
export async function measureSeries(
  site: Site,
  { name, servers, points }: Series,
  plan: Plan,
): Promise<Measured[]> {
  await using stack = new AsyncDisposableStack();
  const peers: RunningPeer[] = [];
  for (const server of servers) {
    if (await site.canStart(server)) peers.push(stack.use(await site.start(server)));
  }
  const measured: Measured[] = [];
  for (const group of Map.groupBy(points, tableOf).values()) {
    for (const one of await measureGroup(site, peers, group, plan)) {
      measured.push({ series: name, ...one });
    }
  }
  return measured;
}

/** What a point's table is made of: points that have it in common need it once. */
function tableOf({ load: { keys, valueBytes } }: Point): string {
  return `${keys} ${valueBytes}`;
}

type Row = Omit<Measured, "series">;

async function measureGroup(
  site: Site,
  peers: readonly Peer[],
  points: readonly Point[],
  { rounds, random, signal }: Plan,
): Promise<Row[]> {
  const rows = points.flatMap((point) =>
    peers.map((peer) => ({ peer, point, results: [] as LoadResult[], problem: "" }))
  );
  const attempt = async (of: readonly (typeof rows)[number][], work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      signal.throwIfAborted();
      for (const row of of) row.problem ||= messageOf(error);
    }
  };
  const [{ load: { keys, valueBytes } }] = points as [Point]; // a group is never empty
  for (const peer of peers) {
    if (peer.protocol === "echo") continue;
    await attempt(rows.filter((row) => row.peer === peer), async () => {
      await site.generator.preload(peer, keys, valueBytes);
    });
  }
  for (let round = 0; round < rounds; round++) {
    for (const row of shuffled(rows, random)) {
      if (row.problem) continue;
      await attempt([row], async () => {
        row.results.push(await site.generator.run(row.peer, row.point.load));
      });
    }
  }
  return rows.map(({ peer, point: { x, operation }, results, problem }) => ({
    server: peer.name,
    operation,
    x,
    results,
    ...(problem ? { problem } : {}),
  }));
}
