/** Tests the updates that a catalog accepts, and their text in the listing. */
import assert from "assert";
import fc from "fast-check";
import { MAX_UPDATE_BYTES } from "../../../lib/base/limits.ts";
import { parseUpdate, readUpdate, UpdateError } from "../../../lib/catalog/server/update_parser.ts";
import { anyCharacter } from "../../helpers/json_texts.ts";

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `update parser: ${name}`, permissions: "none", fn });
}

const encoder = new TextEncoder();
const parsed = (text: string) => parseUpdate(encoder.encode(text));

async function compressed(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array([0x1a, ...new Uint8Array(await new Response(stream).arrayBuffer())]);
}

test("keeps a sender's members without those that the catalog adds", () => {
  const text =
    '{"type":"hashtable", "port":4321,"address":"6.6.6.6","lastheardfrom":9e9,"name":"h.test"}';
  assert.deepEqual(parsed(text), {
    body: '"type":"hashtable","port":4321',
    typedBody: '"type":"hashtable","port":4321',
    port: 4_321,
    name: "h.test",
  });
});

test("recognizes members with escapes, and keeps the first one of a name", () => {
  const update = parsed('{"\\u0061ddress":"6.6.6.6","port":1,"port":2,"address":"6.6.6.6"}');
  assert.deepEqual(update, { body: '"port":1', typedBody: '"port":1', port: 1 });
});

test("characters that cctools cannot read become '?'", () => {
  const { body } = parsed('{"a":"\u00e9\\u00e9\\n","b":[{"\u00e9":1}],"c":"x\\"y\\\\"}');
  assert.equal(body, '"a":"???","b":[{"?":1}],"c":"x\\"y\\\\"');
});

test("prints a record as cctools does, and keeps numbers for filters", () => {
  const numbers: [sent: string, listed: string][] = [
    ["1", "1"],
    ["-0", "0"],
    ["-0.0", "-0"],
    ["1.0", "1"],
    ["2.50", "2.5"],
    ["0.1", "0.1"],
    ["0.30000000000000004", "0.3"],
    ["1e5", "100000"],
    ["1E15", "1000000000000000"],
    ["1e16", "1e+16"],
    ["123456789012345678.0", "1.234567890123457e+17"],
    ["0.0001", "0.0001"],
    ["0.00001", "1e-05"],
    ["-1.5e-300", "-1.5e-300"],
    ["9223372036854775807", "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["18446744073709551615", "18446744073709551615"],
    ["1e999", "1e999"],
  ];
  for (const [sent, listed] of numbers) assert.equal(parsed(`{"n":${sent}}`).body, `"n":${listed}`);
  const { body, typedBody } = parsed('{"a" : [ 1.0, {"b":\t2 } ] , "c":"\\/\\u0041 \'"}');
  assert.equal(body, `"a":[1,{"b":2}],"c":"/A '"`);
  assert.equal(typedBody, `"a":[1.0,{"b":2}],"c":"/A '"`);
});

test("bytes that are not UTF-8 become '?', in names and in values", async () => {
  const bytes = encoder.encode('{"a!":"b!"}').map((byte) => byte === 0x21 ? 0xff : byte);
  assert.equal((await readUpdate(bytes)).body, '"a?":"b?"');
});

test("a port that is not an integer becomes 0, and a lifetime that is not positive is ignored", () => {
  assert.equal(parsed('{"port":"80"}').port, 0);
  assert.equal(parsed('{"port":70000}').port, 0);
  assert.equal(parsed('{"lifetime":0}').lifetimeS, undefined);
  assert.equal(parsed('{"lifetime":1}').lifetimeS, 1);
});

test("ignores white space and NUL after the object", () => {
  assert.equal(parsed(' {"port":1}\n\0').port, 1);
});

test("drops an update that is not a JSON object, or is over a limit", () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m${i}`, i]));
  const bad = [
    "",
    "[]",
    "7",
    "{",
    '{"a":1}x',
    '{"a":nan}',
    '{"a":' + "[".repeat(60_000),
    JSON.stringify(many),
  ];
  bad.push('{"a":' + "[".repeat(20) + "]".repeat(20) + "}", " ".repeat(MAX_UPDATE_BYTES + 1));
  for (const text of bad) assert.throws(() => parsed(text), UpdateError, text.slice(0, 20));
});

test("brackets in a string do not count as levels, also after escapes", () => {
  const body = '"a":"\\"\\\\' + "[".repeat(100) + '"';
  assert.equal(parsed(`{${body}}`).body, body);
});

test("accepts a compressed update", async () => {
  const bytes = await compressed(encoder.encode('{"port":7}'));
  assert.equal((await readUpdate(bytes)).port, 7);
});

test("drops a few bytes that inflate to megabytes", async () => {
  const bomb = await compressed(new Uint8Array(20_000_000).fill(32));
  assert.ok(bomb.length < 40_000);
  await assert.rejects(readUpdate(bomb), UpdateError);
});

test("any bytes are an update or an UpdateError", async () => {
  const some = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array([0x1a, 0x78, 0x9c, ...bytes])),
    fc.string().map((text) => encoder.encode(`{"a":${text}}`)),
  );
  await fc.assert(
    fc.asyncProperty(some, async (bytes) => {
      try {
        await readUpdate(bytes);
      } catch (error) {
        assert.ok(error instanceof UpdateError, String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});

test("any JSON object becomes ASCII JSON without escaped characters", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: anyCharacter }), fc.jsonValue()), (object) => {
      const { body } = parsed(JSON.stringify(object));
      assert.match(body, /^[\x20-\x7e]*$/);
      assert.equal(/[^\\](\\\\)*\\u/.test(body), false);
      JSON.parse(`{${body}}`);
    }),
  );
});
