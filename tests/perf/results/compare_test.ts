/** Proves the verdicts on what changed, what makes a comparison unfair, and which files are refused. */
import assert from "assert";
import { compareData, comparisonLines } from "../../../lib/perf/results/compare.ts";
import { RawDataError, readRawData } from "../../../lib/perf/results/read_data.ts";
import type { SweepData } from "../../../lib/perf/results/sweep_data.ts";
import { levelSweep, runWith, settingsWith, stageOf, stepsWith, sweepWith } from "../raw_data.ts";
import { clientData, operationData, stageData } from "../stage_data.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `compare: ${name}`, permissions: "none", fn });
}

/** Five repeats that differ by up to 2%. */
function sweepAt(opsPerSecond: number, p99Ms: number): SweepData {
  return sweepWith(
    stepsWith([1, 2], 5, (clients, repeat) => {
      const factor = 1 + (repeat - 2) / 200;
      return [stageOf("insert", clients, opsPerSecond * factor, p99Ms * factor)];
    }),
  );
}

function verdicts(before: SweepData, after: SweepData): string[] {
  return compareData(before, after).compared.map(({ operation, clients, figure, change }) =>
    `${operation} ${clients} ${figure}: ${change.verdict}`
  );
}

test("more throughput and less p99 are faster, less and more are slower", () => {
  assert.deepEqual(verdicts(sweepAt(1_000, 1), sweepAt(1_300, 0.8)), [
    "insert 1 throughput: faster",
    "insert 1 p99: faster",
    "insert 2 throughput: faster",
    "insert 2 p99: faster",
  ]);
  assert.deepEqual(verdicts(sweepAt(1_000, 1), sweepAt(700, 1.3)), [
    "insert 1 throughput: slower",
    "insert 1 p99: slower",
    "insert 2 throughput: slower",
    "insert 2 p99: slower",
  ]);
});

test("the same again is no more than noise", () => {
  for (const verdict of verdicts(sweepAt(1_000, 1), sweepAt(1_002, 1.002))) {
    assert.match(verdict, /no more than noise$/);
  }
});

test("lines have both values, their unit, the verdict and its interval", () => {
  const lines = comparisonLines(compareData(sweepAt(1_000, 1), sweepAt(1_300, 1)));
  assert.match(lines[0] ?? "", /^From me-a4-x at 10.0.0.1:41873 \(2027-01-15T08:00:00Z\) to me-/);
  assert.match(
    lines[1] ?? "",
    /^insert with 1 client: throughput 1000.0 -> 1300.0 ops\/s, faster: \+30.0% \(95%: \+\d+.\d% to \+\d+.\d%\)$/,
  );
  assert.match(
    lines[2] ?? "",
    /^insert with 1 client: p99 1.\d{3} -> 1.\d{3} ms, no more than noise: /,
  );
  assert.equal(lines.length, 5);
});

test("single runs have no repeats, so nobody knows the noise", () => {
  const lines = comparisonLines(
    compareData(runWith([stageOf("insert", 1, 100)]), runWith([stageOf("insert", 1, 150)])),
  );
  assert.equal(
    lines[1],
    "insert with 1 client: throughput 100.0 -> 150.0 ops/s, +50.0%, no repeats, so noise is unknown",
  );
  assert.match(lines.at(-1) ?? "", /^There are no repeats, so noise is unknown/);
});

test("a run is compared with the step of a sweep that has as many clients", () => {
  const { compared, onlyBefore } = compareData(levelSweep(), runWith([stageOf("insert", 2, 900)]));
  assert.deepEqual(
    compared.map(({ clients, oldRepeats, newRepeats }) => [clients, oldRepeats, newRepeats]),
    [
      [2, 3, 1],
      [2, 3, 1],
    ],
  );
  assert.deepEqual(onlyBefore, [
    "insert with 1, 4, 8, 16 clients",
    "lookup with 1, 2, 4, 8, 16 clients",
  ]);
});

test("settings that differ are told, other clients, seeds and ports are not", () => {
  const before = runWith([stageOf("insert", 1, 100)]);
  const after = runWith([stageOf("insert", 1, 100)], {
    server: "10.0.0.2:41873",
    seed: 8,
    settings: settingsWith({
      valueBytes: 1_000,
      pipeline: 16,
      ops: null,
      durationMs: 2_000,
      keys: 50,
      distribution: { kind: "zipf", theta: 0.99 },
      verify: false,
      processes: 2,
      warmupMs: 500,
    }),
  });
  assert.deepEqual(compareData(before, before).differences, []);
  assert.deepEqual(
    compareData(before, { ...before, server: "10.0.0.1:9", seed: 9 }).differences,
    [],
  );
  const told = comparisonLines(compareData(before, after)).at(-1) ?? "";
  assert.match(told, /^Not a fair comparison of the server alone, since the settings differ \(/);
  for (
    const part of [
      "host of the server: 10.0.0.1, now 10.0.0.2",
      "processes: 1, now 2",
      "pipeline: 1, now 16",
      "operations of a stage: 1000, now not set",
      "length of stages: not set, now 2 s",
      "warm-up: 0 s, now 0.5 s",
      "size of values: 100 bytes, now 1000 bytes",
      "keys: not set, now 50",
      "distribution: not set, now zipf:0.99",
      "values checked: yes, now no",
    ]
  ) assert.ok(told.includes(part), `${part} is in ${told}`);
});

test("open and closed loops, and mixes, differ", () => {
  const before = runWith([stageOf("insert", 1, 100)]);
  const settings = settingsWith({ ratePerS: 50, mix: { lookup: 90, insert: 10 } });
  const told = comparisonLines(compareData(before, { ...before, settings })).at(-1) ?? "";
  assert.match(
    told,
    /mix: not set, now insert=10,lookup=90; rate: not set \(closed loop\), now 50 requests/,
  );
  assert.doesNotMatch(told, /pipeline/);
});

test("what has nothing in common is said to have nothing, and an early end is told", () => {
  const before = runWith([stageOf("insert", 1, 100)], { complete: false });
  const lines = comparisonLines(compareData(before, runWith([stageOf("scan", 2, 100)])));
  assert.deepEqual(lines.slice(1), [
    "The two have no operation and number of clients in common",
    "Only measured before: insert with 1 client",
    "Only measured now: scan with 2 clients",
    "One of the two ended early: what it measured last may mislead",
  ]);
});

test("where nothing succeeded there is a throughput of 0 and no p99", () => {
  const failed = stageData("insert", [
    clientData(operationData(0, 1, [], { KeyError: 9 }), "insert"),
  ]);
  const { compared } = compareData(runWith([stageOf("insert", 1, 100)]), runWith([failed]));
  assert.deepEqual(compared.map(({ figure }) => figure), ["throughput"]);
});

test("what a file has in it steers no terminal", () => {
  const [stage] = runWith([stageOf("insert", 1, 100)]).stages;
  assert.ok(stage);
  const before = runWith([{ ...stage, stage: "\x1b[2Jx\nfaster\x9b" }], {
    server: "\x1b]0;h\x07:1",
  });
  const lines = comparisonLines(compareData(before, runWith([stageOf("insert", 1, 100)])));
  assert.ok(lines.some((line) => line.includes("[2Jx faster")), lines.join("\n"));
  for (const line of lines) assert.doesNotMatch(line, /\p{Cc}/u);
});

test("raw data comes back from its JSON", () => {
  for (const data of [levelSweep(), runWith([stageOf("insert", 2, 9)]), runWith([])]) {
    assert.deepEqual(readRawData(JSON.stringify(data)), JSON.parse(JSON.stringify(data)));
  }
});

test("other files are refused with a sentence that says what is wrong", () => {
  const run = runWith([stageOf("insert", 1, 100)]);
  const refused = (text: string, why: RegExp) =>
    assert.throws(() => readRawData(text), (error) => {
      assert.ok(error instanceof RawDataError);
      assert.match(error.message, why);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  refused("", /^it is empty$/);
  refused("insert: 1000 ops", /^it is not JSON/);
  for (const other of ["[]", "3", "null", '{"format":"x"}', '"testperf run"']) {
    refused(other, /^it is not what testperf --json prints$/);
  }
  refused(JSON.stringify({ ...run, version: 2 }), /of version 2 of the format.* reads version 1$/);
  refused(JSON.stringify({ ...run, version: "\x1b[31m\n" }), /of version "\\u001b\[31m\\n" of/);
  refused(JSON.stringify({ ...run, stages: {} }), /^it is damaged: stages is missing/);
  refused(JSON.stringify({ ...run, startedUnixMs: 1e300 }), /startedUnixMs is missing or not/);
  for (
    const [name, value] of Object.entries({
      pipeline: { toString: 1 },
      ops: "many",
      durationMs: [1],
      warmupMs: null,
      distribution: { kind: "\x1b[31m" },
      mix: { insert: { toString: 1 } },
      ratePerS: "1",
      verify: 1,
    })
  ) {
    const settings = { ...run.settings, [name]: value };
    refused(JSON.stringify({ ...run, settings }), new RegExp(`: settings.${name} is missing or`));
  }
  refused(
    JSON.stringify(run).replace(/"p99Ms":[^,}]+/, '"p99Ms":1e999'),
    /latency is missing or not/,
  );
  const [stage] = run.stages;
  assert.ok(stage);
  const odd = { ...stage, sum: { ...stage.sum, operations: { "\x1b[2J\n": 1 } } };
  refused(JSON.stringify({ ...run, stages: [odd] }), /^\P{Cc}+$/u);
  const broken = { ...stage, sum: { ...stage.sum, ops: "many" } };
  refused(JSON.stringify({ ...run, stages: [broken] }), /stages\[0\].sum.ops is missing or not/);
});
