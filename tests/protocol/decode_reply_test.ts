/** Proves which lines are replies, also in the notation of another server. */
import assert from "assert";
import fc from "fast-check";
import { decodeReply, isFailure, ReplyFormatError } from "../../lib/protocol/decode_reply.ts";
import { anyCharacter, tokenSoup } from "../helpers/json_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("decode_reply");

test("a result keeps its text, with and without other members", () => {
  const value = '{ "a" : [1.0, 12345678901234567890, "\\u0061"] }';
  const lines = [
    ...[`{"status":"OK","result":${value}}`, `{"result":${value},"status":"OK"}`],
    `{"status":"OK","id":[{"result":5}],"result":${value}}`,
    ` { "status" : "OK" , "result" : ${value} } `,
    `{"\\u0073tatus":"\\u004fK","result":${value}}`,
  ];
  for (const line of lines) assert.deepEqual(decodeReply(line), { result: value }, line);
});

test("a failure has a type and a message; the type replaces a missing message", () => {
  const failure = decodeReply('{"status":"ERROR","id":3,"type":"KeyError","message":"a\\nb"}');
  assert.deepEqual(failure, { type: "KeyError", message: "a\nb" });
  assert.equal(isFailure(failure), true);
  assert.deepEqual(decodeReply('{"status":"ERROR","type":"New"}'), { type: "New", message: "New" });
  assert.equal(isFailure(decodeReply('{"status":"OK","result":{"type":1}}')), false);
});

test("any other line is not a reply", () => {
  const lines = [
    ...["", "HTTP/1.1 400 Bad Request", "{}", "[]", "null", '{"status":"OK"}', '{"status":"ERR'],
    ...['{"status":"ok","result":1}', '{"status":1,"result":1}', '{"status":"ERROR"}'],
    ...['{"status":"ERROR","type":1}', '{"status":"OK","id":1,"result":'],
  ];
  for (const line of lines) assert.throws(() => decodeReply(line), ReplyFormatError, line);
});

test("any text is a reply or a ReplyFormatError of bounded length", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: anyCharacter }), tokenSoup), (line) => {
      try {
        decodeReply(line);
      } catch (error) {
        assert.ok(error instanceof ReplyFormatError);
        assert.ok(error.message.length < 700);
      }
    }),
    { numRuns: 1_000 },
  );
});
