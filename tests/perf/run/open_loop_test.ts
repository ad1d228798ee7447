/** Proves in virtual time that an open loop keeps its schedule, and that latencies count from it. */
import assert from "assert";
import { MAX_IN_FLIGHT } from "../../../lib/perf/workload/schedule.ts";
import { OVERTIME_MS } from "../../../lib/perf/run/open_loop.ts";
import { oneByOne, stalling } from "../simulated_server.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { assertAbout, runAgainst } from "./stage_runs.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("open loop");

test("a stall of 200 ms each second shows in the exact percentiles", async () => {
  const options = { length: { durationMs: 20_000 }, ratePerS: 1_000 };
  const { sum, loop, ratePerS, ended } = await runAgainst(stalling(1, 200), 4, options);
  // A fifth of the arrivals wait, evenly between 0 and 200 ms, and all are served for 1 ms.
  assertAbout(sum.latency.p50Ms, 1, "p50");
  assertAbout(sum.latency.p90Ms, 1 + 100, "p90");
  assertAbout(sum.latency.p99Ms, 1 + 190, "p99");
  assertAbout(sum.latency.p999Ms, 1 + 199, "p99.9");
  assertAbout(sum.latency.maxMs, 1 + 200, "max", 1e-9);
  assertAbout(sum.latency.meanMs, 1 + 0.2 * 100, "mean", 0.01);
  assert.deepEqual([loop, ratePerS, ended, sum.ops], ["open", 1_000, "planned", 20_000]);
  assertAbout(sum.seconds, 20, "seconds", 1e-9);
});

test("in a closed loop, the same stall hardly shows", async () => {
  const { sum, loop } = await runAgainst(stalling(1, 200), 1, { length: { durationMs: 20_000 } });
  // Each second has one request that waits 200 ms, and 799 that do not.
  assert.deepEqual([loop, sum.ops], ["closed", 16_000]);
  assertAbout(sum.latency.p90Ms, 1, "p90");
  assertAbout(sum.latency.p99Ms, 1, "p99");
  assertAbout(sum.latency.maxMs, 201, "max", 1e-9);
  assertAbout(sum.seconds, 20, "seconds", 1e-9);
});

test("requests are sent when they are due, without earlier replies", async () => {
  const options = { length: { durationMs: 5_000 }, ratePerS: 2_000 };
  const { sum, sendDelay, ended, arrivals } = await runAgainst(oneByOne(1), 2, options);
  assert.deepEqual(
    arrivals.map(({ atMs }) => atMs),
    Array.from({ length: 10_000 }, (_, k) => k / 2),
  );
  assert.equal(sendDelay?.maxMs, 0);
  // Request k is due at k/2 ms, and its reply arrives at k+1 ms.
  assertAbout(sum.latency.p50Ms, 2_501, "p50", 0.01);
  assertAbout(sum.latency.p99Ms, 4_951, "p99", 0.01);
  assertAbout(sum.seconds, 10, "seconds", 1e-9);
  assert.deepEqual([ended, sum.ops, sum.unsent], ["planned", 10_000, 0]);
});

test("late timers count as latency, and as schedule lag", async () => {
  const options = { length: { ops: 2_000 }, ratePerS: 1_000 };
  const { sum, sendDelay } = await runAgainst(
    (arrivedMs) => arrivedMs + 1,
    1,
    options,
    new VirtualClock(4),
  );
  // The four requests that are due in a step are sent at its end: 0, 1, 2 and 3 ms late.
  assertAbout(sum.latency.maxMs, 4, "max", 1e-9);
  assertAbout(sum.latency.meanMs, 2.5, "mean", 0.01);
  assertAbout(sendDelay?.meanMs ?? 0, 1.5, "sent late", 0.01);
});

test("requests in flight are limited, and the latency of waiting ones counts from their due time", async () => {
  const options = { length: { ops: 20_000 }, ratePerS: 20_000 };
  const { sum, clientsAtBound, ended, arrivals } = await runAgainst(
    oneByOne(1),
    1,
    options,
    new VirtualClock(1),
  );
  let inFlight = 0, most = 0;
  const answers = arrivals.map((_, k) => k + 1);
  for (const { atMs } of arrivals) {
    while ((answers[0] ?? Infinity) <= atMs) answers.shift(), inFlight--;
    most = Math.max(most, ++inFlight);
  }
  assert.equal(most, MAX_IN_FLIGHT);
  assert.deepEqual([clientsAtBound, ended, sum.ops, sum.unsent], [1, "planned", 20_000, 0]);
  assertAbout(sum.latency.maxMs, 20_000 - 1_000, "max", 0.01);
});

test("requests that a server does not sustain are counted as never sent, in bounded time", async () => {
  const options = { length: { durationMs: 2_000 }, ratePerS: 20_000 };
  const { sum, ended, complete } = await runAgainst(oneByOne(1), 1, options, new VirtualClock(1));
  assert.deepEqual([ended, complete], ["overload", false]);
  assert.equal(sum.ops + sum.unsent, 40_000);
  assertAbout(sum.ops, MAX_IN_FLIGHT + 2_000 + OVERTIME_MS, "sent", 0.01);
});

test("at a low rate, time counts to the end of the schedule, not to the last reply", async () => {
  const options = { length: { durationMs: 1_000 }, ratePerS: 10 };
  const { sum } = await runAgainst((arrivedMs) => arrivedMs + 1, 2, options);
  assert.deepEqual([sum.ops, sum.seconds], [10, 1]);
});
