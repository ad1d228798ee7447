/** Proves the exact form of result lines, which scripts read, and of the table. */
import assert from "assert";
import fc from "fast-check";
import { LatencyHistogram } from "../../../lib/perf/measure/histogram.ts";
import { sumClients } from "../../../lib/perf/measure/merge.ts";
import { detailTable, stageLines } from "../../../lib/perf/results/run_report.ts";
import { OPERATIONS } from "../../../lib/perf/workload/operation.ts";
import { clientData, operationData, stageData } from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const LINE =
  /^(\w+)( client \d+)?: \d+ ops in \d+\.\d{3} s, \d+\.\d ops\/s, latency mean \d+\.\d{3} ms p50 \d+\.\d{3} p99 \d+\.\d{3} max \d+\.\d{3} ms(, \d+ errors)?( \(sum of \d+ clients\))?$/;

const test = testsOf("run_report");

test("the exact line of one client", () => {
  const latencies = [...Array(500).fill(0.48), ...Array(499).fill(0.5), 3.1];
  const client = clientData(operationData(1_000, 0.512, latencies), "insert");
  assert.deepEqual(stageLines(stageData("insert", [client])), [
    "insert: 1000 ops in 0.512 s, 1953.1 ops/s, latency mean 0.493 ms p50 0.480 p99 0.500 max 3.100 ms",
  ]);
});

test("several clients have a line each, then one for their sum", () => {
  const one = clientData(operationData(10, 2, [1]), "scan");
  const two = clientData(operationData(20, 4, [2]), "scan");
  assert.deepEqual(stageLines(stageData("scan", [one, two])), [
    "scan client 1: 10 ops in 2.000 s, 5.0 ops/s, latency mean 1.000 ms p50 1.000 p99 1.000 max 1.000 ms",
    "scan client 2: 20 ops in 4.000 s, 5.0 ops/s, latency mean 2.000 ms p50 2.000 p99 2.000 max 2.000 ms",
    "scan: 30 ops in 4.000 s, 7.5 ops/s, latency mean 1.500 ms p50 1.000 p99 2.000 max 2.000 ms (sum of 2 clients)",
  ]);
});

test("a mixed stage has a line for each type of operation, then one for all", () => {
  const mixed = sumClients([
    clientData(operationData(9, 1, [1]), "lookup"),
    clientData(operationData(1, 1, [2]), "insert"),
  ]);
  assert.deepEqual(stageLines(stageData("mixed", [mixed])).map((line) => line.slice(0, 24)), [
    "insert: 1 ops in 1.000 s",
    "lookup: 9 ops in 1.000 s",
    "mixed: 10 ops in 1.000 s",
  ]);
  const lines = stageLines(stageData("mixed", [mixed, mixed]));
  assert.deepEqual(lines.map((line) => line.replace(/:.*?( \(sum|$)/, "$1")), [
    "mixed client 1",
    "mixed client 2",
    "insert (sum of 2 clients)",
    "lookup (sum of 2 clients)",
    "mixed (sum of 2 clients)",
  ]);
});

test("a line has its errors, and a stage without time causes no division by zero", () => {
  const client = clientData(operationData(0, 0, [], { KeyError: 5, TooLarge: 2 }), "remove");
  assert.deepEqual(stageLines(stageData("remove", [client])), [
    "remove: 0 ops in 0.000 s, 0.0 ops/s, latency mean 0.000 ms p50 0.000 p99 0.000 max 0.000 ms, 7 errors",
  ]);
});

test("every line has the same form for any data", () => {
  const any = fc.tuple(
    fc.nat(1e9),
    fc.nat(1e9).map((micros) => micros / 1e6),
    fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 5 }),
    fc.nat(3).map((count) => count === 0 ? {} : { KeyError: count }),
  ).map((parts) => operationData(...parts));
  fc.assert(
    fc.property(
      fc.constantFrom(...OPERATIONS, "mixed"),
      fc.array(fc.tuple(any, fc.constantFrom(...OPERATIONS)), { minLength: 1, maxLength: 5 }),
      (stage, parts) => {
        const clients = parts.map(([measured, operation]) => clientData(measured, operation));
        for (const line of stageLines(stageData(stage, clients))) assert.match(line, LINE);
      },
    ),
  );
});

test("the table has all percentiles, the schedule lag, and the load of the client", () => {
  const latencies = Array.from({ length: 1_000 }, (_, at) => at + 1);
  const client = clientData(operationData(1_000, 1, latencies), "lookup");
  const late = new LatencyHistogram();
  late.record(2);
  const table = detailTable([
    stageData("insert", [client]),
    stageData("lookup", [client], { sendDelay: late.data() }),
  ]);
  const cells = table.split("\n").map((row) => row.split(/ {2,}/));
  const columns = ["mean", "p50", "p90", "p99", "p99.9", "max", "schedule lag p99"];
  assert.deepEqual(cells[0]?.slice(1, 8), columns);
  const [name, ...numbers] = cells.at(-1) ?? [];
  assert.equal(name, "lookup");
  for (const [at, exact] of [500.5, 500, 900, 990, 999, 1_000, 2].entries()) {
    assert.ok(Math.abs(Number(numbers[at]) / exact - 1) < 0.002, `${numbers[at]}, not ${exact}`);
  }
  assert.deepEqual(numbers.slice(7), ["50%", "60%"]);
});

test("the table has no load of the client for a stage that was too short to measure it", () => {
  const client = clientData(operationData(1, 0.01, [1]), "lookup");
  const short = { mainShare: 1, allShare: 0.5, isTooShort: true } as const;
  const stage = stageData("lookup", [client], { processors: [short] });
  assert.match(detailTable([stage]), / {2}- +- +50%$/);
  const mixed = { ...stage, processors: [short, { mainShare: 0.95, allShare: 1 }] };
  assert.match(detailTable([mixed]), / {2}- 95% +50% 100%$/);
});
