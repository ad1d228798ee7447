/** Proves that a slow stretch of the machine does not change the result of a sweep, and is named. */
import assert from "assert";
import { analyzePlateau, type PlateauAnalysis } from "../../../lib/perf/analysis/plateau.ts";
import { sweepSteps } from "../../../lib/perf/results/sweep_analysis.ts";
import type { StepData } from "../../../lib/perf/results/sweep_data.ts";
import { DISTURBED_SHARE, roundsSentence } from "../../../lib/perf/results/sweep_rounds.ts";
import type { SweepPosition } from "../../../lib/perf/sweep/sweep.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { testsOf } from "../../helpers/pure.ts";
import { CONTROL_MS, type MachineSpeed, RUN_MS, simulate, sweepOver } from "./simulated_sweep.ts";

const test = testsOf("sweep on a slow machine");

/** The measured throughput of inserts of a quiet machine. It levels out at three clients. */
const INSERTS: Readonly<Record<number, number>> = {
  1: 20_900,
  2: 34_400,
  3: 36_900,
  4: 36_900,
  6: 36_900,
};
const inserts = (clients: number) => INSERTS[clients] ?? 36_900;

/** Makes a machine that is slow from one moment to another. */
function slowFrom(fromMs: number, toMs: number, speed = 0.1): MachineSpeed {
  return (nowMs) => nowMs >= fromMs && nowMs < toMs ? speed : 1;
}

function verdictOf(steps: readonly StepData[]): Pick<PlateauAnalysis, "verdict" | "clients"> {
  const { verdict, clients } = analyzePlateau(sweepSteps(steps, "lookup"));
  return { verdict, clients };
}

const LEVELS_OUT = { verdict: "levels out", clients: 3 } as const;

/** Runs of the range: five steps, and the last two again. A round has five runs. */
const RANGE_RUNS = 7, ROUND_RUNS = 5;

/** The time of the sweeps here, if no round is repeated, in runs. */
const PLANNED_RUNS = RANGE_RUNS + 5 * ROUND_RUNS;

test("a stretch of the length of a round changes no verdict, and its rounds are repeated", async () => {
  const quiet = await sweepOver(inserts);
  assert.deepEqual(verdictOf(quiet.result.steps), LEVELS_OUT);
  assert.match(
    roundsSentence(quiet.result) ?? "",
    /^Each step has one run in each of 5 rounds, in random order\.$/,
  );
  for (let run = RANGE_RUNS; run < PLANNED_RUNS; run += 3) {
    const fromMs = run * RUN_MS;
    const { result } = await sweepOver(inserts, {}, slowFrom(fromMs, fromMs + ROUND_RUNS * RUN_MS));
    assert.deepEqual(verdictOf(result.steps), LEVELS_OUT, `slow from run ${run}`);
    const repeated = result.rounds.filter(({ isKept }) => !isKept);
    assert.ok(repeated.length >= 1 && repeated.length <= 2, `${repeated.length} repeated`);
    assert.ok(repeated.every(({ controlShare }) => controlShare < DISTURBED_SHARE));
    assert.match(
      roundsSentence(result) ?? "",
      /^Each step .* 5 rounds, in random order; repeated, because the machine was slow: [12] rounds? \(\d\d%/,
    );
    // What counts was measured on the usual machine.
    for (const { clients, repeats } of result.steps) {
      for (const { sum } of repeats.flat()) {
        assert.ok(sum.ops / sum.seconds > 0.9 * inserts(clients), "a slow run counts");
      }
    }
  }
});

test("fault: a slow stretch fell on one step, and changed the verdict: with repeats in a row, it does", async () => {
  const verdicts = [];
  for (const slowStep of [0, 1, 2, 3, 4]) {
    const clock = new VirtualClock();
    const fromMs = slowStep * 5 * RUN_MS;
    const { run } = simulate(clock, inserts, slowFrom(fromMs, fromMs + 5 * RUN_MS));
    const steps: StepData[] = [];
    const measureStepByStep = async () => {
      for (const clients of [1, 2, 3, 4, 6]) {
        const repeats = [];
        for (let repeat = 0; repeat < 5; repeat++) {
          repeats.push((await run(clients, ["lookup"])).stages);
        }
        steps.push({ clients, repeats });
      }
    };
    await clock.run(measureStepByStep());
    verdicts.push(verdictOf(steps));
  }
  // The test above has the same stretch, at any time.
  assert.notDeepEqual(verdicts[2], LEVELS_OUT);
  assert.deepEqual(verdicts[4], { verdict: "falls", clients: 4 });
});

test("the order is random, differs between rounds, and follows from the seed", async () => {
  const orders = async (seed: number) => {
    const { result } = await sweepOver(inserts, { seed });
    return result.rounds.map(({ order }) => order);
  };
  const [one, again, other] = [await orders(1), await orders(1), await orders(2)];
  assert.deepEqual(one, again);
  assert.notDeepEqual(one, other);
  assert.equal(new Set(one.map(String)).size, 5);
  for (const order of one) assert.deepEqual(order.toSorted((a, b) => a - b), [1, 2, 3, 4, 6]);
});

test("at most as many rounds are repeated as planned; then disturbed ones count, and are named", async () => {
  const { result } = await sweepOver(
    inserts,
    {},
    (_, position) => (position?.round?.number ?? 1) % 3 === 1 ? 1 : 0.5,
  );
  assert.equal(result.rounds.length, 10);
  assert.ok(result.steps.every(({ repeats }) => repeats.length === 5));
  assert.equal(result.rounds.filter(({ isKept }) => isKept).length, 5);
  assert.match(
    roundsSentence(result) ?? "",
    /repeated, .*: 5 rounds \(.*\); disturbed by a slow machine, but counted: 1 round \(5\d% of its usual speed\)\.$/,
  );
});

test("a time limit ends the rounds, the repeats of rounds, and the extension", async () => {
  const roundMs = ROUND_RUNS * (RUN_MS + CONTROL_MS);
  const rangeMs = RANGE_RUNS * (RUN_MS + CONTROL_MS);
  const slow: MachineSpeed = (_, position) => position?.round?.number === 1 ? 0.1 : 1;
  const cases = [[0, 2, [1, 1]], [3.7, 3, [4, 3]], [5.5, 5, [5, 4]], [6.5, 6, [5, 4]]] as const;
  for (const [limit, rounds, left] of cases) {
    const limitMs = rangeMs + limit * roundMs;
    const { result, notes, positions } = await sweepOver(inserts, { limitMs }, slow);
    assert.deepEqual([result.rounds.length, result.complete], [rounds, true]);
    const note = `The time limit left no time for more than ${rounds} rounds`;
    assert.deepEqual(notes, rounds < 5 ? [note] : []);
    const lefts = positions.filter(({ step, round }) => round !== null && step.number === 1)
      .map(({ leftMs }) => Math.round((leftMs ?? NaN) / roundMs));
    assert.deepEqual(lefts.slice(0, 2), left, "the estimate at the start of a round, in rounds");
  }
  const short = { clientCounts: [1, 2, 3, 4, 6, 8, 12], limitMs: rangeMs + 6 * roundMs };
  const { result } = await sweepOver(
    (clients) => 10_000 * clients,
    short,
    slowFrom(2.1 * RUN_MS, 7.5 * RUN_MS, 0.3),
  );
  assert.deepEqual([result.steps.length, result.rounds.length], [5, 5]);
});

test("repeat i of every step is of the i-th round that counts", async () => {
  const fromMs = (RANGE_RUNS + ROUND_RUNS) * RUN_MS;
  const { result } = await sweepOver(inserts, {}, slowFrom(fromMs, fromMs + RUN_MS));
  const kept = result.rounds.filter(({ isKept }) => isKept);
  assert.ok(kept.length === 5 && result.rounds.length > 5);
  const starts = result.rounds.map(({ startedUnixMs }) => startedUnixMs);
  for (const { repeats } of result.steps) {
    const rounds = repeats.flat().map((data) =>
      result.rounds[starts.findLastIndex((start) => start < data.startedUnixMs)]
    );
    assert.deepEqual(rounds, kept);
  }
});

test("a moment that slows one control repeats no round", async () => {
  let controls = 0;
  const { result } = await sweepOver(inserts, {
    control: () => Promise.resolve({ workPerS: ++controls % 7 === 0 ? 2e8 : 7e8, echoesPerS: 6e4 }),
  });
  assert.ok(controls > 30);
  assert.equal(result.rounds.length, 5);
  assert.ok(result.rounds.every(({ controlShare }) => controlShare === 1));
});

test("each figure of the control decides, and the echo can be missing", async () => {
  for (const slow of [{ workPerS: 3 }, { echoesPerS: 3 }, { workPerS: 3, echoesPerS: null }]) {
    let position: SweepPosition | undefined;
    const usual = { workPerS: 10, echoesPerS: slow.echoesPerS === null ? null : 10 };
    const { result } = await sweepOver(inserts, {
      control: () => Promise.resolve(position?.round?.number === 2 ? { ...usual, ...slow } : usual),
      events: { onPosition: (now) => void (position = now), onRangeStep() {}, onNote() {} },
    });
    const isDisturbed = result.rounds.map(({ controlShare }) => controlShare < DISTURBED_SHARE);
    // The last control of a round is also the first one of the next round.
    assert.deepEqual(isDisturbed, [false, true, true, false, false, false, false]);
    assert.equal(result.rounds[0]?.control.echoesPerS, usual.echoesPerS);
  }
});

test("a slow stretch in the last runs of the range does not end it too early", async () => {
  // Runs with 4 and 6 clients are slow, of eight that raise throughput.
  const rising = (clients: number) => 10_000 * Math.min(clients, 8);
  const { result, notes } = await sweepOver(rising, {}, slowFrom(2.1 * RUN_MS, 4.1 * RUN_MS, 0.4));
  assert.deepEqual(result.steps.map(({ clients }) => clients), [1, 2, 3, 4, 6, 8, 12, 16]);
  assert.deepEqual(notes, []);
});

test("a range that proves too short is extended once, and its rounds do not count", async () => {
  const rising = (clients: number) => 10_000 * Math.min(clients, 8);
  // All runs after the third are slow until the range is found.
  const { result, notes } = await sweepOver(rising, {}, slowFrom(2.1 * RUN_MS, 7.5 * RUN_MS, 0.3));
  assert.match(notes.join(), /^The range was too short: no plateau up to 6 clients/);
  assert.deepEqual(result.steps.map(({ clients }) => clients), [1, 2, 3, 4, 6, 8, 12, 16]);
  assert.deepEqual(verdictOf(result.steps), { verdict: "levels out", clients: 8 });
  const sizes = result.rounds.map(({ order, isKept }) => [order.length, isKept]);
  assert.deepEqual(sizes, [...Array(5).fill([5, false]), ...Array(5).fill([8, true])]);
  assert.match(roundsSentence(result) ?? "", /in random order\.$/);
});
