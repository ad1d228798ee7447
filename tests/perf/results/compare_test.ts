/** Proves the verdicts on changes, the notes on settings that differ, and the rejection of other files. */
import assert from "assert";
import { compareData, comparisonLines } from "../../../lib/perf/results/compare.ts";
import { RawDataError, readRawData } from "../../../lib/perf/results/read_data.ts";
import type { SweepData } from "../../../lib/perf/results/sweep_data.ts";
import {
  failedStage,
  levelSweep,
  runWith,
  settingsWith,
  stageOf,
  stepsWith,
  sweepWith,
} from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("compare");

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

test("more throughput and less p99 are faster, less and more are slower, equal ones are noise", () => {
  const cases = {
    "faster": [1_300, 0.8],
    "slower": [700, 1.3],
    "no more than noise": [1_002, 1.002],
  };
  for (const [verdict, [opsPerSecond = 0, p99Ms = 0]] of Object.entries(cases)) {
    assert.deepEqual(
      verdicts(sweepAt(1_000, 1), sweepAt(opsPerSecond, p99Ms)),
      ["insert 1 throughput", "insert 1 p99", "insert 2 throughput", "insert 2 p99"]
        .map((figure) => `${figure}: ${verdict}`),
    );
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

test("single runs have no repeats, so the noise is unknown", () => {
  const lines = comparisonLines(
    compareData(runWith([stageOf("insert", 1, 100)]), runWith([stageOf("insert", 1, 150)])),
  );
  assert.equal(
    lines[1],
    "insert with 1 client: throughput 100.0 -> 150.0 ops/s, +50.0%, noise unknown without repeats",
  );
  assert.match(lines.at(-1) ?? "", /^Without repeats the noise is unknown/);
});

test("a run is compared with the step of a sweep that has the same number of clients", () => {
  const { compared, onlyBefore } = compareData(levelSweep(), runWith([stageOf("insert", 2, 900)]));
  assert.deepEqual(compared.map(({ figure }) => figure), ["throughput", "p99"]);
  for (const { clients, oldRepeats, newRepeats } of compared) {
    assert.deepEqual([clients, oldRepeats, newRepeats], [2, 3, 1]);
  }
  assert.deepEqual(onlyBefore, [
    "insert with 1, 4, 8, 16 clients",
    "lookup with 1, 2, 4, 8, 16 clients",
  ]);
});

test("settings that differ are noted, except clients, seeds and ports", () => {
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
  const same = { ...before, server: "10.0.0.1:9", seed: 9 };
  assert.deepEqual(compareData(before, same).differences, []);
  const at = (...hosts: readonly string[]) => ({
    servers: hosts.map((host, clients) => ({ server: `${host}:${clients}`, clients })),
  });
  const shared = { ...before, ...at("10.0.0.2", "10.0.0.1", "10.0.0.2") };
  const moved = { ...before, ...at("10.0.0.1", "10.0.0.2") };
  assert.deepEqual(compareData(shared, moved).differences, []);
  assert.equal(compareData(before, shared).differences.length, 1);
  const note = comparisonLines(compareData(before, after)).at(-1) ?? "";
  assert.match(note, /^The settings differ, so the server is not the only cause of changes \(/);
  const parts = [
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
  ];
  for (const part of parts) assert.ok(note.includes(part), `${part} is in ${note}`);
});

test("open and closed loops, and mixes, differ", () => {
  const before = runWith([stageOf("insert", 1, 100)]);
  const settings = settingsWith({ ratePerS: 50, mix: { lookup: 90, insert: 10 } });
  const note = comparisonLines(compareData(before, { ...before, settings })).at(-1) ?? "";
  assert.match(
    note,
    /mix: not set, now insert=10,lookup=90; rate: not set \(closed loop\), now 50 requests/,
  );
  assert.doesNotMatch(note, /pipeline/);
});

test("data with nothing in common and an early end have notes", () => {
  const before = runWith([stageOf("insert", 1, 100)], { complete: false });
  const lines = comparisonLines(compareData(before, runWith([stageOf("scan", 2, 100)])));
  assert.deepEqual(lines.slice(1), [
    "The two have no operation and number of clients in common",
    "Only measured before: insert with 1 client",
    "Only measured now: scan with 2 clients",
    "One of the two ended early: its last figures may mislead",
  ]);
});

test("an operation without a success has a throughput of 0 and no p99", () => {
  const { compared } = compareData(
    runWith([stageOf("insert", 1, 100)]),
    runWith([failedStage("insert")]),
  );
  assert.deepEqual(compared.map(({ figure }) => figure), ["throughput"]);
});

test("the content of a file does not control the terminal", () => {
  const stage = { ...stageOf("insert", 1, 100), stage: "\x1b[2Jx\nfaster\x9b" };
  const before = runWith([stage], { server: "\x1b]0;h\x07:1" });
  const lines = comparisonLines(compareData(before, runWith([stageOf("insert", 1, 100)])));
  assert.ok(lines.some((line) => line.includes("[2Jx faster")), lines.join("\n"));
  for (const line of lines) assert.doesNotMatch(line, /\p{Cc}/u);
});

test("raw data can be read from its JSON", () => {
  for (const data of [levelSweep(), runWith([stageOf("insert", 2, 9)]), runWith([])]) {
    assert.deepEqual(readRawData(JSON.stringify(data)), JSON.parse(JSON.stringify(data)));
  }
});

test("other files are rejected with the reason", () => {
  const run = runWith([stageOf("insert", 1, 100)]);
  const assertRejected = (text: string, why: RegExp) =>
    assert.throws(() => readRawData(text), (error) => {
      assert.ok(error instanceof RawDataError);
      assert.match(error.message, why);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  const assertDamaged = (changes: object, why: RegExp) =>
    assertRejected(JSON.stringify({ ...run, ...changes }), why);
  assertRejected("", /^it is empty$/);
  assertRejected("insert: 1000 ops", /^it is not JSON/);
  for (const other of ["[]", "3", "null", '{"format":"x"}', '"testperf run"']) {
    assertRejected(other, /^it is not the output of testperf --json$/);
  }
  assertDamaged({ version: 2 }, /has version 2 of the format.* reads version 1$/);
  assertDamaged({ version: "\x1b[31m\n" }, /has version "\\u001b\[31m\\n" of/);
  assertDamaged({ stages: {} }, /^it is damaged: stages is missing/);
  assertDamaged({ startedUnixMs: 1e300 }, /startedUnixMs is missing or has/);
  const settings = {
    pipeline: { toString: 1 },
    ops: "many",
    durationMs: [1],
    edgeMs: {},
    warmupMs: null,
    distribution: { kind: "\x1b[31m" },
    mix: { insert: { toString: 1 } },
    ratePerS: "1",
    verify: 1,
  };
  for (const [name, value] of Object.entries(settings)) {
    const damaged = { ...run.settings, [name]: value };
    assertDamaged({ settings: damaged }, new RegExp(`: settings.${name} is missing or`));
  }
  const infinite = JSON.stringify(run).replace(/"p99Ms":[^,}]+/, '"p99Ms":1e999');
  assertRejected(infinite, /latency is missing or has/);
  const [stage = assert.fail()] = run.stages;
  const odd = { ...stage, sum: { ...stage.sum, operations: { "\x1b[2J\n": 1 } } };
  assertDamaged({ stages: [odd] }, /^\P{Cc}+$/u);
  assertDamaged({ stages: [{ ...stage, stage: "\x1b[2J" }] }, /: stages\[0\].stage is missing or/);
  assertDamaged({ others: {} }, /: others is missing or/);
  const huge = { ...stage, sum: { ...stage.sum, ops: 1e308 } };
  assertDamaged({ stages: [huge] }, /stages\[0\].sum.ops is missing or has/);
  const broken = { ...stage, sum: { ...stage.sum, ops: "many" } };
  assertDamaged({ stages: [broken] }, /stages\[0\].sum.ops is missing or has/);
});
