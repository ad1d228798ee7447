/** Proves that a claim that does not hold, or a figure without a claim, is found. */
import assert from "assert";
import {
  checkClaim,
  type Claim,
  figuresIn,
  uncheckedText,
} from "../../../bench/report/claim_check.ts";
import type { Figures } from "../../../bench/report/figures.ts";

/** Figures that no claim here reads. */
const NONE = {} as Figures;

function checked(text: string, rule: Claim["rule"], value: number) {
  return checkClaim({ text, rule, measured: () => value }, NONE);
}

Deno.test("figures of a text are numbers, percentages and words, but no names of tables", () => {
  assert.deepEqual(
    figuresIn("12,345 ops/s [T2], 0.5 ms, 35%, twice (T3), 3 clients; UTF8 v2, one of two"),
    [12_345, 0.5, 0.35, 2, 3],
  );
});

Deno.test("a claim holds if the measured figure is within its rule", () => {
  const cases: [text: string, rule: Claim["rule"], value: number, holds: boolean][] = [
    ["more than 20,000 lookups", "at least", 20_001, true],
    ["more than 20,000 lookups", "at least", 19_999, false],
    ["below 40%", "at most", 0.4, true],
    ["below 40%", "at most", 0.41, false],
    ["at 3 to 4 clients", "between", 4, true],
    ["at 3 to 4 clients", "between", 6, false],
    ["about 0.2 ms", { near: 0.1 }, 0.219, true],
    ["about 0.2 ms", { near: 0.1 }, 0.179, false],
    ["about twice", { near: 0.1 }, 2.1, true],
    ["at least 1 client", "at least", NaN, false],
  ];
  for (const [text, rule, value, holds] of cases) {
    assert.equal(checked(text, rule, value).holds, holds, `${text}: ${value}`);
  }
});

Deno.test("the line of a claim has both figures", () => {
  assert.equal(
    checked("more than 3 times", "at least", 2.5).line,
    'no longer holds: "more than 3 times": measured 2.5, at least 3',
  );
  assert.equal(
    checked("about 30%", { near: 0.2 }, 0.31).line,
    'holds: "about 30%": measured 0.31, near 0.3',
  );
});

Deno.test("a claim has one figure, or braces around it", () => {
  assert.equal(checked("12 clients get {4} times as much", "at least", 4.2).holds, true);
  assert.equal(checked("12 clients get {4} times as much", "at least", 3.9).holds, false);
  for (const text of ["no more", "1 of 2"]) {
    assert.match(checked(text, "at most", 0).line, /^not a claim: /);
  }
});

Deno.test("a claim about something that was not measured does not hold", () => {
  const measured = () => {
    throw new Error("not measured: syncs");
  };
  const { holds, line } = checkClaim({ text: "0.2 ms", rule: "at most", measured }, NONE);
  assert.equal(holds, false);
  assert.equal(line, 'no longer holds: "0.2 ms": not measured: syncs');
});

Deno.test("a figure of the text without a claim is found, and a claim that is not in the text", () => {
  const claims = ["at most {3} clients", "25% more"].map((text): Claim => ({
    text,
    rule: "at most",
    measured: () => 0,
  }));
  const prose = "It levels out at most 3\nclients on 2 cores [T2].\nThen 7 ms, or half.\n";
  const problems = uncheckedText(prose, claims, ["2 cores"]);
  assert.deepEqual(problems.map((one) => one.replace(/: .*/, "")), [
    'REPORT does not say "25% more"',
    '"7" of REPORT is in no claim',
    '"half" of REPORT is in no claim',
  ]);
});
