/** Proves that no reply exceeds the limit of the flag, with any id. */
import assert from "assert";
import fc from "fast-check";
import { MIN_LINE_BYTES } from "../../lib/base/limits.ts";
import { isRejection } from "../../lib/protocol/decode_request.ts";
import { newClient } from "./command_context.ts";
import { anyLine, decoded, engine } from "./executor_engine.ts";
import { utf8 } from "../helpers/streams.ts";
import { testsOf } from "../helpers/pure.ts";

const utf8Bytes = (text: string) => utf8(text).length;

const test = testsOf("executor");

test("no reply to a valid request exceeds the limit, with any id", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 40 }), (lines) => {
      const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
      for (const line of lines) {
        if (isRejection(decoded(line))) continue;
        const bytes = utf8Bytes(ask(line));
        assert.ok(bytes <= MIN_LINE_BYTES, `${bytes} bytes for ${line.slice(0, 60)}`);
      }
    }),
    { numRuns: 200 },
  );
});

test("the message of a failure fits with an id of any size", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  for (let size = MIN_LINE_BYTES - 1_200; size <= MIN_LINE_BYTES + 10; size += 10) {
    const key = JSON.stringify("\u0001".repeat(100));
    const reply = ask(`{"method":"lookup","key":${key},"id":"${"i".repeat(size)}"}`);
    assert.ok(utf8Bytes(reply) <= MIN_LINE_BYTES, `${utf8Bytes(reply)} bytes, id of ${size}`);
  }
});

test("a failure with an id that leaves no room for its message is TooLarge, and still closes", () => {
  const { answer } = engine({
    maxReplyBytes: MIN_LINE_BYTES,
    context: { isToken: (token) => token === "secret-8" },
  });
  const id = "i".repeat(MIN_LINE_BYTES - 40);
  for (const [members, closes] of [['"lookup","key":"x"', false], ['"hello"', true]] as const) {
    const asking = newClient(2, !closes);
    const { line, ...rest } = answer(`{"id":"${id}","method":${members},"token":"wrong"}`, asking);
    assert.deepEqual(rest, { outcome: "TooLarge", durableAfterSeq: 0 });
    assert.equal(asking.closedBy, closes ? "AuthError" : undefined);
    assert.equal(JSON.parse(line).type, "TooLarge");
  }
});

test("a rejection does not exceed the limit", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  const reply = ask(`{"id":"${"i".repeat(10 * MIN_LINE_BYTES)}","method":"nonsense"}`);
  assert.ok(utf8Bytes(reply) <= MIN_LINE_BYTES, `${utf8Bytes(reply)} bytes`);
});

test("a reply of exactly the limit, with its LF, is written", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  const frame = utf8Bytes('{"status":"OK","result":""}\n');
  const value = JSON.stringify("\u00e9".repeat((MIN_LINE_BYTES - frame) / 2));
  ask(`{"method":"insert","key":"k","value":${value}}`);
  assert.equal(ask('{"method":"lookup","key":"k"}'), `{"status":"OK","result":${value}}`);
});

test("a reply one byte longer than the limit is TooLarge, and the message has the limit", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  const cases = [
    ['{"status":"OK","result":""}', '"method":"lookup","key":"k"'],
    ['{"status":"OK","id":[17],"result":""}', '"id":[17],"method":"lookup","key":"k"'],
    ['{"status":"OK","result":[["k",""]]}', '"method":"scan","regex":""'],
    ['{"status":"OK","result":[["k",""]]}', '"method":"scan","regex":"","limit":1'],
    ['{"status":"OK","id":[17],"result":""}', '"id":[17],"method":"remove","key":"k"'],
  ];
  for (const [frame = "", members] of cases) {
    const value = "x".repeat(MIN_LINE_BYTES + 1 - utf8Bytes(frame));
    ask(`{"method":"insert","key":"k","value":"${value}"}`);
    const { type, message } = JSON.parse(ask(`{${members}}`));
    assert.equal(type, "TooLarge", members);
    assert.ok(message.includes(String(MIN_LINE_BYTES)), message);
  }
});

test("a part of a scan does not exceed the limit with its cursor", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  for (const key of ["a", "z"]) ask(`{"method":"insert","key":"${key}","value":1}`);
  let successes = 0;
  for (let size = MIN_LINE_BYTES - 200; size < MIN_LINE_BYTES; size++) {
    ask(`{"method":"insert","key":"a","value":"${"x".repeat(size)}"}`);
    const reply = ask('{"method":"scan","regex":"a","limit":1,"id":1}');
    assert.ok(utf8Bytes(reply) <= MIN_LINE_BYTES, `${utf8Bytes(reply)} bytes`);
    successes += JSON.parse(reply).status === "OK" ? 1 : 0;
  }
  assert.ok(successes > 50, "most of them fit");
});

test("an id that leaves no room is TooLarge, and nothing is executed", () => {
  const { ask, changes, context, executor } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  const id = JSON.stringify("\u00e9".repeat(MIN_LINE_BYTES / 2));
  const reply = ask(`{"method":"insert","key":"k","value":1,"id":${id}}`);
  assert.equal(JSON.parse(reply).type, "TooLarge");
  assert.match(reply, new RegExp(String(MIN_LINE_BYTES)));
  assert.deepEqual([changes().length, context.table.size, executor.ops.insert], [0, 0, 0]);
});
