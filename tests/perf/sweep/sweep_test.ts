/** Proves the steps of a sweep, their rounds, and the results that it keeps, with simulated runs. */
import assert from "assert";
import { LatencyHistogram } from "../../../lib/perf/measure/histogram.ts";
import { analyzeSweep, sweepSteps } from "../../../lib/perf/results/sweep_analysis.ts";
import { analysisLines } from "../../../lib/perf/results/sweep_report.ts";
import { SLOW_STAGE_S, sweepClients } from "../../../lib/perf/sweep/range.ts";
import type { SweepResult, SweepRun } from "../../../lib/perf/sweep/sweep.ts";
import { testsOf } from "../../helpers/pure.ts";
import { GOOD, stage, sweepOver } from "./simulated_sweep.ts";

const test = testsOf("sweep");

const clientsOf = ({ steps }: Pick<SweepResult, "steps">) => steps.map(({ clients }) => clients);

/** The numbers of clients of the runs that find the range. */
const rangeOf = ({ positions }: Awaited<ReturnType<typeof sweepOver>>) =>
  positions.flatMap(({ clients, round }) => round === null ? [clients] : []);

test("steps double, with one between, and the last one is the maximum", () => {
  assert.deepEqual(sweepClients(64), [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
  assert.deepEqual(sweepClients(10), [1, 2, 3, 4, 6, 8, 10]);
  assert.deepEqual(sweepClients(1), [1]);
  assert.deepEqual(sweepClients(3), [1, 2, 3]);
});

test("the range ends two steps after the start of the plateau, measured twice", async () => {
  const sweep = await sweepOver((clients) => 10_000 * Math.min(clients, 6));
  const { result } = sweep;
  assert.deepEqual(rangeOf(sweep), [1, 2, 3, 4, 6, 8, 12, 8, 12]);
  assert.deepEqual(clientsOf(result), [1, 2, 3, 4, 6, 8, 12]);
  assert.ok(result.complete && result.steps.every(({ repeats }) => repeats.length === 5));
  const { lookup } = analyzeSweep(result.steps, 1);
  assert.deepEqual([lookup?.plateau.verdict, lookup?.plateau.clients], ["levels out", 6]);
});

test("the runs that find the range do not count, because the server is cold", async () => {
  const runs: number[] = [];
  const { result: { steps } } = await sweepOver(() => 0, {
    clientCounts: [1, 2],
    repeats: 2,
    run: (clients) => {
      const rate = runs.push(clients) <= 2 ? 10 : 1_000;
      return Promise.resolve({ ...GOOD, stages: [stage("lookup", clients, rate)] });
    },
  });
  assert.deepEqual([runs.length, runs.slice(0, 2)], [6, [1, 2]]);
  const rates = steps.map(({ repeats }) => repeats.flat().map(({ sum }) => sum.ops / 2));
  assert.deepEqual(rates, [[1_000, 1_000], [1_000, 1_000]]);
});

test("a sweep without a plateau ends at the maximum number of clients", async () => {
  const { result, notes } = await sweepOver((clients) => 10_000 * clients);
  assert.deepEqual(clientsOf(result), sweepClients(64));
  assert.ok(result.complete && result.rounds.length === 5);
  assert.deepEqual(notes, []);
  const [line = ""] = analysisLines(analyzeSweep(result.steps, 1));
  assert.match(line, /^lookup: Throughput still rises at the last step, 64 clients/);
});

test("a range ends if throughput falls, but not before the law can be fitted", async () => {
  const { result } = await sweepOver((clients) => 10_000 / clients);
  assert.deepEqual(clientsOf(result), [1, 2, 3, 4, 6]);
  const [line = ""] = analysisLines(analyzeSweep(result.steps, 1));
  assert.match(
    line,
    /^lookup: Throughput falls beyond 1 client with .* has its peak near 1 client /,
  );
});

test("a range continues until every operation has its plateau", async () => {
  const { result } = await sweepOver(
    (clients, operation) => 10_000 * Math.min(clients, operation === "insert" ? 2 : 8),
    { operations: ["insert", "lookup"] },
  );
  assert.deepEqual(clientsOf(result), [1, 2, 3, 4, 6, 8, 12, 16]);
  const { insert, lookup } = analyzeSweep(result.steps, 1);
  assert.deepEqual([insert?.plateau.clients, lookup?.plateau.clients], [2, 8]);
});

test("scans that take too long are not measured with more clients; the others are", async () => {
  const { result, notes } = await sweepOver(() => 0, {
    operations: ["lookup", "scan"],
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
  const scans = sweepSteps(result.steps, "scan");
  assert.deepEqual(scans.map(({ clients }) => clients), [1, 2, 3, 4]);
  assert.ok(scans.every(({ opsPerSecond }) => opsPerSecond.length === 5));
  assert.equal(notes.length, 1);
  assert.match(notes[0] ?? "", /^scan: not measured with more than 4 clients, because .* with 4 /);
});

test("scans of which none ends in the time of a stage are not measured", async () => {
  for (
    const [max, other, clients] of [[2, "lookup", [1, 2, 3, 4, 6]], [2, "scan", [1, 2]]] as const
  ) {
    const { result, notes } = await sweepOver(
      (clients, operation) => operation === "scan" && clients > max ? 0 : 1_000,
      { operations: [...new Set([other, "scan"] as const)] },
    );
    assert.deepEqual(clientsOf(result), clients);
    assert.deepEqual(sweepSteps(result.steps, "scan").map(({ clients }) => clients), [1, 2]);
    assert.ok(result.steps.every(({ repeats }) => repeats.length === 5));
    assert.match(notes.join(), /^scan: not measured with more than 2 clients, because .* with 3 /);
  }
  const { result: none } = await sweepOver(() => 0, { operations: ["scan"] });
  assert.deepEqual([none.steps, none.complete], [[], true]);
});

/** Ends a sweep of two steps at one of its runs, in its first stage. */
function endingAt(run: number): Promise<Awaited<ReturnType<typeof sweepOver>>> {
  let runs = 0;
  return sweepOver(() => 0, {
    clientCounts: [1, 2],
    operations: ["insert", "lookup"],
    repeats: 3,
    run: (clients): Promise<SweepRun> => {
      const whole = [stage("insert", clients, 100), stage("lookup", clients, 200)];
      if (++runs < run) return Promise.resolve({ ...GOOD, stages: whole });
      const cut = stage("insert", clients, 7, { ended: "server gone", complete: false });
      return Promise.resolve({
        stages: [cut],
        unmeasuredErrors: 1,
        complete: false,
        failure: "the server is gone since insert",
      });
    },
  });
}

test("a run that ends early ends the sweep; its last round counts, too", async () => {
  // Two runs find the range, and each round has two.
  const { result } = await endingAt(6);
  assert.deepEqual(
    [result.complete, result.isGood, result.failure, result.unmeasuredErrors],
    [false, false, "the server is gone since insert", 1],
  );
  const { rounds, steps } = result;
  assert.deepEqual(rounds.map(({ isKept }) => isKept), [true, true]);
  const cutStep = steps.findIndex(({ clients }) => clients === rounds[1]?.order[1]);
  assert.deepEqual(steps[cutStep]?.repeats.map((stages) => stages.length), [2, 1]);
  assert.deepEqual(steps[1 - cutStep]?.repeats.map((stages) => stages.length), [2, 2]);
  assert.deepEqual(sweepSteps(steps, "insert")[cutStep]?.opsPerSecond, [100]);
  const { result: earlier } = await endingAt(5);
  assert.deepEqual(earlier.rounds.map(({ isKept, order }) => [isKept, order.length]), [
    [true, 2],
    [true, 1],
  ]);
  assert.deepEqual(earlier.steps.map(({ repeats }) => repeats.length).toSorted(), [1, 2]);
});

test("until the first round is complete, the runs that found the range count", async () => {
  const { result: { rounds, steps } } = await endingAt(4);
  assert.deepEqual(rounds.map(({ isKept, order }) => [isKept, order.length]), [[true, 2]]);
  const early = await endingAt(2);
  assert.deepEqual(early.result.rounds, []);
  assert.deepEqual(early.result.steps.map(({ repeats }) => repeats.length), [1, 1]);
  const firstRound = await endingAt(3);
  assert.equal(firstRound.result.rounds.length, 1);
  assert.deepEqual(
    firstRound.result.steps.map(({ repeats }) => repeats.length).toSorted(),
    [1, 2],
  );
  assert.equal(steps.length, 2);
});

test("a sweep that ends before its first result has no steps; few steps have a reason", async () => {
  const ended = { unmeasuredErrors: 0, complete: false, failure: "ended" };
  const { result } = await sweepOver(() => 0, {
    run: () => Promise.resolve({ stages: [], ...ended }),
  });
  assert.deepEqual(result, { steps: [], rounds: [], ...ended, isGood: false });
  assert.deepEqual(analyzeSweep([], 1), {});
  const { result: few } = await sweepOver((clients) => clients, { clientCounts: [1, 2] });
  const [line = ""] = analysisLines(analyzeSweep(few.steps, 1));
  assert.match(line, /^lookup: .* only 2 steps were measured.*needs 4 .* of clients: got 2\.$/);
});

test("a sweep is plain data, with histograms of the sums only", async () => {
  const { result: { steps, rounds } } = await sweepOver((clients) => 10_000 * Math.min(clients, 4));
  assert.deepEqual(JSON.parse(JSON.stringify({ steps, rounds })), { steps, rounds });
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
