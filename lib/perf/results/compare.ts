/** The comparison with an earlier run or sweep: each change, and whether it is more than noise. */
import { plainLine } from "../../base/quote.ts";
import { type Change, compareRuns } from "../analysis/change.ts";
import { type RawData, type Series, seriesOf, type SeriesPoint } from "./series.ts";
import { type SettingsDifference, settingsDifferences } from "./settings_diff.ts";
import { type OperationData, opsPerSecond } from "../measure/stage_data.ts";

/** A figure that is compared. */
type FigureName = "throughput" | "p99";

/** The change of one figure of one operation with one number of clients. */
interface FigureChange {
  readonly operation: string;
  readonly clients: number;
  readonly figure: FigureName;
  readonly oldRepeats: number;
  readonly newRepeats: number;
  readonly change: Change;
}

/** The comparison of two runs or sweeps. */
interface Comparison {
  /** Target, server and time of both, in words. */
  readonly before: string;
  readonly now: string;
  readonly differences: readonly SettingsDifference[];
  readonly compared: readonly FigureChange[];
  /** Points that only one of them has, such as `scan with 8, 12 clients`. */
  readonly onlyBefore: readonly string[];
  readonly onlyNow: readonly string[];
  /** Whether one of them ended early, so that its last figures are not complete. */
  readonly isIncomplete: boolean;
}

interface Figure {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly better: "higher" | "lower";
  /** Undefined if no operation succeeded. */
  readonly value: (measured: OperationData) => number | undefined;
}

const FIGURES: Readonly<Record<FigureName, Figure>> = {
  throughput: {
    title: "throughput",
    unit: "ops/s",
    digits: 1,
    better: "higher",
    value: opsPerSecond,
  },
  p99: {
    title: "p99",
    unit: "ms",
    digits: 3,
    better: "lower",
    value: ({ ops, latency }) => ops === 0 ? undefined : latency.p99Ms,
  },
};

const FIGURE_NAMES = ["throughput", "p99"] as const;

/** Compares points that have the same operation and number of clients. */
export function compareData(before: RawData, after: RawData): Comparison {
  const oldPoints = pointsOf(before);
  const newPoints = pointsOf(after);
  return {
    before: originText(before),
    now: originText(after),
    differences: settingsDifferences(before, after),
    compared: [...newPoints].flatMap(([name, { series, point }]) => {
      const earlier = oldPoints.get(name);
      if (earlier === undefined) return [];
      return FIGURE_NAMES.flatMap((figure) => {
        const { better, value } = FIGURES[figure];
        const values = (sums: readonly OperationData[]) => sums.flatMap((one) => value(one) ?? []);
        const [oldValues, newValues] = [values(earlier.point.sums), values(point.sums)];
        if (oldValues.length === 0 || newValues.length === 0) return [];
        return [{
          operation: series.name,
          clients: point.clients,
          figure,
          oldRepeats: oldValues.length,
          newRepeats: newValues.length,
          change: compareRuns(oldValues, newValues, { better }),
        }];
      });
    }),
    onlyBefore: onlyIn(oldPoints, newPoints),
    onlyNow: onlyIn(newPoints, oldPoints),
    isIncomplete: !before.complete || !after.complete,
  };
}

/** Formats the comparison as text: a heading, a line for each figure, then notes. */
export function comparisonLines(comparison: Comparison): string[] {
  const { before, now, differences, compared, onlyBefore, onlyNow, isIncomplete } = comparison;
  const lines = [`From ${before} to ${now}:`, ...compared.map(changeLine)];
  if (compared.length === 0) {
    lines.push("The two have no operation and number of clients in common");
  }
  if (compared.some(({ oldRepeats, newRepeats }) => Math.min(oldRepeats, newRepeats) === 1)) {
    lines.push(
      "Without repeats the noise is unknown, so these changes prove nothing: --sweep measures with repeats",
    );
  }
  if (onlyBefore.length > 0) lines.push(`Only measured before: ${onlyBefore.join("; ")}`);
  if (onlyNow.length > 0) lines.push(`Only measured now: ${onlyNow.join("; ")}`);
  if (isIncomplete) lines.push("One of the two ended early: its last figures may mislead");
  if (differences.length > 0) {
    const differencesText = differences.map(({ name, before, after }) =>
      `${name}: ${before}, now ${after}`
    );
    lines.push(
      `The settings differ, so the server is not the only cause of changes (${
        differencesText.join("; ")
      })`,
    );
  }
  // Names and texts can come from a foreign file, and must not control a terminal.
  return lines.map(plainLine);
}

function changeLine({ operation, clients, figure, ...rest }: FigureChange): string {
  const { title, unit, digits } = FIGURES[figure];
  const { change, oldRepeats, newRepeats } = rest;
  const number = (value: number) => value.toFixed(digits);
  return `${nameOf(operation, clients)}: ${title} ${number(change.oldMedian)} -> ${
    number(change.newMedian)
  } ${unit}, ${verdictText(change, Math.min(oldRepeats, newRepeats))}`;
}

/** The verdict with its interval; without repeats, only the change in percent. */
function verdictText(change: Change, repeats: number): string {
  if (repeats > 1) {
    return change.sentence.replace(/\.$/, "").replace(/^./, (first) => first.toLowerCase());
  }
  const { ratio } = change;
  const percent = ratio === null
    ? ""
    : `${ratio < 1 ? "-" : "+"}${(100 * Math.abs(ratio - 1)).toFixed(1)}%, `;
  return `${percent}noise unknown without repeats`;
}

function originText({ target, server, startedUnixMs }: RawData): string {
  const time = new Date(startedUnixMs).toISOString().replace(/\.\d+Z$/, "Z");
  // The texts can come from a foreign file, and must not control a terminal.
  return `${target} at ${server} (${time})`.replace(/[^\x20-\x7e]/g, "?");
}

interface MeasuredPoint {
  readonly series: Series;
  readonly point: SeriesPoint;
}

/** Describes the points that `others` lack, with one text for each operation. */
function onlyIn(
  some: ReadonlyMap<string, MeasuredPoint>,
  others: ReadonlyMap<string, MeasuredPoint>,
): string[] {
  const left = [...some].filter(([name]) => !others.has(name)).map(([, place]) => place);
  const byOperation = Map.groupBy(left, ({ series }) => series.name);
  return [...byOperation].map(([operation, places]) => {
    const clients = places.map(({ point }) => point.clients);
    return `${operation} with ${clients.join(", ")} client${clients.at(-1) === 1 ? "" : "s"}`;
  });
}

function pointsOf(data: RawData): Map<string, MeasuredPoint> {
  return new Map(
    seriesOf(data).flatMap((series) =>
      series.points.map((point) => [nameOf(series.name, point.clients), { series, point }])
    ),
  );
}

function nameOf(operation: string, clients: number): string {
  return `${operation} with ${clients} client${clients === 1 ? "" : "s"}`;
}
