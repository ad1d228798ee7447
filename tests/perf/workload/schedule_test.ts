/** Proves that the schedule of an open loop is even, shared in turns, and consistent. */
import assert from "assert";
import fc from "fast-check";
import { Schedule } from "../../../lib/perf/workload/schedule.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("schedule");

test("at 1,000 a second one request is due each millisecond, and clients take turns", () => {
  const schedule = new Schedule(1_000, 3);
  const due = [0, 1, 2, 3, 4, 5, 6];
  assert.deepEqual(due.map((k) => schedule.dueMs(k)), due);
  assert.deepEqual(due.map((k) => schedule.clientOf(k)), [0, 1, 2, 0, 1, 2, 0]);
  assert.deepEqual([0, 1, 2].map((j) => schedule.ownDueMs(1, j)), [1, 4, 7]);
  assert.equal(schedule.countBefore(1_000), 1_000);
});

const rates = fc.double({ min: 0.1, max: 1e7, noNaN: true });
const clientCounts = fc.integer({ min: 1, max: 50 });

test("the schedule of a client is its share of the common one", () => {
  fc.assert(fc.property(rates, clientCounts, fc.nat(100_000), (rate, clients, k) => {
    const schedule = new Schedule(rate, clients);
    assert.equal(
      schedule.ownDueMs(schedule.clientOf(k), Math.floor(k / clients)),
      schedule.dueMs(k),
    );
  }));
});

test("the requests before a moment are exactly those that are due before it", () => {
  fc.assert(fc.property(rates, fc.double({ min: 0, max: 1e5, noNaN: true }), (rate, ms) => {
    const schedule = new Schedule(rate, 1);
    const count = schedule.countBefore(ms);
    assert.ok(count === 0 || schedule.dueMs(count - 1) < ms);
    assert.ok(schedule.dueMs(count) >= ms);
  }));
});
