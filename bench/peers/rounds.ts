/** The rounds of a run: all cells run in each round, so that the machine's drift affects all servers alike. */
import type { Problems } from "../harness/problems.ts";
import type { Random } from "../harness/random.ts";
import type { Generator, Load, LoadResult } from "../load/generator.ts";
import { type Cell, peersOf } from "./cells.ts";
import type { Peer, PeerName } from "./peer.ts";

/** The load before the first round, which makes the servers compile their code. */
const WARM_UP = { connections: 50, inFlight: 16, warmUpS: 0, durationS: 0.5 } as const;

/** The plan of the rounds. */
export interface Plan {
  readonly cells: readonly Cell[];
  /** Keys of the tables. */
  readonly keys: number;
  readonly rounds: number;
  /** By `performance.now()`. A round that would end later is left out, except the first. */
  readonly endMs: number;
  /** The warm-up and the length of each stage, in seconds. */
  readonly warmUpS: number;
  readonly durationS: number;
  /** Chooses the order. */
  readonly random: Random;
}

/** One server under the load of one cell, once. */
export interface Stage {
  readonly cell: string;
  readonly peer: PeerName;
  readonly round: number;
  readonly result: LoadResult;
}

/** Fills a server, and makes it compile its code. */
export async function prepare(generator: Generator, peer: Peer, keys: number): Promise<void> {
  // The durable Python server would need half a minute to sync each key. No cell looks keys up there.
  const isFilled = peer.name !== "Python, durable";
  if (isFilled) await generator.preload(peer, keys);
  await generator.run(peer, { ...WARM_UP, keys, inserts: isFilled ? 50 : 100 });
}

/**
 * Runs all rounds. A round runs all cells, and a cell all its servers, both in random order. A server
 * that fails is left out from then on.
 *
 * @param problems receives the servers that failed, and the rounds that there was no time for
 * @param signal ends the rounds; the measurements until then are returned
 * @param onRound called with the number of each finished round
 */
export async function runRounds(
  generator: { run(peer: Peer, load: Load): Promise<LoadResult> },
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

/** The items in random order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}
