/** Proves that a server reads the requests that a client writes. */
import assert from "assert";
import fc from "fast-check";
import { decodeRequest } from "../../lib/protocol/decode_request.ts";
import { encodeRequest, type RequestMembers } from "../../lib/protocol/encode_request.ts";
import { anyCharacter, atomText, jsonText } from "../helpers/json_texts.ts";
import { framed, utf8 } from "../helpers/streams.ts";
import { testsOf } from "../helpers/pure.ts";
import { decodedTexts } from "./decoded_texts.ts";

const test = testsOf("encode_request");

const anyString = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.constantFrom("", "__proto__", "\u0000", "\n", "\ud800", "\u2028", '"\\'),
);

/** On one line, as a client sends it: UTF-8 has no raw lone surrogates. */
const oneLine = (text: string) => text.replace(/[\r\n]/g, " ").toWellFormed();

const part = {
  limit: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
  cursor: fc.option(anyString, { nil: undefined }),
};

const anyRequest: fc.Arbitrary<RequestMembers> = fc.oneof(
  fc.record({
    method: fc.constant("insert" as const),
    key: anyString,
    value: jsonText.map(oneLine),
  }),
  fc.record({ method: fc.constantFrom("lookup" as const, "remove" as const), key: anyString }),
  fc.record({ method: fc.constant("scan" as const), regex: anyString, ...part }),
  fc.record({
    method: fc.constant("query" as const),
    subkey: anyString,
    subvalue: atomText.map(oneLine),
    ...part,
  }),
  fc.record({ method: fc.constantFrom("size" as const, "ping" as const, "info" as const) }),
  fc.record({
    method: fc.constant("hello" as const),
    project: fc.option(anyString, { nil: undefined }),
    token: fc.option(anyString, { nil: undefined }),
    agent: fc.option(fc.string({ unit: anyCharacter, maxLength: 64 }), { nil: undefined }),
  }),
);

test("framer and decoder read back any request", () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      const lines = framed(encodeRequest(request));
      assert.equal(lines.length, 1);
      const bytes = utf8(String(lines[0]));
      const decoded = decodedTexts(decodeRequest(bytes, 0, bytes.length));
      assert.deepEqual(decoded, { id: undefined, ...request });
    }),
    { numRuns: 1_000 },
  );
});

test("members are in order, without undefined ones", () => {
  assert.equal(
    encodeRequest({ method: "scan", regex: "^z", limit: 5, cursor: undefined }),
    '{"method":"scan","regex":"^z","limit":5}\n',
  );
  assert.equal(
    encodeRequest({ method: "insert", key: "k", value: "1.0" }),
    '{"method":"insert","key":"k","value":1.0}\n',
  );
});

test("a line end in JSON text does not end the request", () => {
  assert.equal(
    encodeRequest({ method: "query", subkey: "k", subvalue: "\r\n1\n" }),
    '{"method":"query","subkey":"k","subvalue":  1 }\n',
  );
  assert.equal(
    encodeRequest({ method: "insert", key: "k", value: "[1,\n2]" }),
    '{"method":"insert","key":"k","value":[1, 2]}\n',
  );
});
