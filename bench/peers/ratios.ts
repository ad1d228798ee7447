/** The throughput of a server relative to that of its rivals. */
import { type Spread, spreadOf } from "../harness/summary.ts";
import type { Cell, Rival } from "./cells.ts";
import type { LoadResult } from "../load/generator.ts";
import type { PeerName } from "./peer.ts";
import { forEachFigure } from "./raw_data.ts";
import type { Stage } from "./rounds.ts";

/** Whether the median meets the targets; empty without targets. */
export type Verdict = "aim reached" | "met" | "MISSED" | "";

/** A subject and one rival in one cell. */
export interface Ratio {
  readonly cell: string;
  readonly subject: PeerName;
  readonly rival: PeerName;
  readonly must: number | undefined;
  readonly aim: number | undefined;
  /** Ratios of all rounds. The two stages of a ratio are of one round, so they ran at about one time. */
  readonly spread: Spread;
  /** The same for requests per second of the server's processor time: the cost, not the speed. */
  readonly byCpu: Spread;
  readonly verdict: Verdict;
}

/** The ratios of all cells. A rival that was not measured is left out. */
export function ratiosOf(cells: readonly Cell[], stages: readonly Stage[]): Ratio[] {
  return cells.flatMap((cell) =>
    cell.rivals.flatMap((rival) => {
      const ratio = ratioOf(cell, rival, stages);
      return ratio ? [ratio] : [];
    })
  );
}

function ratioOf({ name, subject }: Cell, rival: Rival, stages: readonly Stage[]) {
  const { peer, must, aim } = rival;
  const of = (figure: Figure) => ratiosByRound(stages, name, [subject, peer], figure);
  const ratios = of(({ perSecond }) => perSecond);
  if (ratios.length === 0) return undefined;
  const spread = spreadOf(ratios);
  const byCpu = spreadOf(of(({ perSecond, serverCpu }) => perSecond / serverCpu));
  const verdict = verdictOn(spread.median, must, aim);
  return { cell: name, subject, rival: peer, must, aim, spread, byCpu, verdict };
}

type Figure = (result: LoadResult) => number;

function ratiosByRound(
  stages: readonly Stage[],
  cell: string,
  [above, below]: readonly [PeerName, PeerName],
  figure: Figure,
): number[] {
  const byRound = (peer: PeerName) =>
    new Map(
      stages.filter((stage) => stage.cell === cell && stage.peer === peer)
        .map(({ round, result }) => [round, figure(result)]),
    );
  const rivals = byRound(below);
  return [...byRound(above)].flatMap(([round, value]) => {
    const rival = rivals.get(round);
    return rival === undefined ? [] : [value / rival];
  });
}

/** Compares a value with its targets. A larger value is better. */
export function verdictOn(value: number, must?: number, aim?: number): Verdict {
  if (must === undefined) return "";
  if (!(value >= must)) return "MISSED";
  return aim !== undefined && value >= aim ? "aim reached" : "met";
}

/** The medians of a server in a cell; undefined if it was not measured. */
export function mediansOf(
  stages: readonly Stage[],
  cell: string,
  peer: PeerName,
): LoadResult | undefined {
  const results = stages.filter((stage) => stage.cell === cell && stage.peer === peer)
    .map(({ result }) => result);
  if (results.length === 0) return undefined;
  return forEachFigure((figure) => spreadOf(results.map((result) => result[figure])).median);
}
