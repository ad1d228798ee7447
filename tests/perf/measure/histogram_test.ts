/** Proves that percentiles are those of the recorded latencies, to the precision of the histogram. */
import assert from "assert";
import fc from "fast-check";
import {
  type LatencyData,
  LatencyHistogram,
  mergeLatencies,
} from "../../../lib/perf/measure/histogram.ts";
import { testsOf } from "../../helpers/pure.ts";

/** The precision: three significant digits, but at least `FINEST_MS` milliseconds. */
const PRECISION = 1.001, FINEST_MS = 0.001;

const test = testsOf("histogram");

function histogramOf(latencies: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const latency of latencies) histogram.record(latency);
  return histogram;
}

function assertBetween(actual: number, low: number, high: number): void {
  assert.ok(actual >= low / PRECISION - FINEST_MS, `${actual} is not below ${low}`);
  assert.ok(actual <= high * PRECISION + FINEST_MS, `${actual} is not above ${high}`);
}

test("of 1 to 1,000 ms the mean is 500.5, p50 is 500, p99 is 990 and the maximum is 1,000", () => {
  const { histogram: _, ...figures } = histogramOf(Array.from({ length: 1_000 }, (_, at) => at + 1))
    .data();
  const exact = [1_000, 500.5, 500, 900, 990, 999, 1_000];
  for (const [at, figure] of Object.values(figures).entries()) {
    assertBetween(figure, exact[at] ?? NaN, exact[at] ?? NaN);
  }
});

test("percentiles are those of the sorted latencies, from a microsecond to an hour", () => {
  const latency = fc.double({ min: -3, max: 6.5, noNaN: true }).map((power) => 10 ** power);
  fc.assert(
    fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (latencies) => {
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (rank: number) => sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] ?? 0;
      const { count, meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = histogramOf(latencies).data();
      const shares = [[p50Ms, 0.5], [p90Ms, 0.9], [p99Ms, 0.99], [p999Ms, 0.999]] as const;
      for (const [actual, share] of shares) {
        // Definitions of a percentile differ by one rank.
        const rank = share * sorted.length;
        assertBetween(actual, at(Math.floor(rank)), at(Math.ceil(rank) + 1));
      }
      assert.deepEqual([count, maxMs], [sorted.length, sorted.at(-1)]);
      const exactMs = latencies.reduce((sum, one) => sum + one, 0) / latencies.length;
      assertBetween(meanMs, exactMs, exactMs);
      assert.ok(p50Ms <= p99Ms && p99Ms <= maxMs);
    }),
    { numRuns: 200 },
  );
});

test("plain data from other processes merges to a histogram that recorded all", () => {
  const latencies = fc.array(fc.double({ min: 1e-4, max: 1e6, noNaN: true }), { maxLength: 50 });
  fc.assert(
    fc.property(fc.array(latencies, { minLength: 1, maxLength: 5 }), (parts) => {
      const sent = parts.map((part): LatencyData =>
        JSON.parse(JSON.stringify(histogramOf(part).data()))
      );
      const { meanMs, histogram: _, ...merged } = mergeLatencies(sent);
      const { meanMs: wholeMeanMs, histogram: __, ...whole } = histogramOf(parts.flat()).data();
      assert.deepEqual(merged, whole);
      assert.ok(Math.abs(meanMs - wholeMeanMs) <= wholeMeanMs * 1e-9);
    }),
    { numRuns: 100 },
  );
});

test("without operations all is zero", () => {
  const histogram = new LatencyHistogram();
  const { histogram: _, ...zero } = histogram.data();
  assert.deepEqual(Object.values(zero), [0, 0, 0, 0, 0, 0, 0]);
  histogram.add(new LatencyHistogram());
  assert.equal(mergeLatencies([histogram.data(), histogram.data()]).count, 0);
});

test("latencies out of range are counted, not thrown", () => {
  const histogram = histogramOf([0, 1e9, -0.001]);
  assert.equal(histogram.count, 3);
  assert.equal(histogram.data().maxMs, 1e9);
  assert.equal(LatencyHistogram.from(histogram.data()).count, 3);
});
