/** Proves the exact form of result lines, which scripts read. */
import assert from "assert";
import fc from "fast-check";
import { LatencyHistogram } from "../../lib/perf/histogram.ts";
import { stageJson, stageLines } from "../../lib/perf/report.ts";
import type { Measured } from "../../lib/perf/runner.ts";
import { STAGES } from "../../lib/perf/workload.ts";

const LINE =
  /^(\w+)( client \d+)?: \d+ ops in \d+\.\d{3} s, \d+\.\d ops\/s, latency mean \d+\.\d{3} ms p50 \d+\.\d{3} p99 \d+\.\d{3} max \d+\.\d{3} ms(, \d+ errors)?( \(sum of \d+ clients\))?$/;

function test(name: string, fn: () => void): void {
  Deno.test({ name: `report: ${name}`, permissions: "none", fn });
}

function measured(ops: number, seconds: number, latencies: number[], errors = 0): Measured {
  const latency = new LatencyHistogram();
  latencies.forEach((one) => latency.record(one));
  return { ops, errors, seconds, latency };
}

test("the line of one client, to the letter", () => {
  const sum = measured(1_000, 0.512, [...Array(500).fill(0.48), ...Array(499).fill(0.5), 3.1]);
  assert.deepEqual(stageLines({ stage: "insert", clients: [sum], sum, firstError: undefined }), [
    "insert: 1000 ops in 0.512 s, 1953.1 ops/s, latency mean 0.493 ms p50 0.480 p99 0.500 max 3.100 ms",
  ]);
});

test("several clients have a line each, then one for their sum", () => {
  const one = measured(10, 2, [1]), two = measured(20, 4, [2]), sum = measured(30, 4, [1, 2]);
  assert.deepEqual(stageLines({ stage: "scan", clients: [one, two], sum, firstError: undefined }), [
    "scan client 1: 10 ops in 2.000 s, 5.0 ops/s, latency mean 1.000 ms p50 1.000 p99 1.000 max 1.000 ms",
    "scan client 2: 20 ops in 4.000 s, 5.0 ops/s, latency mean 2.000 ms p50 2.000 p99 2.000 max 2.000 ms",
    "scan: 30 ops in 4.000 s, 7.5 ops/s, latency mean 1.500 ms p50 1.000 p99 2.000 max 2.000 ms (sum of 2 clients)",
  ]);
});

test("errors are told in the line, and no time is no division by zero", () => {
  const sum = measured(0, 0, [], 7);
  assert.deepEqual(stageLines({ stage: "remove", clients: [sum], sum, firstError: "why" }), [
    "remove: 0 ops in 0.000 s, 0.0 ops/s, latency mean 0.000 ms p50 0.000 p99 0.000 max 0.000 ms, 7 errors",
  ]);
});

test("every line has the one form, whatever was measured", () => {
  const any = fc.tuple(
    fc.nat(1e9),
    fc.nat(1e9).map((micros) => micros / 1e6),
    fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 5 }),
    fc.nat(3),
  ).map((parts) => measured(...parts));
  fc.assert(
    fc.property(
      fc.constantFrom(...STAGES),
      fc.array(any, { minLength: 1 }),
      any,
      (stage, clients, sum) => {
        for (const line of stageLines({ stage, clients, sum, firstError: undefined })) {
          assert.match(line, LINE);
        }
      },
    ),
  );
});

test("as JSON the same numbers", () => {
  const sum = measured(1_000, 0.5, [1, 1, 2], 1);
  assert.deepEqual(stageJson({ stage: "insert", clients: [sum], sum, firstError: "why" }), {
    stage: "insert",
    sum: stageNumbers(sum),
    clients: [stageNumbers(sum)],
    first_error: "why",
  });
});

function stageNumbers(of: Measured): Record<string, number> {
  const { meanMs, p50Ms, p99Ms, maxMs } = of.latency.summary();
  return {
    ops: 1_000,
    errors: 1,
    seconds: 0.5,
    ops_per_s: 2_000,
    mean_ms: meanMs,
    p50_ms: p50Ms,
    p99_ms: p99Ms,
    max_ms: maxMs,
  };
}
