import assert from "assert";
import { isFlat, type Point, slopeOf, warm } from "../../../bench/soak/slope.ts";
import { randomFrom } from "../../../bench/harness/random.ts";

const MB = 1e6;
const WHOLE = 150 * MB;

/** 60 points in half an hour, with noise of up to 10 MB and a few outliers. */
function series(perHour: number, seed: number): Point[] {
  const random = randomFrom(seed);
  return Array.from({ length: 60 }, (_, place) => {
    const atS = place * 30;
    const noise = (random.below(2_001) - 1_000) / 1_000 * 10 * MB;
    const outlier = place % 20 === 7 ? 200 * MB : 0;
    return { atS, value: WHOLE + perHour * atS / 3_600 + noise + outlier };
  });
}

Deno.test("a straight line has its slope, and a narrow interval", () => {
  const points = Array.from({ length: 20 }, (_, atS) => ({ atS, value: 5 + 2 * atS }));
  const { perHour, low, high } = slopeOf(points);
  assert.ok(Math.abs(perHour - 7_200) < 1e-6 && Math.abs(low - high) < 1e-6);
});

Deno.test("noise and outliers neither hide a leak nor look like one", () => {
  let falseAlarms = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const leak = slopeOf(series(60 * MB, seed));
    assert.ok(!isFlat(leak, WHOLE), `seed ${seed}: ${JSON.stringify(leak)}`);
    if (!isFlat(slopeOf(series(0, seed)), WHOLE)) falseAlarms++;
    assert.ok(
      isFlat(slopeOf(series(-60 * MB, seed)), WHOLE),
      "a series that shrinks does not leak",
    );
  }
  assert.ok(falseAlarms <= 5, `${falseAlarms} of 40`); // One in 40 is expected.
});

Deno.test("a slow growth without noise is flat below a hundredth per hour, and not above", () => {
  const line = (perHour: number) =>
    slopeOf(Array.from({ length: 20 }, (_, place) => ({
      atS: place * 60,
      value: WHOLE + perHour * place / 60,
    })));
  assert.ok(isFlat(line(1.4 * MB), WHOLE));
  assert.ok(!isFlat(line(1.6 * MB), WHOLE));
});

Deno.test("a slope of few points has no interval", () => {
  const points = [{ atS: 0, value: 1 }, { atS: 60, value: 2 * WHOLE }];
  assert.deepEqual([slopeOf(points).low, slopeOf(points).high], [-Infinity, Infinity]);
  assert.ok(!isFlat(slopeOf(points), WHOLE));
});

Deno.test("the first third of the time is the warm-up", () => {
  const points = Array.from({ length: 31 }, (_, atS) => ({ atS, value: Math.min(atS, 10) }));
  assert.equal(warm(points)[0]?.atS, 10);
  assert.equal(slopeOf(warm(points)).perHour, 0);
});
