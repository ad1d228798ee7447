/** Tests rate limits, with a clock of the test. */
import assert from "assert";
import { RateLimit, ThrottledWork } from "../../../lib/catalog/server/rate_limit.ts";

const never = new AbortController().signal;

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `rate limit: ${name}`, permissions: "none", fn });
}

test("spending over the burst is a debt, which is paid at the rate", () => {
  let nowMs = 0;
  const limit = new RateLimit(1_000, 50, never, () => nowMs);
  limit.spend(50);
  assert.equal(limit.debtMs, 0);
  limit.spend(30);
  assert.equal(limit.debtMs, 30);
  nowMs = 20;
  assert.equal(limit.debtMs, 10);
  nowMs = 1_000_000;
  limit.spend(51);
  assert.equal(limit.debtMs, 1, "the credit is at most the burst");
});

test("a canceled wait ends", async () => {
  const canceled = new AbortController();
  const limit = new RateLimit(1, 0, canceled.signal);
  limit.spend(1_000_000);
  const waiting = limit.payDebt();
  canceled.abort();
  await waiting;
});

test("work runs in order, and work that throws does not stop the rest", async () => {
  const done: number[] = [];
  const work = new ThrottledWork(1_000_000, 1, never);
  const first = work.run(() => done.push(1));
  const second = work.run(() => {
    throw new Error("failed");
  });
  const third = work.run(() => done.push(3));
  await assert.rejects(second, /failed/);
  await Promise.all([first, third]);
  assert.deepEqual(done, [1, 3]);
});

test("waiting work is rejected when it is canceled", async () => {
  const canceled = new AbortController();
  const work = new ThrottledWork(1, 0, canceled.signal);
  void work.spend(1_000_000);
  const rejected = work.run(() => assert.fail("it ran"));
  canceled.abort();
  await assert.rejects(rejected, { name: "AbortError" });
});
