/** Proves the exact form of replies: one line, compact, members in order, `result` the last. */
import assert from "assert";
import fc from "fast-check";
import { decodeReply } from "../../lib/protocol/decode_reply.ts";
import { encodeFailure, encodeSuccess } from "../../lib/protocol/encode_reply.ts";
import type { FailureType } from "../../lib/protocol/message.ts";
import { jsonText } from "../helpers/json_texts.ts";
import { framed } from "../helpers/streams.ts";

const oneLineJson = jsonText.map((text) => text.replace(/[\r\n]/g, " ").toWellFormed());
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

function test(name: string, fn: () => void): void {
  Deno.test({ name: `encode_reply: ${name}`, permissions: "none", fn });
}

test("the contract's forms, to the letter", () => {
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

test("any success comes back from the decoder as it was, byte for byte", () => {
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

test("any failure comes back from the decoder as it was", () => {
  const types: FailureType[] = ["KeyError", "TooLarge", "TableFull", "Busy"];
  const message = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(optional(oneLineJson), fc.constantFrom(...types), message, (id, type, message) => {
      const lines = framed(encodeFailure(id, { type, message }));
      assert.equal(lines.length, 1);
      assert.deepEqual(decodeReply(String(lines[0])), { type, message });
    }),
    { numRuns: 500 },
  );
});
