/** The rounds of a run: all cells run in each round, so that the machine's drift affects all servers alike. */
import type { Problems } from "../harness/problems.ts";
import type { Random } from "../harness/random.ts";
import { interleave } from "../harness/rounds.ts";
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
 * Runs all rounds; see `interleave`.
 *
 * @param peers the servers that run; others are left out
 * @param signal ends the rounds; the measurements until then are returned
 */
export async function runRounds(
  generator: { run(peer: Peer, load: Load): Promise<LoadResult> },
  peers: ReadonlyMap<PeerName, Peer>,
  { keys, warmUpS, durationS, ...plan }: Plan,
  problems: Problems,
  signal: AbortSignal,
  onRound: (round: number) => void,
): Promise<Stage[]> {
  const stages: Stage[] = [];
  const measure = async (cell: Cell, name: PeerName, round: number) => {
    const peer = peers.get(name);
    if (peer === undefined) return;
    const { connections, inFlight, inserts } = cell;
    const load = { connections, inFlight, inserts, keys, warmUpS, durationS };
    const result = await generator.run(peer, load);
    stages.push({ cell: cell.name, peer: name, round, result });
  };
  await interleave({ ...plan, namesOf: peersOf }, measure, problems, signal, onRound);
  return stages;
}
