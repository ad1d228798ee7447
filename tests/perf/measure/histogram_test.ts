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

function assertAbout(actual: number, exact: number, what: string): void {
  const isClose = actual <= exact * PRECISION + FINEST_MS &&
    actual >= exact / PRECISION - FINEST_MS;
  assert.ok(isClose, `${what}: ${actual} ms, exactly ${exact} ms`);
}

test("of 1 to 1,000 ms the mean is 500.5, p50 is 500, p99 is 990 and the maximum is 1,000", () => {
  const latencies = Array.from({ length: 1_000 }, (_, at) => at + 1);
  for (const order of [latencies, latencies.toReversed()]) {
    const { count, meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = histogramOf(order).data();
    assert.equal(count, 1_000);
    assertAbout(meanMs, 500.5, "mean");
    assertAbout(p50Ms, 500, "p50");
    assertAbout(p90Ms, 900, "p90");
    assertAbout(p999Ms, 999, "p99.9");
    assertAbout(p99Ms, 990, "p99");
    assert.equal(maxMs, 1_000);
  }
});

test("one slow operation of 100 shows in the maximum and not in p50", () => {
  const { p50Ms, maxMs } = histogramOf([...Array(99).fill(0.05), 80]).data();
  assertAbout(p50Ms, 0.05, "p50");
  assert.equal(maxMs, 80);
});

test("percentiles are those of the sorted latencies, from a microsecond to an hour", () => {
  const latency = fc.double({ min: -3, max: 6.5, noNaN: true }).map((power) => 10 ** power);
  fc.assert(
    fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (latencies) => {
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (rank: number) => sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] ?? 0;
      const { meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = histogramOf(latencies).data();
      const shares = [[p50Ms, 0.5], [p90Ms, 0.9], [p99Ms, 0.99], [p999Ms, 0.999]] as const;
      for (const [actual, share] of shares) {
        // Definitions of a percentile differ by one rank.
        const low = at(Math.floor(share * sorted.length)),
          high = at(Math.ceil(share * sorted.length) + 1);
        assert.ok(actual >= low / PRECISION - FINEST_MS, `${actual} is not below ${low}`);
        assert.ok(actual <= high * PRECISION + FINEST_MS, `${actual} is not above ${high}`);
      }
      assert.equal(maxMs, sorted.at(-1));
      assertAbout(meanMs, latencies.reduce((sum, one) => sum + one, 0) / latencies.length, "mean");
      assert.ok(p50Ms <= p99Ms && p99Ms <= maxMs);
    }),
    { numRuns: 200 },
  );
});

test("the sum of histograms equals one that recorded all", () => {
  const a = [1, 2, 3, 4], b = [100, 200, 300];
  const sum = histogramOf(a);
  sum.add(histogramOf(b));
  assert.equal(sum.count, 7);
  const { histogram: _, ...added } = sum.data();
  const { histogram: __, ...whole } = histogramOf([...a, ...b]).data();
  assert.deepEqual(added, whole);
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
