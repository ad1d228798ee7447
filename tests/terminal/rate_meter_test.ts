/** Proves that a rate is the growth over the last second. */
import assert from "assert";
import fc from "fast-check";
import { RateMeter } from "../../lib/terminal/rate_meter.ts";

const permissions = "none";

Deno.test({ name: "rate_meter: since the start, then over the last second", permissions }, () => {
  const meter = new RateMeter(5_000);
  assert.equal(meter.perSecond(5_000, 0), 0);
  assert.equal(meter.perSecond(5_500, 50), 100);
  assert.equal(meter.perSecond(6_000, 100), 100);
  assert.equal(meter.perSecond(6_500, 300), 250); // 50 at 5,500
  assert.equal(meter.perSecond(7_500, 300), 0);
});

Deno.test(
  { name: "rate_meter: a steady rate is exact, for any times of the samples", permissions },
  () => {
    fc.assert(fc.property(
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }),
      fc.integer({ min: 0, max: 100_000 }),
      (steps, perMs) => {
        const meter = new RateMeter(0);
        let nowMs = 0;
        for (const step of steps) {
          nowMs += step;
          assert.ok(Math.abs(meter.perSecond(nowMs, nowMs * perMs) - perMs * 1e3) < 1e-3);
        }
      },
    ));
  },
);
