/** One part of a run as a multiple of another. */
import type { Operation } from "../../lib/perf/workload/operation.ts";
import { spreadOf } from "../harness/summary.ts";
import type { Findings, PartName } from "./report_data.ts";
import { pointWith, seriesOf, seriesWith } from "./series.ts";

/** One part by another, of one operation. */
export interface Ratios {
  readonly operation: Operation;
  /** With one client, and with the most that both have. */
  readonly first: number;
  readonly last: number;
  readonly mostClients: number;
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Compares the sums of all clients, for each operation and number of clients that both have. */
export function ratiosOf(findings: Findings, above: PartName, below: PartName): Ratios[] {
  return seriesOf(findings, above).flatMap((series) => {
    const other = seriesWith(findings, below, series.operation);
    const pairs = series.points.flatMap(({ clients, sum }) => {
      const beside = pointWith(other, clients);
      return beside === undefined ? [] : [{ clients, ratio: sum / beside.sum }];
    });
    const [first] = pairs;
    const last = pairs.at(-1);
    if (first === undefined || last === undefined) return [];
    const { median, min, max } = spreadOf(pairs.map(({ ratio }) => ratio));
    return [{
      operation: series.operation,
      first: first.ratio,
      last: last.ratio,
      mostClients: last.clients,
      median,
      least: min,
      most: max,
    }];
  });
}
