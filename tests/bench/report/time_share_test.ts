/** Shares of the time of a run. */
import assert from "assert";
import { OutOfTime } from "../../../bench/harness/interrupt.ts";
import { TimeBudget, TimeShare } from "../../../bench/report/time_share.ts";

Deno.test("the time that a part does not use is for the later parts", () => {
  let nowMs = 500;
  const whole = new AbortController().signal;
  const budget = new TimeBudget(1_000, whole, () => nowMs);
  assert.equal(budget.leftMs, 1_000);
  assert.equal(budget.shareMs(1, 3), 250);
  nowMs += 100;
  assert.equal(budget.shareMs(1, 2), 300);
  nowMs += 600;
  assert.equal(budget.shareMs(1, 0), 300);
  nowMs += 5_000;
  assert.equal(budget.shareMs(1, 0), 0);
});

Deno.test("a share ends by itself, and with the whole run", async () => {
  const whole = new AbortController();
  using short = new TimeShare(1, whole.signal);
  await new Promise((resolve) => short.signal.addEventListener("abort", resolve));
  assert.ok(short.signal.reason instanceof OutOfTime);
  using long = new TimeShare(1e6, whole.signal);
  assert.ok(!long.signal.aborted);
  whole.abort("Interrupted");
  assert.equal(long.signal.reason, "Interrupted");
});
