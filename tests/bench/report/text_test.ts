import assert from "assert";
import {
  bullets,
  counted,
  figure,
  gain,
  listed,
  percent,
  table,
  times,
  wrapped,
} from "../../../bench/report/text.ts";

Deno.test("figures have the digits that they are worth", () => {
  assert.deepEqual([12_345.6, 159.4, 4.254, 0, NaN].map(figure), [
    "12,346",
    "159",
    "4.25",
    "0",
    "-",
  ]);
  assert.deepEqual([0.349, 1, NaN].map(percent), ["35%", "100%", "-"]);
  assert.deepEqual([0.35, -0.1].map(gain), ["+35%", "-10%"]);
  assert.deepEqual([0.854, 12.34, NaN].map(times), ["0.85x", "12.3x", "-"]);
  assert.deepEqual([counted(1, "client"), counted(1_200, "client")], ["1 client", "1,200 clients"]);
  assert.equal(listed(["a", "b", "c"]), "a, b and c");
});

Deno.test("paragraphs are broken at a hundred columns, and words are never cut", () => {
  const word = "x".repeat(120);
  const lines = wrapped(`${"ab ".repeat(80)}${word} end`, "- ").split("\n");
  assert.ok(lines.every((line) => line.length <= 100 || line.trim() === word));
  assert.equal(lines[0]?.slice(0, 7), "- ab ab");
  assert.ok(lines.slice(1).every((line) => line.startsWith("  ")));
  assert.equal(bullets(["a", "b"]), "- a\n- b");
});

Deno.test("a table has its heading, words to the left and figures to the right", () => {
  assert.equal(
    table("[T1] All", [["what", "count"], ["a", "1"], ["bcdef", "20"]]),
    "[T1] All\n\nwhat   count\na          1\nbcdef     20",
  );
});
