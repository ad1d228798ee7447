/** Latencies of many operations in little memory (HDR histogram, three significant digits). */
import { build, type Histogram } from "hdr-histogram-js";

/** A latency distribution, in milliseconds. */
export interface LatencySummary {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Longest latency that is told apart from longer ones, in nanoseconds: an hour. */
const LONGEST_NS = 3.6e12;

/** Records latencies; nanoseconds inside, milliseconds outside. */
export class LatencyHistogram {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1_000,
    highestTrackableValue: LONGEST_NS,
    numberOfSignificantValueDigits: 3,
  });
  #sumMs = 0;
  #maxMs = 0;

  /** Recorded operations. */
  get count(): number {
    return this.#histogram.totalCount;
  }

  /** Records one operation. */
  record(latencyMs: number): void {
    this.#histogram.recordValue(Math.min(Math.max(Math.round(latencyMs * 1e6), 0), LONGEST_NS));
    this.#sumMs += latencyMs;
    if (latencyMs > this.#maxMs) this.#maxMs = latencyMs;
  }

  /** Adds what another one recorded. */
  add(other: LatencyHistogram): void {
    this.#histogram.add(other.#histogram);
    this.#sumMs += other.#sumMs;
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  /** The distribution; all zero where nothing was recorded. */
  summary(): LatencySummary {
    const percentileMs = (percent: number) =>
      this.count === 0
        ? 0
        : Math.min(this.#histogram.getValueAtPercentile(percent) / 1e6, this.#maxMs);
    return {
      meanMs: this.count === 0 ? 0 : this.#sumMs / this.count,
      p50Ms: percentileMs(50),
      p99Ms: percentileMs(99),
      maxMs: this.#maxMs,
    };
  }
}
