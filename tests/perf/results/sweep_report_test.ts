/** Proves the table of a sweep with very many measurements, and with very short ones. */
import assert from "assert";
import { busyNotes, sweepTables } from "../../../lib/perf/results/sweep_report.ts";
import { clientData, operationData, stageData } from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("sweep report");

/** The cells of the only row of a table. */
function cells(table: string | undefined): string[] {
  return table?.split("\n")[1]?.split(/ {2,}/) ?? [];
}

test("200,000 clients have a minimum and a maximum", () => {
  const [slow, fast] = [10, 30].map((ops) => clientData(operationData(ops, 1, [1]), "scan"));
  assert.ok(slow && fast);
  const data = stageData("scan", Array.from({ length: 1_000 }, (_, at) => at === 7 ? slow : fast));
  const repeats = Array.from({ length: 200 }, () => [data]);
  const [table] = sweepTables([{ clients: 1_000, repeats }]);
  assert.deepEqual(cells(table).slice(5, 8), ["30.0", "10.0", "30.0"]);
});

test("if all repeats are too short, the table has no load of the client thread", () => {
  const client = clientData(operationData(1, 0.01, [1]), "scan");
  const short = { mainShare: 1, allShare: 1, isTooShort: true } as const;
  const steps = [{ clients: 1, repeats: [[stageData("scan", [client], { processors: [short] })]] }];
  assert.deepEqual(cells(sweepTables(steps)[0]).at(-2), "-");
  assert.deepEqual(busyNotes(steps), []);
});
