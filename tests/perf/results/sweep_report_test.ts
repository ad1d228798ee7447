/** Proves the table of a sweep with very many measurements, and with very short ones. */
import assert from "assert";
import { busyNotes, stepLine, sweepTables } from "../../../lib/perf/results/sweep_report.ts";
import { clientData, operationData, stageData } from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("sweep report");

/** The cells of the last row of a table. */
function cells(table: string | undefined): string[] {
  return table?.split("\n").at(-1)?.trim().split(/ +/) ?? [];
}

// (2.001 is 2 in a histogram of three digits.)
test("the exact table: a row for each step, with all clients and with one client", () => {
  const steps = [1, 2].map((clients) => ({
    clients,
    repeats: [10_000, 30_000, 20_000].map((rate) => {
      const client = clientData(operationData(rate / clients, 1, [1, 2, 3]), "scan");
      return [stageData("scan", Array(clients).fill(client))];
    }),
  }));
  assert.deepEqual(sweepTables(steps, 80).map((table) => table.split("\n")), [[
    "scan, 3 runs each",
    "        --- all clients ---- ---- one client ----  latency ms",
    "clients  ops/s    min    max  ops/s    min    max   p50   p99 busy errors",
    "      1 20,000 10,000 30,000 20,000 10,000 30,000 2.001 3.000  50%      0",
    "      2 20,000 10,000 30,000 10,000  5,000 15,000 2.001 3.000  50%      0",
  ]]);
  assert.deepEqual(steps.map(stepLine), [
    "1 client, 3 runs: scan 20,000 ops/s",
    "2 clients, 3 runs: scan 20,000 ops/s",
  ]);
});

test("a note names the steps that testperf itself likely limits", () => {
  const client = clientData(operationData(9, 1, [1]), "scan");
  const steps = [0.5, 0.95, 0.96].map((mainShare, at) => ({
    clients: at + 1,
    repeats: [[stageData("scan", [client], { processors: [{ mainShare, allShare: 1 }] })]],
  }));
  assert.match(
    busyNotes(steps).join("; "),
    /^scan: with 2, 3 clients the client thread was /,
  );
});

test("200,000 clients have a minimum and a maximum", () => {
  const [slow, fast] = [10, 30].map((ops) => clientData(operationData(ops, 1, [1]), "scan"));
  assert.ok(slow && fast);
  const data = stageData("scan", Array.from({ length: 1_000 }, (_, at) => at === 7 ? slow : fast));
  const repeats = Array.from({ length: 200 }, () => [data]);
  const [table] = sweepTables([{ clients: 1_000, repeats }], 80);
  assert.deepEqual(cells(table).slice(4, 7), ["30.0", "10.0", "30.0"]);
});

test("if all repeats are too short, the table has no load of the client thread", () => {
  const client = clientData(operationData(1, 0.01, [1]), "scan");
  const short = { mainShare: 1, allShare: 1, isTooShort: true } as const;
  const steps = [{ clients: 1, repeats: [[stageData("scan", [client], { processors: [short] })]] }];
  assert.deepEqual(cells(sweepTables(steps, 80)[0]).at(-2), "-");
  assert.deepEqual(busyNotes(steps), []);
});
