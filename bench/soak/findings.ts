/** What a run saw, as it is kept in `docs/data/hardening/soak.json`, and whether it is as it must be. */
import type { Machine } from "../harness/machine.ts";
import { isFlat, type Point, type Slope, slopeOf, warm } from "./slope.ts";
import type { Holdings } from "./watched_server.ts";

/** A look at the server while there is work. */
export interface Sample {
  /** Seconds since the beginning. */
  readonly atS: number;
  readonly residentBytes: number;
  readonly clients: number;
  readonly handles: number;
  readonly threads: number;
  /** Files in the data folder, and their bytes. */
  readonly files: number;
  readonly fileBytes: number;
}

/** A look at it while nobody but the steady clients is there, nobody works, and garbage is collected. */
export interface Rest extends Holdings {
  readonly atS: number;
  readonly clients: number;
  readonly keys: number;
  readonly files: number;
}

/** A run. */
export interface Findings {
  readonly machine: Machine;
  readonly minutes: number;
  readonly seed: number;
  /** Operations of the steady clients. */
  readonly operations: number;
  readonly visits: number;
  /** Visits that were told `Busy`, and moments in which the server was made full. */
  readonly busy: number;
  readonly rushes: number;
  /** Checkpoints that were seen; there may have been more. */
  readonly checkpoints: number;
  /** What was not as it must be, the first ones. */
  readonly faults: readonly string[];
  readonly faultCount: number;
  /** Thinned. */
  readonly samples: readonly Sample[];
  readonly rests: readonly Rest[];
}

/** What was found on one question. */
export interface Verdict {
  readonly what: string;
  readonly found: string;
  readonly isGood: boolean;
}

/** Slopes per hour, in bytes, over the last two thirds of the time. */
export interface Slopes {
  /** Resident memory at rest, garbage collected. */
  readonly atRest: Slope;
  /** Resident memory while there is work, with whatever garbage there is. */
  readonly atWork: Slope;
  /** V8's heap at rest. */
  readonly heap: Slope;
}

/** Computes them. */
export function slopesOf({ rests, samples }: Pick<Findings, "rests" | "samples">): Slopes {
  const slope = (points: readonly Point[]) => slopeOf(warm(points));
  return {
    atRest: slope(rests.map(({ atS, residentBytes: value }) => ({ atS, value }))),
    atWork: slope(samples.map(({ atS, residentBytes: value }) => ({ atS, value }))),
    heap: slope(rests.map(({ atS, heapBytes: value }) => ({ atS, value }))),
  };
}

/** Judges a run; the first rest is the baseline of all counts. */
export function verdictsOf(findings: Findings): Verdict[] {
  const { rests, operations, visits, faults, faultCount } = findings;
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
      what: "replies: as they must be",
      found: faultCount === 0
        ? `${operations} operations and ${visits} visits without a fault`
        : `${faultCount} faults, first: ${faults[0]}`,
      isGood: faultCount === 0 && operations > 0 && visits > 0,
    },
  ];
}

/** As in `0.12 MB per hour (-0.30 to 0.45)`. */
export function slopeText({ perHour, low, high }: Slope): string {
  return `${megabytes(perHour)} MB per hour (${megabytes(low)} to ${megabytes(high)})`;
}

/** Millions of bytes, with two digits after the point. */
export function megabytes(bytes: number): string {
  return Number.isFinite(bytes) ? (bytes / 1e6).toFixed(2) : bytes < 0 ? "-inf" : "inf";
}
