/** Proves the exact form of replies: one compact line, members in order, `result` last. */
import assert from "assert";
import fc from "fast-check";
import { decodeReply } from "../../lib/protocol/decode_reply.ts";
import { ByteChunks } from "../../lib/bytes/byte_chunks.ts";
import { spanOf } from "../../lib/bytes/span.ts";
import { addFailure, addSuccess, NULL_RESULT } from "../../lib/protocol/encode_reply.ts";
import type { Failure, FailureType } from "../../lib/protocol/message.ts";
import { anyCharacter, jsonText } from "../helpers/json_texts.ts";
import { framed, textOfChunks } from "../helpers/streams.ts";
import { testsOf } from "../helpers/pure.ts";

const oneLineJson = jsonText.map((text) => text.replace(/[\r\n]/g, " ").toWellFormed());
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const test = testsOf("encode_reply");

function encodeSuccess(id: string | undefined, result: string, cursor?: string): string {
  const out = new ByteChunks();
  addSuccess(out, id === undefined ? undefined : spanOf(id), spanOf(result), cursor);
  return textOfChunks(out);
}

function encodeFailure(id: string | undefined, failure: Failure): string {
  const out = new ByteChunks();
  addFailure(out, id === undefined ? undefined : spanOf(id), failure);
  return textOfChunks(out);
}

test("the common reply to a change has the form of others", () => {
  for (const id of [undefined, spanOf("17")]) {
    const usual = new ByteChunks(), other = new ByteChunks();
    addSuccess(usual, id, NULL_RESULT);
    addSuccess(other, id, spanOf("null"));
    assert.equal(textOfChunks(usual), textOfChunks(other));
  }
});

test("the contract's forms, exactly", () => {
  assert.equal(encodeSuccess(undefined, "null"), '{"status":"OK","result":null}\n');
  assert.equal(encodeSuccess("17", "[1]"), '{"status":"OK","id":17,"result":[1]}\n');
  assert.equal(
    encodeSuccess(undefined, "[]", "C"),
    '{"status":"OK","cursor":"C","result":[]}\n',
  );
  assert.equal(
    encodeSuccess('{"n": 1.0}', "[]", "C"),
    '{"status":"OK","id":{"n": 1.0},"cursor":"C","result":[]}\n',
  );
  assert.equal(
    encodeFailure(undefined, { type: "KeyError", message: 'no "x"' }),
    '{"status":"ERROR","type":"KeyError","message":"no \\"x\\""}\n',
  );
  assert.equal(
    encodeFailure("null", { type: "Busy", message: "m" }),
    '{"status":"ERROR","id":null,"type":"Busy","message":"m"}\n',
  );
});

test("the decoder reads back any success, byte for byte", () => {
  fc.assert(
    fc.property(optional(oneLineJson), oneLineJson, optional(fc.string()), (id, result, cursor) => {
      const lines = framed(encodeSuccess(id, result, cursor));
      assert.equal(lines.length, 1);
      const line = String(lines[0]);
      assert.deepEqual(decodeReply(line), cursor === undefined ? { result } : { result, cursor });
      assert.ok(line.endsWith(`,"result":${result}}`), "the result is last");
      const names = Object.keys(JSON.parse(line));
      const all = ["status", ...(id === undefined ? [] : ["id"])];
      assert.deepEqual(names, [...all, ...(cursor === undefined ? [] : ["cursor"]), "result"]);
    }),
    { numRuns: 500 },
  );
});

test("the decoder reads back any failure", () => {
  const types: FailureType[] = ["KeyError", "TooLarge", "TableFull", "Busy"];
  const message = fc.string({ unit: anyCharacter });
  fc.assert(
    fc.property(optional(oneLineJson), fc.constantFrom(...types), message, (id, type, message) => {
      const lines = framed(encodeFailure(id, { type, message }));
      assert.equal(lines.length, 1);
      assert.deepEqual(decodeReply(String(lines[0])), { type, message });
    }),
    { numRuns: 500 },
  );
});
