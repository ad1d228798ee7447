import assert from "assert";
import { RateLimit, ThrottledWork } from "../../../lib/catalog/server/rate_limit.ts";

const never = new AbortController().signal;

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `budget: ${name}`, permissions: "none", fn });
}

test("what is spent beyond the burst is owed, and earned back at the rate", () => {
  let nowMs = 0;
  const budget = new RateLimit(1_000, 50, never, () => nowMs);
  budget.spend(50);
  assert.equal(budget.debtMs, 0);
  budget.spend(30);
  assert.equal(budget.debtMs, 30);
  nowMs = 20;
  assert.equal(budget.debtMs, 10);
  nowMs = 1_000_000;
  budget.spend(51);
  assert.equal(budget.debtMs, 1, "no more than the burst is saved up");
});

test("a wait ends when it is called off", async () => {
  const calledOff = new AbortController();
  const budget = new RateLimit(1, 0, calledOff.signal);
  budget.spend(1_000_000);
  const waiting = budget.waitForCredit();
  calledOff.abort();
  await waiting;
});

test("work is done in the order asked for, and what throws stops nothing else", async () => {
  const done: number[] = [];
  const work = new ThrottledWork(1_000_000, 1, never);
  const first = work.run(() => done.push(1));
  const second = work.run(() => {
    throw new Error("bad work");
  });
  const third = work.run(() => done.push(3));
  await assert.rejects(second, /bad work/);
  await Promise.all([first, third]);
  assert.deepEqual(done, [1, 3]);
});

test("work that waits when it is called off is refused", async () => {
  const calledOff = new AbortController();
  const work = new ThrottledWork(1, 0, calledOff.signal);
  void work.runElsewhere(1_000_000);
  const refused = work.run(() => assert.fail("was done"));
  calledOff.abort();
  await assert.rejects(refused, { name: "AbortError" });
});
