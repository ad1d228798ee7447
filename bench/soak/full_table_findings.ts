/** The measurements of a full table, as in `docs/data/hardening/full_table.json`, and their verdicts. */
import type { Machine } from "../harness/machine.ts";
import { megabytes, type Verdict } from "./findings.ts";
import type { FullCounts } from "./full_client.ts";

/**
 * The bound of the resident memory beyond that of an empty server: this multiple of the limit (the
 * table and the gaps between its blocks), and these bytes (replies, requests and garbage).
 */
const MAX_RESIDENT_SHARE = 1.5;
const MAX_BESIDE_BYTES = 64_000_000;

/** A table is full from this share of its limit on. */
const FULL_SHARE = 0.9;

/** The place of the table. */
export type TablePlace = "memory" | "disk";

/** The measurements of one server, or of two in turn on one folder. */
export interface FullTableFigures {
  readonly keeping: TablePlace;
  readonly seconds: number;
  readonly counts: FullCounts;
  /** Resident memory before the first insert. */
  readonly emptyBytes: number;
  /** The peak of the resident memory. */
  readonly peakBytes: number;
  /** Resident memory before each check. */
  readonly residentBytes: readonly number[];
  /** Smallest and largest size of the full table, as the table counts it. */
  readonly leastTableBytes: number;
  readonly mostTableBytes: number;
  /** Comparisons of all keys with the model. */
  readonly checks: number;
  readonly restarts: number;
  readonly keys: number;
  readonly faults: readonly string[];
  readonly faultCount: number;
}

/** The results of a run. */
export interface FullTableFindings {
  readonly machine: Machine;
  readonly minutes: number;
  readonly seed: number;
  readonly limitBytes: number;
  readonly seen: readonly FullTableFigures[];
}

/** Judges a run. */
export function fullTableVerdicts({ limitBytes, seen }: FullTableFindings): Verdict[] {
  return seen.flatMap((one) => {
    const { counts, keeping, emptyBytes, peakBytes } = one;
    const bound = emptyBytes + MAX_RESIDENT_SHARE * limitBytes + MAX_BESIDE_BYTES;
    return [
      {
        what: `in ${keeping}: resident memory within that of an empty server, 1.5 limits and 64 MB`,
        found: `a peak of ${megabytes(peakBytes)} of ${megabytes(bound)} MB`,
        isGood: peakBytes <= bound,
      },
      {
        what: `in ${keeping}: the table stays full, and within its limit`,
        found: `${megabytes(one.leastTableBytes)} to ${megabytes(one.mostTableBytes)} of ` +
          `${megabytes(limitBytes)} MB`,
        isGood: one.leastTableBytes >= FULL_SHARE * limitBytes && one.mostTableBytes <= limitBytes,
      },
      {
        what: `in ${keeping}: every kind of operation was run`,
        found: Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", "),
        isGood: Object.values(counts).every((count) => count > 0),
      },
      {
        what: `in ${keeping}: the server runs, and its table is that of the model`,
        found: one.faultCount === 0
          ? `${one.keys} keys at the end, ${one.checks} checks, ${one.restarts} restarts`
          : `${one.faultCount} faults, first: ${one.faults[0]}`,
        isGood: one.faultCount === 0 && one.checks > 0 &&
          one.restarts === (keeping === "disk" ? 1 : 0),
      },
    ];
  });
}
