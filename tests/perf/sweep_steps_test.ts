/** Proves the last step of a sweep, and the results that it keeps, with artificial measurements. */
import assert from "assert";
import { LatencyHistogram } from "../../lib/perf/measure/histogram.ts";
import type { StageData } from "../../lib/perf/measure/stage_data.ts";
import {
  measureSteps,
  SLOW_STAGE_S,
  type StepRun,
  type StepsOptions,
  type StepsResult,
  sweepClients,
} from "../../lib/perf/sweep_steps.ts";
import { analyzeSweep, sweepSteps } from "../../lib/perf/results/sweep_analysis.ts";
import {
  analysisLines,
  busyNotes,
  stepLine,
  sweepTables,
} from "../../lib/perf/results/sweep_report.ts";
import type { Operation } from "../../lib/perf/workload/operation.ts";
import { randomFrom } from "../../lib/base/random.ts";
import { normal } from "./normal_noise.ts";
import { clientData, operationData, stageData } from "./raw_data.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("sweep");

/** A stage in which all clients have the same share of a throughput. */
function stage(
  name: Operation,
  clients: number,
  opsPerSecond: number,
  changes: Partial<StageData> = {},
  seconds: number = 2,
): StageData {
  const measured = operationData(opsPerSecond * seconds / clients, seconds, [1, 2, 3]);
  return stageData(name, Array(clients).fill(clientData(measured, name)), changes);
}

const GOOD = { unmeasuredErrors: 0, complete: true, failure: null } as const;

/** Sweeps over a server whose throughput follows a rule, with noise of 1%. */
function measureRule(
  throughput: (clients: number, operation: Operation) => number,
  changes: Partial<StepsOptions> = {},
): Promise<StepsResult> {
  const random = randomFrom(7);
  return measureSteps({
    clientCounts: sweepClients(64),
    repeats: 5,
    operations: ["lookup"],
    stageSeconds: 2,
    run: (clients, operations): Promise<StepRun> => {
      const stages = operations.map((name) =>
        stage(name, clients, throughput(clients, name) * (1 + 0.01 * normal(random)))
      );
      return Promise.resolve({ ...GOOD, stages });
    },
    onStep: () => {},
    onNote: assert.fail,
    ...changes,
  });
}

const clientsOf = ({ steps }: StepsResult) => steps.map(({ clients }) => clients);

test("steps double, with one between, and the last one is the maximum", () => {
  assert.deepEqual(sweepClients(64), [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
  assert.deepEqual(sweepClients(10), [1, 2, 3, 4, 6, 8, 10]);
  assert.deepEqual(sweepClients(1), [1]);
  assert.deepEqual(sweepClients(3), [1, 2, 3]);
});

test("a sweep stops two steps after the start of the plateau", async () => {
  const result = await measureRule((clients) => 10_000 * Math.min(clients, 6));
  assert.deepEqual(clientsOf(result), [1, 2, 3, 4, 6, 8, 12]);
  assert.ok(result.complete && result.steps.every(({ repeats }) => repeats.length === 5));
  const { lookup } = analyzeSweep(result.steps, 1);
  assert.deepEqual([lookup?.plateau.verdict, lookup?.plateau.clients], ["levels out", 6]);
});

test("the first run does not count, because the server is cold", async () => {
  const runs: number[] = [];
  const { steps } = await measureRule(() => 0, {
    clientCounts: [1, 2],
    repeats: 2,
    run: (clients) => {
      const rate = runs.push(clients) === 1 ? 10 : 1_000;
      return Promise.resolve({ ...GOOD, stages: [stage("lookup", clients, rate)] });
    },
  });
  assert.deepEqual(runs, [1, 1, 1, 2, 2]);
  const rates = steps.map(({ repeats }) => repeats.flat().map(({ sum }) => sum.ops / 2));
  assert.deepEqual(rates, [[1_000, 1_000], [1_000, 1_000]]);
});

test("a sweep without a plateau ends at the maximum number of clients", async () => {
  const result = await measureRule((clients) => 10_000 * clients);
  assert.deepEqual(clientsOf(result), sweepClients(64));
  assert.ok(result.complete);
  const [plateau = "", usl = ""] = analysisLines(analyzeSweep(result.steps, 1));
  assert.match(plateau, /^lookup: Throughput still rises at the last step, 64 clients/);
  assert.match(usl, /^lookup: The Universal Scalability Law has no peak/);
});

test("a sweep stops if throughput falls, but not before the law can be fitted", async () => {
  const result = await measureRule((clients) => 10_000 / clients);
  assert.deepEqual(clientsOf(result), [1, 2, 3, 4]);
  const [plateau = "", usl = ""] = analysisLines(analyzeSweep(result.steps, 1));
  assert.match(plateau, /^lookup: Throughput falls beyond 1 client with /);
  assert.match(usl, /^lookup: The Universal Scalability Law has its peak at 1 client /);
});

test("a sweep continues until every operation has its plateau", async () => {
  const result = await measureRule(
    (clients, operation) => 10_000 * Math.min(clients, operation === "insert" ? 2 : 8),
    { operations: ["insert", "lookup"] },
  );
  assert.deepEqual(clientsOf(result), [1, 2, 3, 4, 6, 8, 12, 16]);
  const { insert, lookup } = analyzeSweep(result.steps, 1);
  assert.deepEqual([insert?.plateau.clients, lookup?.plateau.clients], [2, 8]);
});

test("scans that take too long are not measured with more clients; the others are", async () => {
  const notes: string[] = [];
  const result = await measureRule(() => 0, {
    operations: ["lookup", "scan"],
    onNote: (text) => notes.push(text),
    run: (clients, operations) => {
      const stages = operations.map((name) =>
        name === "scan"
          ? stage(name, clients, 2, {}, clients < 4 ? 3 : 2 + SLOW_STAGE_S)
          : stage(name, clients, 1_000 * Math.min(clients, 8))
      );
      return Promise.resolve({ ...GOOD, stages });
    },
  });
  assert.deepEqual(clientsOf(result), [1, 2, 3, 4, 6, 8, 12, 16]);
  assert.deepEqual(sweepSteps(result.steps, "scan").map(({ clients }) => clients), [1, 2, 3, 4]);
  assert.equal(notes.length, 1);
  assert.match(notes[0] ?? "", /^scan: not measured with more than 4 clients, because .* 12 s/);
});

test("a run that ends early ends the sweep; complete stages count, the others are kept", async () => {
  const reported: number[] = [];
  let runs = 0;
  const result = await measureRule(() => 0, {
    operations: ["insert", "lookup"],
    repeats: 2,
    onStep: ({ clients }) => reported.push(clients),
    run: (clients) => {
      const whole = [stage("insert", clients, 100), stage("lookup", clients, 200)];
      // One run that does not count, two of each of the first two steps, and one of the third.
      if (runs++ < 6) return Promise.resolve({ ...GOOD, stages: whole });
      const cut = stage("insert", clients, 7, { ended: "server gone", complete: false });
      return Promise.resolve({
        stages: [cut],
        unmeasuredErrors: 1,
        complete: false,
        failure: "the server is gone since insert",
      });
    },
  });
  assert.deepEqual(
    [result.complete, result.isGood, result.failure, result.unmeasuredErrors],
    [false, false, "the server is gone since insert", 1],
  );
  assert.deepEqual(reported, [1, 2, 3]);
  assert.deepEqual(result.steps.at(-1)?.repeats.map((stages) => stages.length), [2, 1]);
  const last = { clients: 3, opsPerSecond: [100] };
  assert.deepEqual(sweepSteps(result.steps, "insert").at(-1), last);
});

test("a sweep that ends before its first result has no steps; few steps have a reason", async () => {
  const ended = { unmeasuredErrors: 0, complete: false, failure: "ended" };
  const result = await measureRule(() => 0, {
    run: () => Promise.resolve({ stages: [], ...ended }),
  });
  assert.deepEqual(result, { steps: [], ...ended, isGood: false });
  assert.deepEqual(analyzeSweep([], 1), {});
  const few = await measureRule((clients) => clients, { clientCounts: [1, 2] });
  const [plateau = "", usl = ""] = analysisLines(analyzeSweep(few.steps, 1));
  assert.match(plateau, /does not decide .* too few steps: 2 measured/);
  assert.match(usl, /^lookup: .*needs 4 different numbers of clients: got 2\.$/);
});

test("a single run is one step: no run before it, and all histograms are kept", async () => {
  const stages = [stage("scan", 3, 100, {}, 2 * SLOW_STAGE_S)];
  let runs = 0;
  const result = await measureRule(() => 0, {
    clientCounts: [3],
    repeats: 1,
    operations: ["scan"],
    run: () => Promise.resolve({ ...GOOD, unmeasuredErrors: ++runs, stages }),
  });
  const steps = [{ clients: 3, repeats: [stages] }];
  assert.deepEqual(result, { ...GOOD, steps, unmeasuredErrors: 1, isGood: false });
});

test("a sweep is plain data, with histograms of the sums only", async () => {
  const { steps } = await measureRule((clients) => 10_000 * Math.min(clients, 4));
  assert.deepEqual(JSON.parse(JSON.stringify(steps)), steps);
  const analysis = analyzeSweep(steps, 9);
  assert.deepEqual(JSON.parse(JSON.stringify(analysis)), analysis);
  for (const { sum, clients } of steps.flatMap(({ repeats }) => repeats.flat())) {
    assert.equal(LatencyHistogram.from(sum.latency).count, sum.latency.count);
    for (const { latency, operations } of clients) {
      assert.deepEqual([latency.histogram, operations.lookup?.latency.histogram], ["", ""]);
      assert.ok(latency.p99Ms > 0);
    }
  }
});

// (2.001 is 2 in a histogram of three digits.)
test("a table has a row for each step: the aggregate, and the throughput of clients", () => {
  const steps = [1, 2].map((clients) => ({
    clients,
    repeats: [100, 300, 200].map((rate) => [stage("scan", clients, rate)]),
  }));
  assert.deepEqual(sweepTables(steps).map((table) => table.split("\n")), [[
    "scan       runs  aggregate ops/s    min    max  client ops/s    min    max  p50 ms  p99 ms  client thread  errors",
    "1 client      3            200.0  100.0  300.0         200.0  100.0  300.0   2.001   3.000            50%       0",
    "2 clients     3            200.0  100.0  300.0         100.0   50.0  150.0   2.001   3.000            50%       0",
  ]]);
  assert.deepEqual(busyNotes(steps), []);
  const processors = [{ mainShare: 0.95, allShare: 1 }];
  const busy = [1, 2].map((clients) => ({
    clients,
    repeats: [[stage("scan", clients, 100, { processors })]],
  }));
  assert.match(busyNotes(busy).join(), /^scan: with 1, 2 clients the client thread was busy/);
  assert.deepEqual(steps.map(stepLine), [
    "1 client, 3 runs: scan 200 ops/s",
    "2 clients, 3 runs: scan 200 ops/s",
  ]);
});
