/** Proves which lines are requests and which are rejected, and that texts are kept (I8). */
import assert from "assert";
import fc from "fast-check";
import { textOf } from "../../lib/bytes/span.ts";
import { decodeAnyRequest } from "../../lib/protocol/any_request.ts";
import { decodeRequest, isRejection, rejectLine } from "../../lib/protocol/decode_request.ts";
import type { FailureType } from "../../lib/protocol/message.ts";
import { type Method, METHODS, type Rejection } from "../../lib/protocol/requests.ts";
import { jsonText, stringLiteral, white } from "../helpers/json_texts.ts";
import { testsOf } from "../helpers/pure.ts";
import {
  amongOthers,
  assertSentence,
  decode,
  type DecodedTexts,
  decodedTexts,
} from "./decoded_texts.ts";

const test = testsOf("decode_request");

function request(line: string): DecodedTexts {
  const decoded = decode(line);
  assert.ok(!isRejection(decoded), isRejection(decoded) ? decoded.failure.message : "");
  return decodedTexts(decoded);
}

function rejection(line: string): DecodedTexts & Pick<Rejection, "failure"> {
  const decoded = decode(line);
  assert.ok(isRejection(decoded), `it was accepted: ${line.slice(0, 200)}`);
  return { ...decodedTexts(decoded), failure: decoded.failure };
}

function assertRejected(line: string, type: FailureType, ...words: string[]): void {
  const { failure } = rejection(line);
  assert.equal(failure.type, type, line);
  for (const word of words) {
    assert.ok(failure.message.includes(word), `${failure.message} | ${word}`);
  }
}

/** JSON that can be sent in UTF-8: lone surrogates are escapes. */
const sentJson = jsonText.map((text) => text.toWellFormed());
const sentLiteral = stringLiteral.map((text) => text.toWellFormed());

test("each method gives its members", () => {
  const id = undefined, limit = undefined, cursor = undefined;
  const cases: [string, DecodedTexts & { method: Method }][] = [
    [
      '{"method":"insert","key":"k","value":[1, 2]}',
      { method: "insert", id, key: "k", value: "[1, 2]" },
    ],
    ['{"method":"lookup","key":""}', { method: "lookup", id, key: "" }],
    ['{"method":"remove","key":"k"}', { method: "remove", id, key: "k" }],
    ['{"method":"scan","regex":"^z"}', { method: "scan", id, regex: "^z", limit, cursor }],
    [
      '{"method":"scan","regex":"","limit":5,"cursor":"c"}',
      { method: "scan", id, regex: "", limit: 5, cursor: "c" },
    ],
    [
      '{"method":"query","subkey":"s","subvalue": 1.0 }',
      { method: "query", id, subkey: "s", subvalue: "1.0", limit, cursor },
    ],
    ['{"method":"size"}', { method: "size", id }],
    ['{"method":"ping","key":1}', { method: "ping", id }],
    ['{"method":"info"}', { method: "info", id }],
    [
      '{"method":"hello"}',
      { method: "hello", id, project: undefined, token: undefined, agent: undefined },
    ],
    [
      '{"method":"hello","project":"p","token":"t","agent":"a"}',
      { method: "hello", id, project: "p", token: "t", agent: "a" },
    ],
  ];
  assert.deepEqual(new Set(cases.map(([, { method }]) => method)), new Set(METHODS));
  for (const [line, expected] of cases) assert.deepEqual(request(line), expected);
});

test("a value and an id keep their text", () => {
  fc.assert(
    fc.property(sentJson, sentJson, white, white, (value, id, before, after) => {
      const line =
        `{"method":"insert","key":"k","value":${before}${value}${after},"id"${after}:${id}${before}}`;
      assert.deepEqual(request(line), { method: "insert", id, key: "k", value });
    }),
    { numRuns: 500 },
  );
});

test("of equal members the last one counts, also if they are equal by escapes only", () => {
  const last = request('{"key":"a","method":"size","k\\u0065y":"b","method":"lookup"}');
  assert.deepEqual(last, { method: "lookup", id: undefined, key: "b" });
  assertRejected('{"method":"lookup","key":"a","key":1}', "ValueError");
  assert.equal(request('{"id":1,"method":"ping","id":{"a":2}}').id, '{"a":2}');
});

test("common lines decode like the same requests in another notation", () => {
  const key = fc.oneof(sentLiteral, fc.string({ maxLength: 3 }).map((key) => JSON.stringify(key)));
  const usual = fc.oneof(
    fc.tuple(fc.constantFrom("lookup", "remove"), key).map(([method, key]) =>
      `{"method":"${method}","key":${key}}`
    ),
    fc.tuple(key, sentJson).map(([key, value]) =>
      `{"method":"insert","key":${key},"value":${value}}`
    ),
  );
  const place = fc.nat(80);
  // The line, also without a piece or with an inserted one: nearly common lines.
  const line = fc.tuple(
    usual,
    place,
    fc.constantFrom(0, 0, 1, 2, 10),
    fc.constantFrom("", "", " ", '"', "\\", "}", ',"key":"b"', ',"id":1', "\u0001", "\u00e9", "l"),
  ).map(([line, at, cut, put]) => line.slice(0, at) + put + line.slice(at + cut));
  let requests = 0;
  fc.assert(
    fc.property(line, (line) => {
      const [bytes, start, end] = amongOthers(line);
      const decoded = decodeRequest(bytes, start, end);
      const expected = decodeAnyRequest(bytes, start, end);
      assert.deepEqual(decodedTexts(decoded), decodedTexts(expected), line);
      if (!isRejection(decoded)) requests++;
    }),
    { numRuns: 5_000 },
  );
  assert.ok(requests > 500, `${requests} lines are requests`);
});

test("a long line decodes like a short one, and its message names the position of the fault", () => {
  const long = JSON.stringify("long".repeat(2_000));
  const line = `{"method":"insert","key":"k","value":${long}}`;
  assert.deepEqual(request(line), { method: "insert", id: undefined, key: "k", value: long });
  assert.equal(request(line.replace(/}$/, ',"id":7}')).id, "7");
  const at = (index: number) => `at character ${index + 1},`;
  assertRejected(line.slice(0, -1), "RequestError", at(line.length - 1), "where it ends");
  assertRejected(`${line}x`, "RequestError", at(line.length), 'near "x"');
  const faulty = `{"id":"\u00e9\u20ac\u{1f600}${"a".repeat(5_000)}"]${"\u20ac".repeat(3_000)}`;
  assertRejected(faulty, "RequestError", at(faulty.indexOf("]")), `near "]\u20ac`);
  assertRejected(`{"method":${long}`.replace(/"$/, '\\u00e9"}'), "MethodError", '"longlong');
});

test("a line has no effect on the next one", () => {
  request('{"method":"insert","key":"k","value":1,"id":7,"limit":1,"cursor":"c"}');
  assertRejected('{"method":"insert"}', "ValueError", "'key' is missing");
  assert.equal(rejection("{}").id, undefined);
  assert.equal(rejection("{").id, undefined);
});

test("a line that is not a request is a RequestError", () => {
  const lines = ["hello", "{", "[]", '"ping"', "17", "null", "\ufeff{}", "{} {}", " ", "{}x"];
  for (const line of lines) assertRejected(line, "RequestError");
  assertRejected("{}", "RequestError", "'method'");
  for (const method of ["1", "null", "[]", '{"a":1}', "true"]) {
    assertRejected(`{"method":${method}}`, "RequestError", "'method' must be a string");
  }
});

test("an unknown method is a MethodError that lists all methods", () => {
  for (const name of ["nonsense", "", "INSERT", "toString", "__proto__", "constructor", "ping "]) {
    assertRejected(JSON.stringify({ method: name }), "MethodError", ...METHODS);
  }
});

test("a member that is missing or has the wrong type is named, with the rule and its value", () => {
  const wrong: [string, string, ...string[]][] = [
    ['{"method":"insert","value":1}', "key", "missing", "a string"],
    ['{"method":"insert","key":"k"}', "value", "missing", "any JSON value"],
    ['{"method":"lookup"}', "key", "missing"],
    ['{"method":"remove"}', "key", "missing"],
    ['{"method":"scan"}', "regex", "missing"],
    ['{"method":"query","subvalue":1}', "subkey", "missing"],
    ['{"method":"query","subkey":"a"}', "subvalue", "missing"],
    ['{"method":"lookup","key":17}', "key", "a string", "17"],
    ['{"method":"insert","key":null,"value":1}', "key", "a string", "null"],
    [
      '{"method":"query","subkey":"a","subvalue":[1]}',
      "subvalue",
      "string, number, boolean or null",
    ],
    ['{"method":"query","subkey":"a","subvalue":{}}', "subvalue", "{}"],
    ['{"method":"scan","regex":"a","cursor":3}', "cursor", "a string", "3"],
    ['{"method":"hello","project":5}', "project", "a string", "5"],
    ['{"method":"hello","token":[]}', "token", "a string", "[]"],
    ['{"method":"hello","agent":7}', "agent", "a string", "7"],
    ['{"method":"hello","agent":null}', "agent", "a string", "null"],
    ['{"method":"hello","agent":["a"]}', "agent", "a string"],
    [`{"method":"hello","agent":"${"a".repeat(65)}"}`, "agent", "at most 64 characters", "aaa"],
    [`{"method":"hello","agent":"${"\u{1f600}".repeat(65)}"}`, "agent", "at most 64", "\u{1f600}"],
  ];
  for (const [line, ...words] of wrong) {
    assertRejected(line, "ValueError", `'${words[0]}'`, ...words.slice(1));
  }
});

test("fault: a limit of 0.9999999999999999999999 is accepted as 1: the exact value must be a whole number", () => {
  const scan = (limit: string) => `{"method":"scan","regex":"","limit":${limit}}`;
  const good: [string, number][] = [
    ["1", 1],
    ["1e0", 1],
    ["10e-1", 1],
    ["1.000000000000000000000000", 1],
    ["1e3", 1_000],
    ["2.0", 2],
    ["100000", 1e5],
    ["20e0000000000000000000000000000000000000000000000000001", 200],
    ["1e400", Number.MAX_SAFE_INTEGER],
    ["9007199254740993", Number.MAX_SAFE_INTEGER],
  ];
  for (const [text, limit] of good) {
    const expected = { method: "scan", id: undefined, regex: "", limit, cursor: undefined };
    assert.deepEqual(request(scan(text)), expected);
  }
  const bad = ["0", "-1", "1.5", '"3"', "null", "true", "[1]", "{}", "-0", '"1"', "0e99"];
  bad.push("0.9999999999999999999999", "1.0000000000000000000001", "10e-2", "1e-400", "15e-1");
  bad.push(`1e-${"9".repeat(2_000)}`, "4503599627370497.5", "9007199254740992.5");
  for (const text of bad) assertRejected(scan(text), "ValueError", "'limit'", "at least 1");
});

test("an id is in every rejection", () => {
  assert.equal(rejection('{"id":{"n": [1.0]},"method":"nonsense"}').id, '{"n": [1.0]}');
  assert.equal(rejection('{"id":"a\\u0062"}').id, '"a\\u0062"');
  assert.equal(rejection('{"method":"lookup","id":null}').id, "null");
});

test("a key has one canonical text, with any escapes", () => {
  fc.assert(
    fc.property(sentLiteral, (literal) => {
      const decoded = decode(`{"method":"lookup","key":${literal}}`);
      assert.ok(!isRejection(decoded) && decoded.method === "lookup");
      assert.equal(textOf(decoded.key), JSON.stringify(JSON.parse(literal)).slice(1, -1));
    }),
    { numRuns: 500 },
  );
});

test("lines with a problem are rejected with their limit", () => {
  const tooLong = rejectLine("too long", 1_234);
  assert.equal(tooLong.failure.type, "TooLarge");
  assert.ok(tooLong.failure.message.includes("1234"));
  assertSentence(tooLong.failure.message);
  const notUtf8 = rejectLine("not UTF-8", 1_234);
  assert.equal(notUtf8.failure.type, "RequestError");
  assertSentence(notUtf8.failure.message);
});
