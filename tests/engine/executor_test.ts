/** Proves that an `ERROR` changes nothing, and that an answer has the change that it shows (I2). */
import assert from "assert";
import fc from "fast-check";
import { MIN_LINE_BYTES } from "../../lib/base/limits.ts";
import { silentLog } from "../../lib/base/log.ts";
import { Arena } from "../../lib/bytes/arena.ts";
import { ByteChunks, chunkBytes } from "../../lib/bytes/byte_chunks.ts";
import { textOf } from "../../lib/bytes/span.ts";
import { Executor } from "../../lib/engine/executor.ts";
import { decodeReply, isFailure } from "../../lib/protocol/decode_reply.ts";
import { isRejection } from "../../lib/protocol/decode_request.ts";
import { METHODS } from "../../lib/protocol/requests.ts";
import { GroupCommit } from "../../lib/engine/group_commit.ts";
import { keyOf } from "../../lib/protocol/key_text.ts";
import { contextWith, newClient, seededTable } from "./command_context.ts";
import { FakeStorage } from "./fake_storage.ts";
import { pairsOf, sorted } from "./durable_engine.ts";
import { anyLine, decoded, engine } from "./executor_engine.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("executor");

test("replies are the lines of the contract", () => {
  const { ask } = engine();
  assert.equal(ask('{"method":"ping"}'), '{"status":"OK","result":"pong"}');
  assert.equal(
    ask('{"id":[1.0],"method":"insert","key":"k","value":[ 1]}'),
    '{"status":"OK","id":[1.0],"result":null}',
  );
  assert.equal(ask('{"method":"lookup","key":"k"}'), '{"status":"OK","result":[ 1]}');
  assert.equal(
    ask('{"method":"scan","regex":"","id":2}'),
    '{"status":"OK","id":2,"result":[["k",[ 1]]]}',
  );
  assert.match(
    ask('{"method":"lookup","key":"x","id":3}'),
    /^\{"status":"ERROR","id":3,"type":"KeyError","message":"/,
  );
  assert.match(ask("nonsense"), /^\{"status":"ERROR","type":"RequestError","message":"/);
});

/** Runs a function while there is no memory for long replies. */
function withoutMemory<T>(run: () => T): T {
  const { allocate } = Arena.prototype;
  Arena.prototype.allocate = function (payloadBytes) {
    if (payloadBytes > 60_000 && payloadBytes < 65_536) throw new RangeError("there is no memory");
    return allocate.call(this, payloadBytes);
  };
  try {
    return run();
  } finally {
    Arena.prototype.allocate = allocate;
  }
}

test("without memory for a reply, the reply says so, and nothing changes", () => {
  const { ask, answer, changes, context } = engine();
  const value = `"${"v".repeat(200_000)}"`;
  ask(`{"method":"insert","key":"k","value":${value}}`);
  const before = changes().length, bytesBefore = chunkBytes();
  for (const request of ['"lookup","key":"k"', '"remove","key":"k"', '"scan","regex":""']) {
    const { line, outcome } = withoutMemory(() => answer(`{"method":${request},"id":7}`));
    assert.equal(outcome, "TooLarge");
    assert.match(
      line,
      /^\{"status":"ERROR","id":7,"type":"TooLarge","message":".* no memory .*"\}$/,
    );
  }
  assert.equal(changes().length, before);
  assert.ok(chunkBytes() <= bytesBefore + 50_000, "the attempts free their chunks");
  assert.deepEqual(pairsOf(context.table), [["k", value]]);
  assert.equal(ask('{"method":"lookup","key":"k"}'), `{"status":"OK","result":${value}}`);
});

test("without memory for its reply, an insert changes nothing, also without a storage", () => {
  const context = contextWith({});
  const commits = new GroupCommit(new FakeStorage("memory"), context.table);
  const executor = new Executor({ context, commits, maxReplyBytes: 1e9, log: silentLog });
  const out = new ByteChunks();
  out.add(new Uint8Array(4_080).fill(97)); // the reply needs a large chunk
  const insert = decoded('{"method":"insert","key":"k","value":1}');
  assert.throws(() => withoutMemory(() => executor.execute(newClient(), insert, out)), RangeError);
  out.truncate(4_080);
  assert.deepEqual(pairsOf(context.table), []);
  assert.equal(executor.execute(newClient(), insert, out).outcome, "OK");
  out.clear();
});

test("an ERROR changes nothing, and changes reach the storage once, in order", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 40 }), (lines) => {
      const { answer, changes, context } = engine({
        maxReplyBytes: MIN_LINE_BYTES,
        context: { maxTableBytes: 9_000 },
      });
      const model = new Map<string, string>();
      for (const line of lines) {
        const before = pairsOf(context.table), changesBefore = changes().length;
        const { line: text, outcome } = answer(line);
        const reply = decodeReply(text);
        assert.equal(outcome, isFailure(reply) ? reply.type : "OK");
        const request = decoded(line);
        if (isFailure(reply)) assert.deepEqual(pairsOf(context.table), before);
        let expectedChanges = 0;
        if (!isFailure(reply) && !isRejection(request)) {
          if (request.method === "insert") {
            model.set(keyOf(request.key), textOf(request.value));
            expectedChanges = 1;
          } else if (request.method === "remove") {
            const key = keyOf(request.key);
            assert.equal(reply.result, model.get(key));
            model.delete(key);
            expectedChanges = 1;
          }
        }
        assert.equal(changes().length - changesBefore, expectedChanges);
      }
      const replayed = new Map<string, string>();
      for (const change of changes()) {
        if (change.method === "insert") replayed.set(change.key, change.value);
        else replayed.delete(change.key);
      }
      assert.deepEqual(pairsOf(context.table), sorted(model));
      assert.deepEqual(sorted(replayed), sorted(model));
    }),
    { numRuns: 200 },
  );
});

test("after a failed write, changes fail and do nothing; other requests are answered", () => {
  const { answer, ask, changes, context, commits } = engine();
  ask('{"method":"insert","key":"a\\"","value":1}');
  commits.write();
  for (const members of ['"insert","key":"a\\"","value":2', '"remove","key":"a\\""']) {
    const { line, ...rest } = answer(`{"id":7,"method":${members}}`, undefined, "disk full");
    assert.deepEqual(rest, { outcome: "StorageError", durableAfterSeq: 0 });
    const { id, type, message } = JSON.parse(line);
    assert.deepEqual([id, type], [7, "StorageError"]);
    assert.ok(message.includes('"a\\"": it could not be made durable and was not made'), message);
    assert.ok(message.includes("disk full"), message);
  }
  assert.deepEqual([pairsOf(context.table), changes().length], [[['a"', "1"]], 1]);
  const { line } = answer('{"method":"lookup","key":"a\\""}', undefined, "disk full");
  assert.equal(line, '{"status":"OK","result":1}');
});

test("each answer has the change that it shows: that of its key, or the last one (I2)", () => {
  const { answer, context, storage, commits } = engine({
    context: { table: seededTable(), maxTableBytes: 5_000 },
  });
  const durableAfterSeq = (members: string) => answer(`{"method":${members}}`).durableAfterSeq;
  assert.equal(durableAfterSeq('"insert","key":"a","value":1'), 1);
  assert.equal(durableAfterSeq('"insert","key":"gone","value":1'), 2);
  assert.equal(durableAfterSeq('"remove","key":"gone"'), 3);
  assert.equal(durableAfterSeq('"insert","key":"b","value":1'), 4);
  assert.ok(context.table.keepsUndo);
  const shown: [string, number][] = [
    ['"lookup","key":"a"', 1],
    ['"lookup","key":"gone"', 3],
    ['"remove","key":"gone"', 3],
    ['"lookup","key":"b"', 4],
    ['"scan","regex":"zzz"', 4],
    ['"scan","regex":"("', 4],
    ['"query","subkey":"a","subvalue":1', 4],
    ['"size"', 4],
    ['"info"', 4],
    ['"hello"', 4],
    ['"ping"', 0],
    [`"insert","key":"c","value":"${"x".repeat(6_000)}"`, 4], // it shows the size of the table
  ];
  for (const [members, seq] of shown) assert.equal(durableAfterSeq(members), seq, members);
  assert.equal(answer("nonsense").durableAfterSeq, 0);
  commits.write();
  assert.equal(storage.durableSeq, 4);
  for (const [members] of shown) assert.equal(durableAfterSeq(members), 0, members);
});

test("requests are counted by method, including failed ones", () => {
  const { ask, executor } = engine();
  const members = ['"insert","key":"k","value":1', '"lookup","key":"k"', '"lookup","key":"x"'];
  for (const one of [...members, '"nonsense"', '"lookup"', '"ping"', '"hello"']) {
    ask(`{"method":${one}}`);
  }
  ask("nonsense");
  assert.deepEqual(Object.keys(executor.ops), [...METHODS]);
  const { insert, lookup, ping, hello, ...others } = executor.ops;
  assert.deepEqual([insert, lookup, ping, hello], [1, 2, 1, 1]);
  assert.ok(Object.values(others).every((count) => count === 0));
});
