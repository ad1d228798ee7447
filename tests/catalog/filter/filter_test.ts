/** Tests the results of filters, and that they take bounded time. */
import assert from "assert";
import fc from "fast-check";
import { parseFilter } from "../../../lib/catalog/filter/filter.ts";

const record = JSON.stringify({
  type: "hashtable",
  project: "me-a4-x",
  port: 80,
  up: true,
  off: false,
  none: null,
});

function test(name: string, fn: () => void): void {
  Deno.test({ name: `filter: ${name}`, permissions: "none", fn });
}

test("compares members with constants", () => {
  const cases: [string, boolean][] = [
    ['project=="me-a4-x"', true],
    ['project == "other"', false],
    ['"me-a4-x"==project', true],
    ['type=="hashtable" && project=="me-a4-x"', true],
    ['type=="x" || port>79', true],
    ['type=="x" or port>79 and up', true],
    ["not off", true],
    ["!(port==80)", false],
    ["port>=80 && port<=80 && port<81 && port!=81", true],
    ["port==-80", false],
    ['port<"90"', false],
    ["missing==1", false],
    ["missing!=1", false],
    ["!missing", false],
    ["none==null", true],
    ["true", true],
    ["false", false],
    ["port", false],
    ["toString", false],
    ["(((up)))", true],
  ];
  for (const [text, passes] of cases) assert.equal(parseFilter(text)?.(record), passes, text);
});

test("expressions with I/O, or with too many levels, are not filters", () => {
  const rejected = [
    "",
    "project=",
    "(up",
    "and",
    '"open',
    'fetch("http://127.0.0.1/")==1',
    'listdir("/")',
    'template("a")',
    'like("a{2}", type)',
    'like("(?i)a", type)',
    'like("\\\\bh", type)',
    'like("a**", type)',
    "!".repeat(4_000) + "up",
    "(".repeat(500) + "up" + ")".repeat(500),
    "up ".repeat(3_000),
  ];
  for (const text of rejected) assert.equal(parseFilter(text), undefined, text.slice(0, 20));
});

test("a chain of operators may be as long as a filter", () => {
  assert.equal(parseFilter('type=="a"||'.repeat(300) + "up")?.(record), true);
  assert.equal(parseFilter("1+".repeat(2_000) + "1==2001")?.(record), true);
});

test("a filter takes bounded time and memory", () => {
  const loops = Array.from({ length: 20 }, (_, at) => `for x${at} in range(500)`).join(" ");
  const long = 'join([join(["' + "a".repeat(2_000) +
    '" for x in range(400)]) for y in range(400)])';
  for (const text of [`[x0 ${loops}]==[]`, "range(9223372036854775807)==[]", `${long}==""`]) {
    assert.equal(parseFilter(text)?.(record), false, text.slice(0, 20));
  }
});

test("operations, comparisons and long texts count as work", () => {
  const members = JSON.stringify({ list: Array(9_000).fill(0), path: "/".repeat(60_000) + "x" });
  const passes = (text: string) => parseFilter(text)?.(members);
  assert.equal(passes("list==list"), true);
  assert.equal(passes("list==list and list==list"), false);
  assert.equal(passes(`len([${"1+".repeat(50)}1 for x in range(99)])==99`), true);
  assert.equal(passes(`len([${"1+".repeat(200)}1 for x in range(99)])==99`), false);
  const startMs = performance.now();
  for (let round = 0; round < 5; round++) assert.equal(passes('basename(path)=="x"'), true);
  // In quadratic time, this took 30 s.
  assert.ok(performance.now() - startMs < 5_000);
});

test("any text is a filter, or is rejected", () => {
  const almost = fc.array(
    fc.constantFrom("(", ")", "!", "==", "&&", " or ", "port", "1", '"a"', "\\"),
  )
    .map((parts) => parts.join(""));
  fc.assert(fc.property(fc.oneof(fc.string(), almost), (text) => {
    assert.equal(typeof (parseFilter(text)?.(record) ?? true), "boolean");
  }));
});
