/** Proves that any bytes become a request or a rejection, and that an oracle agrees (I9). */
import assert from "assert";
import fc from "fast-check";
import { readRequest } from "../../fuzz/oracle/request.ts";
import { decodeRequest, isRejection } from "../../lib/protocol/decode_request.ts";
import { LineFramer } from "../../lib/bytes/line_framer.ts";
import { METHODS } from "../../lib/protocol/requests.ts";
import {
  anyCharacter,
  brokenJsonText,
  jsonText,
  stringLiteral,
  tokenSoup,
  white,
} from "../helpers/json_texts.ts";
import { cut, utf8 } from "../helpers/streams.ts";
import { testsOf } from "../helpers/pure.ts";
import { assertSentence, decode } from "./decoded_texts.ts";

const test = testsOf("decode_any_line");

test("any text becomes a request or one bounded sentence", () => {
  const anyLine = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 500 }),
    tokenSoup,
    brokenJsonText,
    fc.tuple(fc.constantFrom(...METHODS), brokenJsonText).map(([method, text]) =>
      `{"method":"${method}","key":${text}`
    ),
    fc.tuple(stringLiteral, fc.nat(3_000)).map(([text, times]) =>
      `{"method":${JSON.stringify(text.repeat(times))}}`
    ),
  );
  fc.assert(
    fc.property(anyLine, (line) => {
      const decoded = decode(line);
      if (isRejection(decoded)) assertSentence(decoded.failure.message);
    }),
    { numRuns: 3_000 },
  );
});

test("any bytes in any chunks become requests or rejections", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(bytes, fc.integer({ min: 1, max: 50 }), (bytes, size) => {
    const framer = new LineFramer(40);
    for (const chunk of cut(bytes, [size])) {
      framer.push(chunk);
      while (framer.next()) decodeRequest(framer.bytes, framer.start, framer.end);
    }
  }));
});

test("agrees with an oracle that uses JSON.parse, for objects of all kinds of members", () => {
  const name = fc.constantFrom(
    ...["method", "id", "key", "value", "regex", "limit", "cursor", "subkey", "subvalue"],
    ...["project", "agent", "token", "k\\u0065y", "\\u006dethod", "other", "__proto__", "Key"],
  );
  const value = fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...METHODS).map((method) => `"${method}"`) },
    jsonText,
    fc.constantFrom("1", "0", "2.5", '"x"', "null", "{}", "[]", "7e0", "-3"),
  );
  const member = fc.tuple(white, name, white, value, white);
  const first = fc.constantFrom(...METHODS).map((method) => `"method":"${method}"`);
  fc.assert(
    fc.property(first, fc.array(member, { maxLength: 8 }), (first, members) => {
      const rest = members.map(([w1, name, w2, value, w3]) => `,${w1}"${name}"${w2}:${value}${w3}`);
      const line = `{${first}${rest.join("")}}`;
      const decoded = decode(line);
      const type = isRejection(decoded) ? decoded.failure.type : "OK";
      assert.equal(type, readRequest(utf8(line)).type);
    }),
    { numRuns: 3_000 },
  );
});
