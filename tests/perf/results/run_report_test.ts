/** Proves the exact form of result lines, which scripts read, and of the table. */
import assert from "assert";
import fc from "fast-check";
import { LatencyHistogram } from "../../../lib/perf/measure/histogram.ts";
import { sumClients } from "../../../lib/perf/measure/merge.ts";
import { stageLines, stageTable } from "../../../lib/perf/results/run_report.ts";
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

/** The cells of the last row of a table. */
function lastCells(table: string): string[] {
  return table.split("\n").at(-1)?.split(/ +/) ?? [];
}

// (Histograms have three digits.)
test("the exact table of a run", () => {
  const latencies = [...Array(500).fill(0.48), ...Array(499).fill(12.34), 3_100];
  const insert = clientData(operationData(38_190, 1.6, latencies), "insert");
  const scan = clientData(operationData(33, 1.6, [45.04, 152.36], { KeyError: 2 }), "scan");
  const stages = [stageData("insert", [insert]), stageData("scan", [scan])];
  assert.deepEqual(stageTable(stages, 80).split("\n"), [
    "                        ------------ latency in ms -------------",
    "           ops   ops/s   mean    p50    p90    p99  p99.9    max  errors  busy",
    "insert  38,190  23,869  9.498  0.480  12.35  12.35  12.35   3100       0   50%",
    "scan        33    20.6  98.70  45.06  152.4  152.4  152.4  152.4       2   50%",
  ]);
});

test("with several clients, the table has the slowest and the fastest one", () => {
  const clients = [300, 100, 200].map((ops) => clientData(operationData(ops, 1, [1]), "scan"));
  const table = stageTable([stageData("scan", clients)], 120);
  assert.match(table, / one client {2}-+ latency in ms -+\n/);
  assert.deepEqual(lastCells(table).slice(0, 5), ["scan", "600", "600", "100", "300"]);
});

test("a mix has a row for each type of operation, with the range of this type", () => {
  const client = (lookups: number) =>
    sumClients([
      clientData(operationData(lookups, 1, [1]), "lookup"),
      clientData(operationData(1, 1, [2]), "insert"),
    ]);
  const rows = stageTable([stageData("mixed", [client(8), client(4)])], 120).split("\n")
    .map((row) => row.split(/ +/).slice(0, 5));
  assert.deepEqual(rows.slice(-3), [
    ["insert", "2", "2.00", "1.00", "1.00"],
    ["lookup", "12", "12.0", "4.00", "8.00"],
    ["mixed", "14", "14.0", "5.00", "9.00"],
  ]);
});

test("an open loop has the schedule lag", () => {
  const client = clientData(operationData(1_000, 1, [5]), "lookup");
  const late = new LatencyHistogram();
  late.record(2);
  const open = stageData("lookup", [client], { loop: "open", sendDelay: late.data() });
  const table = stageTable([stageData("insert", [client]), open], 80);
  assert.match(table, / max +lag +errors +busy\n/);
  assert.equal(Number(lastCells(table).at(-3)), 2);
});

test("the load is that of the busiest process; a stage that was too short has none", () => {
  const client = clientData(operationData(1, 0.01, [1]), "lookup");
  const short = { mainShare: 1, allShare: 0.5, isTooShort: true } as const;
  const stage = stageData("lookup", [client], { processors: [short] });
  assert.equal(lastCells(stageTable([stage], 80)).at(-1), "-");
  const two = [{ mainShare: 0.4, allShare: 1 }, { mainShare: 0.95, allShare: 1 }];
  assert.equal(lastCells(stageTable([{ ...stage, processors: two }], 80)).at(-1), "95%");
});

test("the table of any measured figures fits 80 columns", () => {
  const latency = fc.double({ min: 0, max: 60_000, noNaN: true });
  const any = fc.tuple(fc.nat(1_999_999), fc.array(latency, { maxLength: 5 }))
    .map(([ops, latencies]) => clientData(operationData(ops, 5, latencies), "insert"));
  fc.assert(fc.property(fc.array(any, { minLength: 1, maxLength: 3 }), (clients) => {
    for (const row of stageTable([stageData("insert", clients)], 80).split("\n")) {
      assert.ok(row.length <= 80, row);
    }
  }));
});
