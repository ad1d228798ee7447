/** Proves that runs that were not measured together, or not in the same way, are not added up. */
import assert from "assert";
import fc from "fast-check";
import type { RunFile } from "../../../lib/perf/sum/run_file.ts";
import { groupRuns } from "../../../lib/perf/sum/groups.ts";
import { sumRuns } from "../../../lib/perf/sum/sum.ts";
import { testsOf } from "../../helpers/pure.ts";
import { stageOf } from "../raw_data.ts";
import { changed, delayed, experiment, withSettings } from "./experiments.ts";

const test = testsOf("sum");

/** Returns the refusal of runs. */
function refusal(runs: readonly RunFile[]): string {
  try {
    sumRuns(runs);
  } catch (error) {
    assert.ok(error instanceof Error && error.name === "SumError", String(error));
    return error.message;
  }
  return assert.fail("the runs were added up");
}

const withOps = (at: number, runs: readonly RunFile[]) => withSettings(runs, at, { ops: 9 });

/** Experiments that are refused, and the sentence. */
const REFUSED: Record<string, [runs: RunFile[], sentence: RegExp]> = {
  "another process of the server": [
    changed(experiment([1], [1, 2]), 2, { instance: "other" }),
    /^Cannot add up '0a.json' and '1b.json': .* restarted .*\(instance-1, and other\)$/,
  ],
  "another table": [
    changed(experiment([1], [1, 2]), 1, { table: "other" }),
    /^Cannot add up '0a.json' and '1a.json': they .* different tables \(table-1, and other\)$/,
  ],
  "another shared table": [
    changed(changed(experiment([1, 2]), 0, { servers: [] }), 1, { servers: [], table: "other" }),
    /different tables \(table-1, and other\)$/,
  ],
  "another address of an unknown server": [
    changed(experiment([1, 2]), 1, { instance: null, server: "10.0.0.2:99" }),
    /different servers \(me-a4-x at 10.0.0.1:41873, and me-a4-x at 10.0.0.2:99\)$/,
  ],
  "other stages": [
    changed(experiment([1], [2]), 1, { stages: [stageOf("insert", 1, 5)] }),
    /^Cannot add up '0a.json' and '1a.json': .* \(insert, lookup, scan, remove; and insert\)$/,
  ],
  "other settings": [
    withSettings(experiment([1], [2]), 1, { valueBytes: 9, pipeline: 16 }),
    /settings differ \(pipeline: 1, and 16; size of values: 100 bytes, and 9 bytes\)$/,
  ],
  "other keys of each client": [
    withSettings(withSettings(experiment([1], [2]), 0, { keys: 9 }), 1, { keys: 7 }),
    /settings differ \(keys of each client: 9, and 7\)$/,
  ],
  "a run that ended early": [
    changed(experiment([1], [2]), 1, { complete: false, failure: "ended by SIGTERM" }),
    /^Cannot add up '1a.json': it is not complete: ended by SIGTERM$/,
  ],
  "the same run twice": [
    changed([...experiment([1], [2]), ...experiment([1])], 2, { target: "x" }),
    /^Cannot add up '0a.json' and '0a.json': they are the same run, of process \d+ on host, started /,
  ],
  "a run on the other side of a boundary": [
    changed(delayed(experiment([1, 2, 3]), 1, 5_000), 1, { alignedUnixMs: 1 }),
    /'0[ac].json' and '0b.json': insert .* only 0%.* 5.000 s apart.*boundary: run them again/,
  ],
  "a run on the other side of a boundary, which began after the end of the others": [
    changed(delayed(experiment([1, 2]), 1, 10_000), 1, { alignedUnixMs: 1 }),
    /'0a.json' and '0b.json': insert .* only 0%.* 10.000 s apart.*boundary: run them again/,
  ],
  "a run that began before the others": [
    changed(delayed(experiment([1, 2]), 1, 700), 0, { alignedUnixMs: null }),
    /only 39.1% .* 0.700 s apart, because '0a.json' found no other process and began at once/,
  ],
  "runs that do not overlap in one stage": [
    delayed(experiment([1, 2]), 1, 100, 2),
    /: scan ran at the same time for only 88.2% of its time, and a sum needs 95%; .* 0.100 s apart/,
  ],
  "runs with --ops that drifted apart": [
    withOps(0, withOps(1, delayed(experiment([1, 2]), 1, 300))),
    /with --ops each process has its own times: measure without --ops$/,
  ],
  "a process without a result": [
    experiment([1], [2, 3, 4]).slice(0, 3),
    /'1a.json' and '1b.json': 1 more process .* not the whole: add its file, or measure again$/,
  ],
  "processes on machines with different clocks": [
    changed(delayed(experiment([1, 2]), 1, 3_600_000), 1, { startedUnixMs: 1_800_003_600_000 }),
    /^Cannot add up '0a.json': 1 more process .*; clocks of machines that differ by seconds also/,
  ],
  "a damaged histogram": [
    changed(experiment([1, 2]), 1, {
      stages: JSON.parse(
        JSON.stringify(experiment([1, 2])[1]?.data.stages).replaceAll("HISTF", "AAAAA"),
      ),
    }),
    /^Cannot add up '0a.json' and '0b.json': one of them has a damaged histogram$/,
  ],
};

for (const [name, [runs, sentence]] of Object.entries(REFUSED)) {
  test(`refuses ${name}`, () => {
    const message = refusal(runs);
    assert.match(message, sentence);
    assert.doesNotMatch(message, /[\r\n]/);
  });
}

test("a run that overlaps less than 95% is refused, and no other one", () => {
  fc.assert(fc.property(fc.nat({ max: 1_500 }), fc.nat({ max: 3 }), (ms, at) => {
    const runs = delayed(experiment([1, 2, 3, 4]), at, ms);
    if ((1_600 - ms) / (1_600 + ms) >= 0.95) assert.equal(groupRuns(runs).length, 1);
    else assert.match(refusal(runs), new RegExp(`'0${"abcd"[at]}.json'`));
  }));
});

test("foreign names and texts do not control a terminal", () => {
  const [run] = changed(experiment([1]), 0, { complete: false, failure: "\x1b[31m" });
  assert.ok(run);
  assert.ok(!refusal([{ ...run, file: "\x1b.json" }]).includes("\x1b"));
});
