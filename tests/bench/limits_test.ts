import assert from "assert";
import { type LimitFigure, limitTexts, limitVerdict } from "../../bench/peers/limits.ts";

const MEMORY: LimitFigure = { cell: "memory", unit: "MB", values: [150], must: 200, aim: 120 };
const SHARE: LimitFigure = { cell: "share", unit: "x", values: [0.9], must: 0.8, aim: 0.95 };

Deno.test("a lower figure is better, except for ratios", () => {
  assert.equal(limitVerdict({ ...MEMORY, values: [201] }), "MISSED");
  assert.equal(limitVerdict(MEMORY), "met");
  assert.equal(limitVerdict({ ...MEMORY, values: [120] }), "aim reached");
  assert.equal(limitVerdict({ ...SHARE, values: [0.79] }), "MISSED");
  assert.equal(limitVerdict(SHARE), "met");
  assert.equal(limitVerdict({ ...SHARE, values: [0.96] }), "aim reached");
  assert.equal(limitVerdict({ ...SHARE, must: undefined, aim: undefined }), "");
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
