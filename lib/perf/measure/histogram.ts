/** The histograms of latencies: many operations in little memory (HDR, three significant digits). */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";

/** A distribution of latencies; plain data that another process can read. */
export interface LatencyData {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** The histogram, in nanoseconds: the compressed V2 format of HdrHistogram, in Base64. */
  readonly histogram: string;
}

/** Maximum latency of a histogram, in nanoseconds: one hour. */
const MAX_NS = 3.6e12;

/** Initial maximum of a histogram, in nanoseconds. */
const INITIAL_MAX_NS = 1.6e7;

/** A histogram of latencies. It takes and returns milliseconds, and stores nanoseconds. */
export class LatencyHistogram {
  // It grows as needed: with room for one hour from the start, it would take 90 KB.
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1_000,
    highestTrackableValue: INITIAL_MAX_NS,
    autoResize: true,
    numberOfSignificantValueDigits: 3,
  });
  #sumMs = 0;
  #maxMs = 0;

  /** Restores a histogram from the result of `data()`. @throws {Error} if it is damaged */
  static from({ count, meanMs, maxMs, histogram }: LatencyData): LatencyHistogram {
    const read = new LatencyHistogram();
    read.#histogram.add(decodeFromCompressedBase64(histogram));
    read.#sumMs = meanMs * count;
    read.#maxMs = maxMs;
    return read;
  }

  /** Number of recorded operations. */
  get count(): number {
    return this.#histogram.totalCount;
  }

  /** Returns the latency that `percent` of the operations do not exceed; 0 without operations. */
  percentileMs(percent: number): number {
    if (this.count === 0) return 0;
    return Math.min(this.#histogram.getValueAtPercentile(percent) / 1e6, this.#maxMs);
  }

  /** Records one operation. */
  record(latencyMs: number): void {
    this.#histogram.recordValue(Math.min(Math.max(Math.round(latencyMs * 1e6), 0), MAX_NS));
    this.#sumMs += latencyMs;
    if (latencyMs > this.#maxMs) this.#maxMs = latencyMs;
  }

  /** Adds all operations of another histogram. */
  add(other: LatencyHistogram): void {
    this.#histogram.add(other.#histogram);
    this.#sumMs += other.#sumMs;
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  /** Returns the distribution; all figures are 0 without operations. */
  data(): LatencyData {
    const { count } = this;
    return {
      count,
      meanMs: count === 0 ? 0 : this.#sumMs / count,
      p50Ms: this.percentileMs(50),
      p90Ms: this.percentileMs(90),
      p99Ms: this.percentileMs(99),
      p999Ms: this.percentileMs(99.9),
      maxMs: this.#maxMs,
      histogram: encodeIntoCompressedBase64(this.#histogram),
    };
  }
}

/** Merges several distributions into one. */
export function mergeLatencies(parts: readonly LatencyData[]): LatencyData {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first;
  const all = new LatencyHistogram();
  for (const part of parts) all.add(LatencyHistogram.from(part));
  return all.data();
}
