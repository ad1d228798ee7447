/** Proves that atoms are equal by their value, not by their text. */
import assert from "assert";
import fc from "fast-check";
import { canonicalNumber } from "../../lib/json/decimal.ts";
import { type AtomTest, equalsAtom, hasMember } from "../../lib/json/atom.ts";
import { atomText, jsonText, stringLiteral } from "../helpers/json_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("json_atom");

type ValueOf<A> = A extends fc.Arbitrary<infer V> ? V : never;

const encoder = new TextEncoder();

/** Tests a value in the middle of a buffer, with digits, quotes or escapes behind it. */
function ask(
  value: string,
  test: (bytes: Uint8Array, start: number, end: number) => boolean,
): boolean {
  const bytes = encoder.encode(value);
  const alone = test(bytes, 0, bytes.length);
  for (const behind of ["0", '"', "\\", '"a":1}', "e1"]) {
    const buffer = encoder.encode(`[${value}${behind}`);
    assert.equal(test(buffer, 1, 1 + bytes.length), alone, `${value} with ${behind} behind it`);
  }
  return alone;
}

/** Whether two atoms are equal, in both directions. */
function same(a: string, b: string): boolean {
  const forth = ask(b, equalsAtom(a));
  assert.equal(ask(a, equalsAtom(b)), forth, `${a} and ${b}, either way`);
  return forth;
}

function has(value: string, name: string, test: AtomTest): boolean {
  return ask(value, (bytes, start, end) => hasMember(bytes, start, end, name, test));
}

/** Asserts that the notations of each list are equal, and those of different lists, and others, are not. */
function assertAlike(lists: readonly (readonly string[])[], ...others: string[]): void {
  for (const notations of lists) {
    for (const a of notations) for (const b of notations) assert.ok(same(a, b), `${a} = ${b}`);
  }
  const different = [...lists.map(([first = ""]) => first), ...others];
  for (const a of different) {
    for (const b of different) assert.equal(same(a, b), a === b, `${a} and ${b}`);
  }
}

test("numbers are equal by their exact value", () => {
  const alike = [
    ["1", "1.0", "10e-1", "1e0", "0.1e1", "1E+0", "1000e-3", "1.000"],
    ["0", "-0", "0.0", "0e5", "-0.00E-7", "0E+99999999999999999999"],
    ["12345678901234567890", "1234567890123456789e1", "12345678901234567890.0"],
    ["-1.5", "-15e-1", "-0.15e1"],
    ["1e400", "10e399", "0.1e401"],
    ["1e-999999", "10e-1000000"],
  ];
  assertAlike(alike, "12345678901234567891", "-1", "1.01");
});

test("fault: 1e with more than 1,000 digits of exponent is not equal to its value", () => {
  const nines = "9".repeat(2_000), one = `1${"0".repeat(2_000)}`, zeros = "0".repeat(2_000);
  const alike = [
    [
      `1e${nines}`,
      `10e${"9".repeat(1_999)}8`,
      `0.1e${one}`,
      `0.01e${one.slice(0, -1)}1`,
      `1e+${zeros}${nines}`,
    ],
    [`1e-${one}`, `10e-${one.slice(0, -1)}1`, `0.1e-${nines}`, `100e-${one.slice(0, -1)}2`],
    [`1e${zeros}5`, "100000", `1000000e-${zeros}1`],
    [`1e-${zeros}1`, "0.1", `0.01e+${zeros}1`],
    [`${one}e-${zeros}2000`, "1", `0.${zeros}1e2001`],
    [`0e${nines}`, "0", `-0.0e-${nines}`],
  ];
  assertAlike(alike, `-1e${nines}`, `1e${one}`);
});

test("an exponent of millions of digits takes linear time", () => {
  const nines = "9".repeat(4_000_000), one = `1${"0".repeat(4_000_000)}`;
  const startMs = performance.now();
  assert.equal(canonicalNumber(`10e${nines}`), `1e${one}`);
  assert.equal(canonicalNumber(`0.1e${one}`), `1e${nines}`);
  assert.equal(canonicalNumber(`0.1e-${nines}`), `1e-${one}`);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 20_000, `${tookMs} ms`); // Linear time takes about 100 ms, quadratic time minutes.
});

test("a number equals its other notations, and no other number", () => {
  const number = fc.record({
    negative: fc.boolean(),
    digits: fc.bigInt({ min: 1n, max: 10n ** 25n }),
    power: fc.integer({ min: -30, max: 30 }),
  });
  const notation = fc.record({
    point: fc.nat(30),
    zeros: fc.nat(3),
    exponentZeros: fc.nat(3),
    plus: fc.boolean(),
    upper: fc.boolean(),
  });
  const notationOf = (n: ValueOf<typeof number>, s: ValueOf<typeof notation>) => {
    const digits = String(n.digits) + "0".repeat(s.zeros);
    const padded = digits.padStart(s.point + 1, "0");
    const fraction = s.point === 0 ? "" : `.${padded.slice(-s.point)}`;
    const whole = s.point === 0 ? padded : padded.slice(0, -s.point);
    const power = n.power - s.zeros + s.point;
    const sign = power < 0 ? "-" : s.plus ? "+" : "";
    const exponent = `${sign}${"0".repeat(s.exponentZeros)}${Math.abs(power)}`;
    return `${n.negative ? "-" : ""}${whole}${fraction}${s.upper ? "E" : "e"}${exponent}`;
  };
  const scaled = (n: ValueOf<typeof number>) =>
    (n.negative ? -1n : 1n) * n.digits * 10n ** BigInt(n.power + 30);
  fc.assert(
    fc.property(number, number, notation, notation, (a, b, first, second) => {
      assert.ok(Number.isFinite(JSON.parse(notationOf(a, first))), "the notations are JSON");
      const one = notationOf(a, first), other = notationOf(a, second);
      assert.ok(same(one, other), `${one} ${other}`);
      assert.equal(same(one, notationOf(b, second)), scaled(a) === scaled(b));
    }),
    { numRuns: 1_000 },
  );
});

test("numbers with exponents of any length are not equal to others", () => {
  // 10 ** 1000000000000011 and 10 ** 10000000000000002.
  assert.equal(same("100000000000e1000000000000000", "10e10000000000000001"), false);
  assert.equal(same("1e12345678901234567890", "1e12345678901234567891"), false);
  assert.equal(same("1e12345678901234567890", "1e12345678901234567890"), true);
  assert.equal(same("1e99999999999999999999", "1e-99999999999999999999"), false);
});

test("strings are equal by their characters", () => {
  assert.ok(same('"a"', '"\\u0061"'));
  assert.ok(same('"\\ud83d\\ude00"', '"\u{1f600}"'));
  assert.ok(same('"\\/"', '"/"'));
  assert.ok(!same('"\\ud800"', '"\\ufffd"'));
  assert.ok(!same('"a"', '"A"'));
  fc.assert(fc.property(stringLiteral, stringLiteral, (first, second) => {
    const a = first.toWellFormed(), b = second.toWellFormed(); // UTF-8 has no lone surrogates
    assert.equal(same(a, b), JSON.parse(a) === JSON.parse(b));
    assert.ok(same(a, JSON.stringify(JSON.parse(a))));
  }));
});

test("values of different types are not equal, and arrays and objects equal no atom", () => {
  const kinds = ["null", "true", "false", "0", "1", '""', '"1"', '"true"', '"null"'];
  for (const a of kinds) for (const b of kinds) assert.equal(same(a, b), a === b);
  for (const atom of kinds) {
    for (const other of ["[]", "{}", "[1]", `[${atom}]`]) {
      assert.equal(ask(other, equalsAtom(atom)), false);
    }
  }
});

test("atoms equal themselves, and short numbers are compared like JSON.parse does", () => {
  fc.assert(fc.property(atomText, atomText, (first, second) => {
    const a = first.toWellFormed(), b = second.toWellFormed();
    assert.ok(same(a, a));
    if (same(a, b)) assert.ok(JSON.parse(a) === JSON.parse(b));
  }));
});

test("a member is found by its decoded name, and the last of equal ones counts", () => {
  const isOne = equalsAtom("1");
  const objects = ['{"a":1}', ' { "b":[{"a":2}], "a" : 1.0 } ', '{"\\u0061":1}', '{"a":2,"a":1}'];
  for (const value of objects) assert.equal(has(value, "a", isOne), true, value);
  const others = ['{"a":1,"a":2}', '{"A":1}', '{"b":{"a":1}}', '[{"a":1}]', '["a",1]', '"a"', "1"];
  for (const value of [...others, "{}", "null", '{"a":"1"}', '{"a":[1]}', '{"\\u0061":2}']) {
    assert.equal(has(value, "a", isOne), false, value);
  }
});

test("a name is found with any escapes, and no other name is", () => {
  const isOne = equalsAtom("1");
  assert.equal(has('{"\ufffd":1}', "\ud800", isOne), false, "a lone surrogate has no bytes");
  assert.equal(has('{"\\ud800":1}', "\ud800", isOne), true);
  assert.equal(has('{"a\\n":1}', "a\n", isOne), true);
  assert.equal(has('{"a\\\\n":1}', "a\n", isOne), false);
  fc.assert(fc.property(stringLiteral, stringLiteral, (first, second) => {
    const own = JSON.parse(first.toWellFormed()), other = JSON.parse(second.toWellFormed());
    for (const name of [own, other]) {
      assert.equal(has(`{${first.toWellFormed()}:1}`, name, isOne), name === own);
      assert.equal(has(`{${JSON.stringify(own)}:1}`, name, isOne), name === own);
    }
  }));
});

test("no member is inherited, and __proto__ is an ordinary name", () => {
  for (const name of ["constructor", "toString", "__proto__", "length", "valueOf"]) {
    for (const atom of ["null", '""', "0"]) {
      assert.equal(has('{"own":1}', name, equalsAtom(atom)), false);
      assert.equal(has('"text"', name, equalsAtom(atom)), false);
    }
  }
  assert.equal(has('{"__proto__":1}', "__proto__", equalsAtom("1")), true);
});

test("any value can be tested", () => {
  fc.assert(fc.property(jsonText, atomText, fc.string(), (value, atom, name) => {
    const parsed: unknown = JSON.parse(value);
    const hasAtom = has(value, name, equalsAtom(atom));
    if (hasAtom) {
      assert.ok(typeof parsed === "object" && parsed !== null && Object.hasOwn(parsed, name));
    }
  }));
});

test("a number of many digits takes linear time, with zeros anywhere", () => {
  // All are too large for a double, so their digits must be compared.
  const isHuge = equalsAtom("1e400");
  const cost = (digits: string) => {
    const bytes = encoder.encode(digits);
    const before = performance.now();
    assert.equal(isHuge(bytes, 0, bytes.length), false);
    return performance.now() - before;
  };
  const length = 50_000;
  cost("2".repeat(length));
  const plainMs = Math.max(1, cost("2".repeat(length)));
  // Far from noise: quadratic time would be 2,000 times as long.
  assert.ok(cost(`2${"0".repeat(length)}2`) < 200 * plainMs, "zeros in the middle");
  assert.ok(cost(`2.${"0".repeat(length)}2e400`) < 200 * plainMs, "zeros behind the point");
});
