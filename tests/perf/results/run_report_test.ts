/** Proves the exact form of result lines, which scripts read, and what is told besides. */
import assert from "assert";
import fc from "fast-check";
import { LatencyHistogram } from "../../../lib/perf/measure/histogram.ts";
import { sumOf } from "../../../lib/perf/measure/merge.ts";
import { detailTable, stageLines, stageNotes } from "../../../lib/perf/results/run_report.ts";
import { OPERATIONS } from "../../../lib/perf/workload/operation.ts";
import { clientWith, measuredWith, stageWith } from "../stage_data.ts";

const LINE =
  /^(\w+)( client \d+)?: \d+ ops in \d+\.\d{3} s, \d+\.\d ops\/s, latency mean \d+\.\d{3} ms p50 \d+\.\d{3} p99 \d+\.\d{3} max \d+\.\d{3} ms(, \d+ errors)?( \(sum of \d+ clients\))?$/;

function test(name: string, fn: () => void): void {
  Deno.test({ name: `report: ${name}`, permissions: "none", fn });
}

test("the line of one client, to the letter", () => {
  const latencies = [...Array(500).fill(0.48), ...Array(499).fill(0.5), 3.1];
  const client = clientWith(measuredWith(1_000, 0.512, latencies), "insert");
  assert.deepEqual(stageLines(stageWith("insert", [client])), [
    "insert: 1000 ops in 0.512 s, 1953.1 ops/s, latency mean 0.493 ms p50 0.480 p99 0.500 max 3.100 ms",
  ]);
});

test("several clients have a line each, then one for their sum", () => {
  const one = clientWith(measuredWith(10, 2, [1]), "scan");
  const two = clientWith(measuredWith(20, 4, [2]), "scan");
  assert.deepEqual(stageLines(stageWith("scan", [one, two])), [
    "scan client 1: 10 ops in 2.000 s, 5.0 ops/s, latency mean 1.000 ms p50 1.000 p99 1.000 max 1.000 ms",
    "scan client 2: 20 ops in 4.000 s, 5.0 ops/s, latency mean 2.000 ms p50 2.000 p99 2.000 max 2.000 ms",
    "scan: 30 ops in 4.000 s, 7.5 ops/s, latency mean 1.500 ms p50 1.000 p99 2.000 max 2.000 ms (sum of 2 clients)",
  ]);
});

test("a mixed stage has a line for each type of operation, then one for all", () => {
  const mixed = sumOf([
    clientWith(measuredWith(9, 1, [1]), "lookup"),
    clientWith(measuredWith(1, 1, [2]), "insert"),
  ]);
  assert.deepEqual(stageLines(stageWith("mixed", [mixed])).map((line) => line.slice(0, 24)), [
    "insert: 1 ops in 1.000 s",
    "lookup: 9 ops in 1.000 s",
    "mixed: 10 ops in 1.000 s",
  ]);
  const lines = stageLines(stageWith("mixed", [mixed, mixed]));
  assert.deepEqual(lines.map((line) => line.replace(/:.*?( \(sum|$)/, "$1")), [
    "mixed client 1",
    "mixed client 2",
    "insert (sum of 2 clients)",
    "lookup (sum of 2 clients)",
    "mixed (sum of 2 clients)",
  ]);
});

test("errors are told in the line, and no time is no division by zero", () => {
  const client = clientWith(measuredWith(0, 0, [], { KeyError: 5, TooLarge: 2 }), "remove");
  const stage = stageWith("remove", [client], { firstError: "why" });
  assert.deepEqual(stageLines(stage), [
    "remove: 0 ops in 0.000 s, 0.0 ops/s, latency mean 0.000 ms p50 0.000 p99 0.000 max 0.000 ms, 7 errors",
  ]);
  assert.deepEqual(stageNotes(stage), [
    "remove: 7 operations failed (KeyError: 5, TooLarge: 2), the first with: why",
  ]);
});

test("every line has the one form, whatever was measured", () => {
  const any = fc.tuple(
    fc.nat(1e9),
    fc.nat(1e9).map((micros) => micros / 1e6),
    fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 5 }),
    fc.nat(3).map((count) => count === 0 ? {} : { KeyError: count }),
  ).map((parts) => measuredWith(...parts));
  fc.assert(
    fc.property(
      fc.constantFrom(...OPERATIONS, "mixed"),
      fc.array(fc.tuple(any, fc.constantFrom(...OPERATIONS)), { minLength: 1, maxLength: 5 }),
      (stage, parts) => {
        const clients = parts.map(([measured, operation]) => clientWith(measured, operation));
        for (const line of stageLines(stageWith(stage, clients))) assert.match(line, LINE);
      },
    ),
  );
});

test("a stage in which all went well has no notes", () => {
  const client = clientWith(measuredWith(1, 1, [1]), "lookup");
  assert.deepEqual(stageNotes(stageWith("lookup", [client])), []);
});

test("what a reader must know is told, in sentences", () => {
  const start = 1_800_000_000_000;
  const gap = { fromUnixMs: start + 1_200, toUnixMs: start + 3_500, connectionLost: true };
  const own = { fromUnixMs: start + 9_000, toUnixMs: start + 10_500, connectionLost: false };
  const one = {
    ...clientWith({ ...measuredWith(1, 1, [1], { ConnectionLost: 3 }), unknown: 2 }, "remove"),
    gaps: [{ ...gap, answered: true }],
    unsent: 17,
  };
  const two = {
    ...one,
    gaps: [{ ...gap, answered: false }, { ...own, answered: true }],
    unsent: 0,
  };
  const notes = stageNotes(stageWith("remove", [one, two], {
    loop: "open",
    ratePerS: 9_000,
    ended: "server gone",
    complete: false,
    firstError: "the server closed it",
    warmupErrors: { KeyError: 1 },
    clientsAtBound: 1,
    processors: [{ mainShare: 0.1, allShare: 0.1 }, { mainShare: 0.96, allShare: 1.2 }],
  }));
  assert.deepEqual(notes, [
    "remove: 6 operations failed (ConnectionLost: 6); of 4 it is not known whether the server did them, the first with: the server closed it",
    "remove: 1 operation of the warm-up failed (KeyError: 1)",
    "remove: nothing was answered from 1.200 s to 3.500 s after the start (2.300 s), with the connection lost",
    "remove: client 2 was not answered from 9.000 s to 10.500 s after the start (1.500 s)",
    "remove: ended early, since the server is gone; the results are those until then",
    "remove: 17 requests that were due never left: the server does not take 9000 a second, and the latencies of all that was due are higher than these",
    "remove: of 1 of 2 clients 10000 requests were in flight, and further ones left late; their latency counts from the intended start all the same",
    "remove: the client's thread was busy 96% of the time, so the client, not the server, is likely what limits this; measure with several processes",
  ]);
});

test("the table has all percentiles, how late requests left, and the client's share", () => {
  const latencies = Array.from({ length: 1_000 }, (_, at) => at + 1);
  const client = clientWith(measuredWith(1_000, 1, latencies), "lookup");
  const late = new LatencyHistogram();
  late.record(2);
  const table = detailTable([
    stageWith("insert", [client]),
    stageWith("lookup", [client], { sendDelay: late.data() }),
  ]);
  const cells = table.split("\n").map((row) => row.split(/ {2,}/));
  assert.deepEqual(cells[0]?.slice(1, 8), [
    "mean",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "sent late p99",
  ]);
  const [name, ...numbers] = cells.at(-1) ?? [];
  assert.equal(name, "lookup");
  for (const [at, exact] of [500.5, 500, 900, 990, 999, 1_000, 2].entries()) {
    assert.ok(Math.abs(Number(numbers[at]) / exact - 1) < 0.002, `${numbers[at]}, not ${exact}`);
  }
  assert.deepEqual(numbers.slice(7), ["50%", "60%"]);
});

test("where a stage is too short to tell how busy the client was, nothing is told", () => {
  const client = clientWith(measuredWith(1, 0.01, [1]), "lookup");
  const short = { mainShare: 1, allShare: 0.5, isTooShort: true } as const;
  const stage = stageWith("lookup", [client], { processors: [short] });
  assert.deepEqual(stageNotes(stage), []);
  assert.match(detailTable([stage]), / {2}- +- +50%$/);
  const mixed = { ...stage, processors: [short, { mainShare: 0.95, allShare: 1 }] };
  assert.match(stageNotes(mixed).join(), /busy 95% of the time/);
  assert.match(detailTable([mixed]), / {2}- 95% +50% 100%$/);
});
