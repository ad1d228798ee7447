import assert from "assert";
import fc from "fast-check";
import { parseFilter } from "../../lib/catalog/filter.ts";

const record = {
  type: "hashtable",
  project: "me-a4-x",
  port: 80,
  up: true,
  off: false,
  none: null,
};

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

test("what is beyond its rules is no filter", () => {
  const beyond = [
    "",
    "port+1==81",
    "project=",
    "(up",
    "up)",
    "a b",
    "and",
    '"open',
    "x[0]",
    "f(1)",
  ];
  beyond.push(
    "!".repeat(5_000) + "up",
    "(".repeat(500) + "up" + ")".repeat(500),
    "up ".repeat(3_000),
  );
  beyond.push('"\\x"==1');
  for (const text of beyond) assert.equal(parseFilter(text), undefined, text.slice(0, 20));
});

test("any text is a filter or none", () => {
  const nearly = fc.array(
    fc.constantFrom("(", ")", "!", "==", "&&", " or ", "port", "1", '"a"', "\\"),
  )
    .map((parts) => parts.join(""));
  fc.assert(fc.property(fc.oneof(fc.string(), nearly), (text) => {
    parseFilter(text)?.(record);
  }));
});
