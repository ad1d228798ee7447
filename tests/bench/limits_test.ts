import assert from "assert";
import { type LimitFigure, limitTexts, limitVerdict } from "../../bench/peers/limits.ts";

const MEMORY: LimitFigure = { cell: "memory", unit: "MB", values: [150], must: 200, aim: 120 };
const SHARE: LimitFigure = { cell: "share", unit: "x", values: [0.9], must: 0.8, aim: 0.95 };

Deno.test("a lower figure is better, except for ratios", () => {
  const verdict = (of: LimitFigure, ...values: number[]) => limitVerdict({ ...of, values });
  assert.equal(verdict(MEMORY, 201), "MISSED");
  assert.equal(verdict(MEMORY, 200), "met");
  assert.equal(verdict(MEMORY, 120), "aim reached");
  assert.equal(verdict(SHARE, 0.79), "MISSED");
  assert.equal(verdict(SHARE, 0.8), "met");
  assert.equal(verdict(SHARE, 0.95), "aim reached");
  assert.equal(verdict(SHARE), "MISSED");
  assert.equal(verdict({ ...SHARE, must: undefined, aim: undefined }, 0.9), "");
});

Deno.test("a figure that could not be measured is missed, and has a reason", () => {
  const figure: LimitFigure = { ...MEMORY, values: [], problem: "no room" };
  assert.equal(limitVerdict(figure), "MISSED");
  assert.deepEqual(limitTexts(figure), ["-", "no room"]);
});

Deno.test("figures have units", () => {
  assert.deepEqual(limitTexts({ ...MEMORY, values: [150, 149.6, 170] }), [
    "150 MB",
    "150 MB to 170 MB",
  ]);
  assert.deepEqual(limitTexts(SHARE), ["0.90x", "0.90x to 0.90x"]);
});
