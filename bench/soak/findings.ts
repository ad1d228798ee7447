/** The measurements of a soak, as in `docs/data/hardening/soak.json`, and their verdicts. */
import type { Machine } from "../harness/machine.ts";
import { isFlat, type Point, type Slope, slopeOf, warm } from "./slope.ts";
import type { Holdings } from "./watched_server.ts";

/** The server during work. */
export interface Sample {
  /** Seconds since the start. */
  readonly atS: number;
  readonly residentBytes: number;
  readonly clients: number;
  readonly handles: number;
  readonly threads: number;
  /** Files in the data folder, and their bytes. */
  readonly files: number;
  readonly fileBytes: number;
}

/** The server at rest: only the steady clients are connected, idle, after a garbage collection. */
export interface Rest extends Holdings {
  readonly atS: number;
  readonly clients: number;
  readonly keys: number;
  readonly files: number;
}

/** The results of a run. */
export interface Findings {
  readonly machine: Machine;
  readonly minutes: number;
  readonly seed: number;
  /** Operations of the steady clients. */
  readonly operations: number;
  /** Connections of visitors. */
  readonly visits: number;
  /** Connections that were rejected, and floods of connections. */
  readonly busy: number;
  readonly rushes: number;
  /** Checkpoints that were seen. There may have been more. */
  readonly checkpoints: number;
  /** The first faults, and the number of all. */
  readonly faults: readonly string[];
  readonly faultCount: number;
  /** Some of the samples. */
  readonly samples: readonly Sample[];
  readonly rests: readonly Rest[];
}

/** The verdict on one question. */
export interface Verdict {
  readonly what: string;
  readonly found: string;
  readonly isGood: boolean;
}

/** Slopes in bytes per hour, over the last two thirds of the time. */
export interface Slopes {
  /** Resident memory at rest, after a garbage collection. */
  readonly atRest: Slope;
  /** Resident memory during work, with garbage. */
  readonly atWork: Slope;
  /** V8's heap at rest. */
  readonly heap: Slope;
}

/** Computes the slopes. */
export function slopesOf({ rests, samples }: Pick<Findings, "rests" | "samples">): Slopes {
  const slope = (points: readonly Point[]) => slopeOf(warm(points));
  return {
    atRest: slope(rests.map(({ atS, residentBytes: value }) => ({ atS, value }))),
    atWork: slope(samples.map(({ atS, residentBytes: value }) => ({ atS, value }))),
    heap: slope(rests.map(({ atS, heapBytes: value }) => ({ atS, value }))),
  };
}

/** Judges a run. The counts of each rest must be those of the first one. */
export function verdictsOf(findings: Findings): Verdict[] {
  const { rests, operations, visits, faults, faultCount, busy } = findings;
  const slopes = slopesOf(findings);
  const whole = rests.at(-1)?.residentBytes ?? 0;
  const memory = (what: string, slope: Slope): Verdict => ({
    what: `${what}: flat`,
    found: slopeText(slope),
    isGood: isFlat(slope, whole),
  });
  const count = (what: string, of: (rest: Rest) => number): Verdict => {
    const seen = rests.map(of);
    const others = [...new Set(seen)].filter((one) => one !== seen[0]);
    return {
      what: `${what}: at each rest as at the first`,
      found: others.length === 0
        ? `${seen[0]} at all ${seen.length} rests`
        : `${seen[0]}, then ${others.join(", ")}`,
      isGood: seen.length > 1 && others.length === 0,
    };
  };
  return [
    memory("memory at rest, garbage collected", slopes.atRest),
    memory("memory at work", slopes.atWork),
    memory("V8's heap at rest", slopes.heap),
    count("connections", ({ clients }) => clients),
    count("handles", ({ handles }) => handles),
    count("sockets among them", ({ sockets }) => sockets),
    count("timers", ({ timers }) => timers),
    count("files in the data folder", ({ files }) => files),
    count("keys", ({ keys }) => keys),
    {
      what: "replies: as the model has them",
      found: faultCount === 0
        ? `${operations} operations and ${visits} visits, ${busy} of them rejected, without a fault`
        : `${faultCount} faults, first: ${faults[0]}`,
      isGood: faultCount === 0 && operations > 0 && visits > 0,
    },
  ];
}

/** As in `0.12 MB per hour (-0.30 to 0.45)`. */
export function slopeText({ perHour, low, high }: Slope): string {
  return `${megabytes(perHour)} MB per hour (${megabytes(low)} to ${megabytes(high)})`;
}

/** Millions of bytes, with two decimals. */
export function megabytes(bytes: number): string {
  return Number.isFinite(bytes) ? (bytes / 1e6).toFixed(2) : bytes < 0 ? "-inf" : "inf";
}
