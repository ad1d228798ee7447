/** Runs cells in rounds, so that the machine's drift hits all servers alike. */
import type { Random } from "./random.ts";
import type { Problems } from "./problems.ts";
import { type Cell, peersOf } from "../peers/cells.ts";
import type { Generator, LoadResult } from "./generator.ts";
import type { Peer, PeerName } from "./peer.ts";

/** A load to let everything be compiled, before the first round. */
const WARM_UP = { connections: 50, inFlight: 16, warmUpS: 0, durationS: 0.5 } as const;

/** How to run them. */
export interface Plan {
  readonly cells: readonly Cell[];
  /** Keys of the tables. */
  readonly keys: number;
  readonly rounds: number;
  /** As `performance.now()`: a round that would not be over by then is left out, except the first. */
  readonly endMs: number;
  /** Of each stage, in seconds. */
  readonly warmUpS: number;
  readonly durationS: number;
  /** Chooses the order. */
  readonly random: Random;
}

/** One server under one cell's load, once. */
export interface Stage {
  readonly cell: string;
  readonly peer: PeerName;
  readonly round: number;
  readonly result: LoadResult;
}

/** Fills a server, and lets it be compiled. */
export async function prepare(generator: Generator, peer: Peer, keys: number): Promise<void> {
  // Python would take half a minute to have each key on the disk, and is asked for none.
  const isAsked = peer.name !== "Python, durable";
  if (isAsked) await generator.preload(peer, keys);
  await generator.run(peer, { ...WARM_UP, keys, inserts: isAsked ? 50 : 100 });
}

/**
 * Runs all rounds. In each round every cell has its turn, and in each cell every server that there is,
 * both in an order of their own. A server that fails has no further turns; the others have.
 *
 * @param problems takes the servers that failed, and what there was no time for
 * @param signal ends it; what was measured by then is kept
 * @param onRound is told the number of each round that is over
 */
export async function runRounds(
  generator: Pick<Generator, "run">,
  peers: ReadonlyMap<PeerName, Peer>,
  { cells, keys, rounds, endMs, warmUpS, durationS, random }: Plan,
  problems: Problems,
  signal: AbortSignal,
  onRound: (round: number) => void,
): Promise<Stage[]> {
  const stages: Stage[] = [];
  const failed = new Set<PeerName>();
  for (let round = 1; round <= rounds; round++) {
    const beganMs = performance.now();
    for (const cell of shuffled(cells, random)) {
      const { connections, inFlight, inserts } = cell;
      for (const name of shuffled(peersOf(cell), random)) {
        const peer = peers.get(name);
        if (!peer || failed.has(name)) continue;
        const load = { connections, inFlight, inserts, keys, warmUpS, durationS };
        try {
          const result = await generator.run(peer, load);
          stages.push({ cell: cell.name, peer: name, round, result });
        } catch (error) {
          problems.add(signal.aborted ? `round ${round}` : `${name}, ${cell.name}`, error, signal);
          if (signal.aborted) return stages;
          failed.add(name);
        }
      }
    }
    onRound(round);
    const tookMs = performance.now() - beganMs;
    if (performance.now() + tookMs > endMs) break;
  }
  return stages;
}

/** The same in an order by chance. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}
