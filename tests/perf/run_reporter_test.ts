/** Proves which sentences of a measurement are written at once, and which are notes of the report. */
import assert from "assert";
import { parseTestPerfConfig } from "../../lib/config/testperf_config.ts";
import { RunReporter } from "../../lib/perf/run_reporter.ts";
import type { Screen } from "../../lib/terminal/status_line.ts";
import { clientData, failedStage, operationData, stageData, stageOf } from "./raw_data.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("run reporter");

const LOG: Screen = {
  hasStderr: false,
  isSmart: true,
  columns: () => 80,
  isForeground: () => false,
};

/** A reporter, and the sentences that it writes at once. */
function reporterOf(...flags: string[]) {
  const config = parseTestPerfConfig(["me-a4-x", ...flags], {});
  const sentences: string[] = [];
  return { reporter: new RunReporter(config, 7, LOG, (text) => sentences.push(text)), sentences };
}

test("warnings are written at once until the clients are connected, then they are notes", () => {
  const { reporter, sentences } = reporterOf();
  reporter.onNote("Cannot find it");
  reporter.onConnected();
  reporter.onNote("Cannot reach it");
  assert.deepEqual([sentences, reporter.notes], [["Cannot find it"], ["Cannot reach it"]]);
});

test("many clients with the same trouble have one note", () => {
  const { reporter } = reporterOf("--clients", "3");
  reporter.onConnected();
  for (const text of ["Lost it", "Lost it", "Found it", "Lost it"]) reporter.onNote(text);
  assert.deepEqual(reporter.notes, ["Lost it (3 times)", "Found it"]);
});

test("a stage has notes on failures and its end; --quiet keeps the failures", () => {
  const busy = { processors: [{ mainShare: 1, allShare: 1 }], ended: "keys used up" } as const;
  const client = clientData(operationData(9, 1, [1], { KeyError: 2 }), "remove");
  const notesOf = (...flags: string[]) => {
    const { reporter, sentences } = reporterOf(...flags);
    reporter.onStageEnd(stageData("remove", [client], { ...busy, firstError: "no key" }));
    assert.deepEqual(sentences, []);
    return reporter.notes.map((note) => note.slice(0, 27));
  };
  const failed = "remove: 2 operations failed";
  assert.deepEqual(notesOf(), [
    failed,
    "remove: the client thread w",
    "remove: ended after 1.000 s",
  ]);
  assert.deepEqual(notesOf("--quiet"), [failed]);
});

test("a sweep names the step in its notes, and a log shows its progress unless quiet", () => {
  const position = {
    clients: 4,
    round: { number: 2, of: 5 },
    step: { number: 1, of: 6 },
    leftMs: 30_000,
  };
  const step = { clients: 2, repeats: [[stageOf("insert", 2, 100)]] };
  for (const flags of [["--sweep"], ["--sweep", "--quiet"]]) {
    const { reporter, sentences } = reporterOf(...flags);
    reporter.onRangeStep(step);
    reporter.onPosition(position);
    reporter.onPosition({ ...position, step: { number: 2, of: 6 } });
    reporter.onStageEnd(failedStage("insert"));
    assert.match(reporter.notes.join("; "), /^1 client, insert: 9 operations failed [^;]*$/);
    assert.deepEqual(
      sentences,
      flags.includes("--quiet") ? [] : [
        "Range: 2 clients, 1 run: insert 200 ops/s",
        "Round 2 of 5: 6 steps in random order, about 30 s left",
      ],
    );
  }
});
