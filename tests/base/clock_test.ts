/** Proves that a wait ends by time, by its promise or by an abort, and leaves no timer. */
import assert from "assert";
import { settlesWithin, sleep, unixSeconds } from "../../lib/base/clock.ts";
import { testsOf } from "../helpers/pure.ts";

/** Longer than any test here, in milliseconds: a wait that does not end fails after it. */
const LONG_MS = 60_000;

const test = testsOf("clock");

test("sleep() returns true after its time", async () => {
  for (const signal of [undefined, new AbortController().signal]) {
    const order: string[] = [];
    // By order and not by time: on a busy machine any wait is long.
    await Promise.all([
      sleep(50, signal).then((isWhole) => order.push(`long ${isWhole}`)),
      sleep(1, signal).then((isWhole) => order.push(`short ${isWhole}`)),
    ]);
    assert.deepEqual(order, ["short true", "long true"]);
  }
});

test("sleep() returns false after an abort, before it or during it", async () => {
  assert.equal(await sleep(LONG_MS, AbortSignal.abort()), false);
  const controller = new AbortController();
  const sleeping = sleep(LONG_MS, controller.signal);
  controller.abort();
  assert.equal(await sleeping, false);
});

test("settlesWithin() returns whether the promise was fulfilled, and leaves no timer", async () => {
  assert.equal(await settlesWithin(Promise.resolve(), LONG_MS), true);
  const { promise, resolve } = Promise.withResolvers<void>();
  assert.equal(await settlesWithin(promise, 1), false);
  resolve();
});

test("settlesWithin() ends at an abort", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const controller = new AbortController();
  const waiting = settlesWithin(promise, LONG_MS, controller.signal);
  controller.abort();
  assert.equal(await waiting, false);
  resolve();
});

test("settlesWithin() throws a rejection, and ignores a late one", async () => {
  await assert.rejects(settlesWithin(Promise.reject(new Error("no")), LONG_MS), /no/);
  const { promise, reject } = Promise.withResolvers<void>();
  assert.equal(await settlesWithin(promise, 1), false);
  reject(new Error("late"));
  await sleep(1); // an unhandled rejection would end the test run here
});

test("unixSeconds() is an integer", async () => {
  assert.ok(Number.isInteger(unixSeconds()) && unixSeconds() > 1.6e9);
  await Promise.resolve();
});
