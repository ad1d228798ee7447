/** Proves that the CSV has all numbers of the raw data, for any texts in it. */
import assert from "assert";
import fc from "fast-check";
import { CSV_COLUMNS, csvText } from "../../../lib/perf/results/csv.ts";
import { sumClients } from "../../../lib/perf/measure/merge.ts";
import { opsPerSecond } from "../../../lib/perf/measure/stage_data.ts";
import {
  clientData,
  operationData,
  runWith,
  stageData,
  stageOf,
  stepsWith,
  sweepWith,
} from "../raw_data.ts";
import { anyCharacter } from "../../helpers/json_texts.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("csv");

/** Reads the rows of a file by RFC 4180. */
function cellsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  let length = 0;
  for (const [part, cell = "", end] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy)) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === "\r\n") rows.push([]);
    length += part.length;
  }
  assert.equal(length, text.length, "all cells end with a comma or CRLF");
  assert.deepEqual(rows.pop(), [], "the last line ends with CRLF");
  return rows;
}

/** The rows as objects. */
function rowsOf(text: string): Record<string, string>[] {
  const [heading = [], ...rows] = cellsOf(text);
  assert.deepEqual(heading, [...CSV_COLUMNS]);
  return rows.map((cells) => {
    assert.equal(cells.length, heading.length);
    return Object.fromEntries(cells.map((cell, at) => [heading[at] ?? "", cell]));
  });
}

test("the file has a row for each step, repeat, stage and client, and for the sum, with all figures", () => {
  const data = sweepWith(stepsWith([1, 3], 2, (clients, repeat) => [
    stageOf("insert", clients, 100 + repeat),
    stageOf("scan", clients, 10 + repeat, 20),
  ]));
  const rows = rowsOf(csvText(data));
  const expected = data.steps.flatMap(({ clients, repeats }) =>
    repeats.flatMap((stages, repeat) =>
      stages.flatMap((stage) =>
        [...stage.clients, stage.sum].map((one, at) => [
          ...[clients, repeat + 1, stage.stage, stage.stage],
          at < stage.clients.length ? at + 1 : "sum",
          ...[one.ops, opsPerSecond(one), one.latency.p99Ms, one.latency.maxMs],
        ])
      )
    )
  );
  const columns = [
    ...["clients", "repeat", "stage", "operation", "client", "ops", "ops_per_s"],
    ...["latency_p99_ms", "latency_max_ms"],
  ];
  assert.deepEqual(
    rows.map((row) => columns.map((column) => row[column])),
    expected.map((cells) => cells.map(String)),
  );
  assert.equal(rows.length, (2 + 4) * 2 * 2);
});

test("commas, quotes and line ends in names are preserved", () => {
  const names = ["a,b", 'say "x"', "two\r\nlines", '"', ",", "plain", ""];
  const property = fc.property(fc.string({ unit: anyCharacter }), fc.string(), (target, server) => {
    for (const row of rowsOf(csvText(runWith([stageOf("insert", 2, 5)], { target, server })))) {
      assert.deepEqual([row["target"], row["server"]], [target, server]);
    }
  });
  fc.assert(property, { examples: names.map((name) => [name, name]) });
});

test("numbers have decimal points and units, and are exact", () => {
  fc.assert(fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.nat(), (s, ops) => {
    const client = clientData(operationData(ops, s, [1]), "lookup");
    const [row] = rowsOf(csvText(runWith([stageData("lookup", [client])])));
    assert.equal(Number(row?.["seconds"]), s);
    assert.equal(Number(row?.["ops_per_s"]), ops / s);
  }));
});

test("a mixed stage has rows for each type, and for all under their own name", () => {
  const client = sumClients([
    clientData(operationData(90, 1, [1]), "lookup"),
    clientData(operationData(10, 1, [2], { KeyError: 3 }), "insert"),
  ]);
  const data = runWith([stageData("mixed", [client])]);
  const rows = rowsOf(csvText(data)).filter(({ client }) => client === "sum");
  assert.deepEqual(
    rows.map((row) => [row["stage"], row["operation"], row["ops"], row["errors"], row["unsent"]]),
    [
      ["mixed", "insert", "10", "3", ""],
      ["mixed", "lookup", "90", "0", ""],
      ["mixed", "all", "100", "3", "0"],
    ],
  );
});

test("without a success, the latency is empty, not 0", () => {
  const client = clientData(operationData(0, 2, [], { KeyError: 5 }), "remove");
  const [row] = rowsOf(csvText(runWith([stageData("remove", [client])])));
  assert.deepEqual([row?.["ops"], row?.["errors"], row?.["latency_p99_ms"]], ["0", "5", ""]);
});

test("a run without stages has only a heading", () => {
  assert.equal(csvText(runWith([])), `${CSV_COLUMNS.join(",")}\r\n`);
});
