/** The tables of docs/PERFORMANCE.md. */
import { type Cell, peersOf } from "./cells.ts";
import { spreadOf, spreadText } from "../harness/summary.ts";
import { percent, type Table } from "../harness/tables.ts";
import type { GeneratorCheck, GeneratorRound } from "./generator_check.ts";
import { type LimitFigure, limitTexts, limitVerdict, withUnit } from "./limits.ts";
import { mediansOf, type Ratio } from "./ratios.ts";
import type { Stage } from "./rounds.ts";

/** Each ratio with its targets. */
export function ratioTable(ratios: readonly Ratio[]): Table {
  return {
    heading: [
      ...["cell", "against", "verdict", "ratio", "least to most", "must", "aim"],
      "by processor time",
    ],
    rows: ratios.map(({ cell, rival, spread, byCpu, must, aim, verdict }) => [
      cell,
      rival,
      verdict,
      times(spread.median, 3), // Two digits would show 0.849 as the 0.85 that it misses.
      `${times(spread.min)} to ${times(spread.max)}`,
      times(must),
      times(aim),
      times(byCpu.median),
    ]),
    words: 3,
  };
}

/** The medians of each server in each cell. */
export function figureTable(cells: readonly Cell[], stages: readonly Stage[]): Table {
  const rows = cells.flatMap((cell) =>
    peersOf(cell).flatMap((peer) => {
      const medians = mediansOf(stages, cell.name, peer);
      if (!medians) return [];
      const { perSecond, p50Us, p99Us, p999Us, maxUs, serverCpu, loadBusy } = medians;
      return [[
        cell.name,
        peer,
        thousands(perSecond),
        ...[p50Us, p99Us, p999Us, maxUs].map((us) => (us / 1e3).toFixed(3)),
        percent(serverCpu),
        percent(loadBusy),
      ]];
    })
  );
  // deno-fmt-ignore
  const heading = [
    "cell", "server", "1,000 requests/s", "p50, ms", "p99, ms", "p99.9, ms", "longest, ms",
    "server's core", "generator's core",
  ];
  return { heading, rows, words: 2 };
}

/** The figures of htserver alone. */
export function limitTable(figures: readonly LimitFigure[]): Table {
  return {
    heading: ["cell", "verdict", "measured", "least to most", "must", "aim"],
    rows: figures.map((figure) => [
      figure.cell,
      limitVerdict(figure),
      ...limitTexts(figure),
      withUnit(figure.must, figure.unit),
      withUnit(figure.aim, figure.unit),
    ]),
    words: 2,
  };
}

/** The load generator and that of Redis. */
export function generatorTable(checks: readonly GeneratorCheck[]): Table {
  const heading = [
    "GET, 1,000 requests/s",
    "generator",
    "its core",
    "Redis' core",
    "in batches",
    "redis-benchmark",
    "in batches / redis-benchmark",
  ];
  const rows = checks.map(({ inFlight, rounds }) => {
    const median = (figure: keyof GeneratorRound) =>
      spreadOf(rounds.map((round) => round[figure])).median;
    return [
      `50 connections x ${inFlight}`,
      thousands(median("ownPerSecond")),
      percent(median("loadBusy")),
      percent(median("serverCpu")),
      thousands(median("inBatchesPerSecond")),
      thousands(median("redisBenchmarkPerSecond")),
      spreadText(
        rounds.map(({ inBatchesPerSecond, redisBenchmarkPerSecond }) =>
          inBatchesPerSecond / redisBenchmarkPerSecond
        ),
        2,
      ),
    ];
  });
  return { heading, rows, words: 1 };
}

/** A ratio, as in `0.85x`. */
function times(ratio: number | undefined, digits = 2): string {
  return ratio === undefined ? "" : `${ratio.toFixed(digits)}x`;
}

function thousands(count: number): string {
  return (count / 1e3).toFixed(1);
}
