/**
 * Proves that an `ERROR` means that nothing changed, that each change goes to the storage once and
 * in order, that answers tell what they show (I2), that no reply passes its limit, and what the
 * debug lines tell.
 */
import assert from "assert";
import fc from "fast-check";
import { MIN_LINE_BYTES, MIN_TIMED_BYTES, SLOW_REQUEST_MS } from "../../lib/base/limits.ts";
import { createLog, type Log, silentLog } from "../../lib/base/log.ts";
import { Arena } from "../../lib/bytes/arena.ts";
import { ByteChunks, chunkBytes } from "../../lib/bytes/byte_chunks.ts";
import { spanOf, textOf } from "../../lib/bytes/span.ts";
import { Executor } from "../../lib/engine/executor.ts";
import { decodeReply, isFailure } from "../../lib/protocol/decode_reply.ts";
import { decodeRequest, isRejection } from "../../lib/protocol/decode_request.ts";
import { METHODS, type Rejection, type Request } from "../../lib/protocol/requests.ts";
import { GroupCommit } from "../../lib/engine/group_commit.ts";
import { keyOf } from "../../lib/protocol/key_text.ts";
import type { Client } from "../../lib/commands/client_state.ts";
import type { CommandContext } from "../../lib/commands/command_table.ts";
import { contextWith, newClient, seededTable } from "./command_context.ts";
import { FakeStorage } from "./fake_storage.ts";
import { jsonText } from "../helpers/json_texts.ts";
import { textOfChunks, utf8 } from "../helpers/streams.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { pairsOf } from "../helpers/table_texts.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `executor: ${name}`, permissions: "none", fn });
}

const BEFORE = "what was put out before\n";

/** Decodes a line that arrived as one of many. */
function decoded(line: string): Request | Rejection {
  const { bytes } = spanOf(`[{"before":""}]\n${line}\n`);
  return decodeRequest(bytes, '[{"before":""}]\n'.length, bytes.length - 1);
}

/** An executor whose changes are noted. */
function engine(options: {
  context?: Partial<CommandContext>;
  maxReplyBytes?: number;
  log?: Log;
} = {}) {
  const context = contextWith(options.context);
  const storage = new FakeStorage("never");
  const commits = new GroupCommit(storage, context.table);
  const executor = new Executor({
    context,
    commits,
    maxReplyBytes: options.maxReplyBytes ?? 1e9,
    log: options.log ?? silentLog,
  });
  const client = newClient();
  const answer = (line: string, whose?: Client, whyNoChanges?: string) => {
    const out = new ByteChunks();
    out.addText(BEFORE);
    const answer = executor.execute(whose ?? client, decoded(line), out, whyNoChanges);
    const text = textOfChunks(out);
    assert.ok(text.startsWith(BEFORE), "what is there stays");
    assert.equal(text.indexOf("\n", BEFORE.length), text.length - 1, "one line");
    return { ...answer, line: text.slice(BEFORE.length, -1) };
  };
  const ask = (line: string, whose?: Client) => answer(line, whose).line;
  const changes = () => storage.changes;
  return { executor, context, commits, storage, changes, client, answer, ask };
}

/** All pairs of a table, sorted by key. */
function contentOf({ table }: CommandContext): [string, string][] {
  return sorted(pairsOf(table));
}

function sorted(pairs: ReadonlyMap<string, string>): [string, string][] {
  return [...pairs].sort(([a], [b]) => a < b ? -1 : 1);
}

function utf8Bytes(text: string): number {
  return utf8(text).length;
}

test("answers with the contract's lines", () => {
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

test("a cursor stands between id and result", () => {
  const { ask } = engine();
  for (const key of ["a", "b"]) ask(`{"method":"insert","key":"${key}","value":1}`);
  const line = ask('{"method":"scan","regex":"","limit":1,"id":9}');
  assert.deepEqual(Object.keys(JSON.parse(line)), ["status", "id", "cursor", "result"]);
});

/** Runs something while there is no memory for long replies. */
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

test("where there is no memory for a reply, it says so, and nothing is changed", () => {
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
  assert.ok(chunkBytes() <= bytesBefore + 50_000, "what the tries took is given back");
  assert.deepEqual(contentOf(context), [["k", value]]);
  assert.equal(ask('{"method":"lookup","key":"k"}'), `{"status":"OK","result":${value}}`);
});

test("nothing is inserted for which there is no reply, also where changes are not undone", () => {
  const context = contextWith({});
  const commits = new GroupCommit(new FakeStorage("memory"), context.table);
  const executor = new Executor({ context, commits, maxReplyBytes: 1e9, log: silentLog });
  const out = new ByteChunks();
  out.add(new Uint8Array(4_080).fill(97)); // the reply needs a large chunk
  const insert = decoded('{"method":"insert","key":"k","value":1}');
  assert.throws(() => withoutMemory(() => executor.execute(newClient(), insert, out)), RangeError);
  out.truncate(4_080);
  assert.deepEqual(contentOf(context), []);
  assert.equal(executor.execute(newClient(), insert, out).outcome, "OK");
  out.clear();
});

const anyKey = fc.constantFrom("a", "b", "c", "__proto__", "");
const anyLine = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(anyKey, jsonText).map(([key, value]) =>
      `{"method":"insert","key":"${key}","value":${value.replace(/[\r\n]/g, " ")}}`
    ),
  },
  { weight: 3, arbitrary: anyKey.map((key) => `{"method":"remove","key":"${key}"}`) },
  anyKey.map((key) => `{"method":"insert","key":"${key}","value":"${"x".repeat(4_000)}"}`),
  fc.nat(4_500).map((size) => `{"method":"insert","key":"a","value":1,"id":"${"i".repeat(size)}"}`),
  fc.nat(4_500).map((size) => `{"method":"remove","key":"a","id":"${"\u00e9".repeat(size / 2)}"}`),
  anyKey.map((key) => `{"method":"lookup","key":"${key}"}`),
  fc.constantFrom(
    '{"method":"scan","regex":""}',
    '{"method":"scan","regex":"","limit":2}',
    '{"method":"size"}',
  ),
  fc.constantFrom(
    "{",
    '{"method":"insert"}',
    '{"method":"insert","key":"a"}',
    '{"method":"scan","regex":"("}',
  ),
);

test("an ERROR changes nothing, and changes reach the storage once, in order", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 40 }), (lines) => {
      const { answer, changes, context } = engine({
        maxReplyBytes: MIN_LINE_BYTES,
        context: { maxTableBytes: 9_000 },
      });
      const model = new Map<string, string>();
      for (const line of lines) {
        const before = contentOf(context), changesBefore = changes().length;
        const { line: text, outcome } = answer(line);
        const reply = decodeReply(text);
        assert.equal(outcome, isFailure(reply) ? reply.type : "OK");
        const request = decoded(line);
        if (isFailure(reply)) assert.deepEqual(contentOf(context), before);
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
      assert.deepEqual(contentOf(context), sorted(model));
      assert.deepEqual(sorted(replayed), sorted(model));
    }),
    { numRuns: 200 },
  );
});

test("where the storage takes no changes, they fail and do nothing; all else is answered", () => {
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
  assert.deepEqual([contentOf(context), changes().length], [[['a"', "1"]], 1]);
  const { line } = answer('{"method":"lookup","key":"a\\""}', undefined, "disk full");
  assert.equal(line, '{"status":"OK","result":1}');
});

test("each answer tells which change it shows: its key's, or the last one of all (I2)", () => {
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
    [`"insert","key":"c","value":"${"x".repeat(6_000)}"`, 4], // how full the table is
  ];
  for (const [members, seq] of shown) assert.equal(durableAfterSeq(members), seq, members);
  assert.equal(answer("nonsense").durableAfterSeq, 0);
  commits.write();
  assert.equal(storage.durableSeq, 4);
  for (const [members] of shown) assert.equal(durableAfterSeq(members), 0, members);
});

test("no reply to a good request passes the limit, whatever its id", () => {
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

test("a failure's sentence fits too, however much of the limit the id takes", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  for (let size = MIN_LINE_BYTES - 1_200; size <= MIN_LINE_BYTES + 10; size += 10) {
    const key = JSON.stringify("\u0001".repeat(100));
    const reply = ask(`{"method":"lookup","key":${key},"id":"${"i".repeat(size)}"}`);
    assert.ok(utf8Bytes(reply) <= MIN_LINE_BYTES, `${utf8Bytes(reply)} bytes, id of ${size}`);
  }
});

test("a failure with an id that leaves no room for its sentence is TooLarge, and closes as before", () => {
  const { answer } = engine({
    maxReplyBytes: MIN_LINE_BYTES,
    context: { isToken: (token) => token === "secret-8" },
  });
  const id = "i".repeat(MIN_LINE_BYTES - 40);
  for (const [members, closes] of [['"lookup","key":"x"', false], ['"hello"', true]] as const) {
    const whose = newClient(2, !closes);
    const { line, ...rest } = answer(`{"id":"${id}","method":${members},"token":"wrong"}`, whose);
    assert.deepEqual(rest, { outcome: "TooLarge", durableAfterSeq: 0 });
    assert.equal(whose.closedBy, closes ? "AuthError" : undefined);
    assert.equal(JSON.parse(line).type, "TooLarge");
  }
});

test("a refusal passes the limit as little as any reply", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  const reply = ask(`{"id":"${"i".repeat(10 * MIN_LINE_BYTES)}","method":"nonsense"}`);
  assert.ok(utf8Bytes(reply) <= MIN_LINE_BYTES, `${utf8Bytes(reply)} bytes`);
});

test("a reply that is exactly as long as the limit, with its LF, is given", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  const frame = utf8Bytes('{"status":"OK","result":""}\n');
  const value = JSON.stringify("\u00e9".repeat((MIN_LINE_BYTES - frame) / 2));
  ask(`{"method":"insert","key":"k","value":${value}}`);
  assert.equal(ask('{"method":"lookup","key":"k"}'), `{"status":"OK","result":${value}}`);
});

test("a reply that would be one byte longer than the limit is TooLarge", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  const cases = [
    ['{"status":"OK","result":""}', '"method":"lookup","key":"k"'],
    ['{"status":"OK","id":[17],"result":""}', '"id":[17],"method":"lookup","key":"k"'],
    ['{"status":"OK","result":[["k",""]]}', '"method":"scan","regex":""'],
    ['{"status":"OK","id":[17],"result":""}', '"id":[17],"method":"remove","key":"k"'],
  ];
  for (const [frame = "", members] of cases) {
    const value = "x".repeat(MIN_LINE_BYTES + 1 - utf8Bytes(frame));
    ask(`{"method":"insert","key":"k","value":"${value}"}`);
    assert.equal(JSON.parse(ask(`{${members}}`)).type, "TooLarge", members);
  }
});

test("a part of a scan never passes the limit with its cursor", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  for (const key of ["a", "z"]) ask(`{"method":"insert","key":"${key}","value":1}`);
  let given = 0;
  for (let size = MIN_LINE_BYTES - 200; size < MIN_LINE_BYTES; size++) {
    ask(`{"method":"insert","key":"a","value":"${"x".repeat(size)}"}`);
    const reply = ask('{"method":"scan","regex":"a","limit":1,"id":1}');
    assert.ok(utf8Bytes(reply) <= MIN_LINE_BYTES, `${utf8Bytes(reply)} bytes`);
    given += JSON.parse(reply).status === "OK" ? 1 : 0;
  }
  assert.ok(given > 50, "most of them fit");
});

test("an id that leaves no room is TooLarge, and nothing is done", () => {
  const { ask, changes, context, executor } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  const id = JSON.stringify("\u00e9".repeat(MIN_LINE_BYTES / 2));
  const reply = ask(`{"method":"insert","key":"k","value":1,"id":${id}}`);
  assert.equal(JSON.parse(reply).type, "TooLarge");
  assert.match(reply, new RegExp(String(MIN_LINE_BYTES)));
  assert.deepEqual([changes().length, context.table.size, executor.ops.insert], [0, 0, 0]);
});

test("TooLarge tells the limit as it was set", () => {
  const { ask } = engine({ maxReplyBytes: MIN_LINE_BYTES });
  ask(`{"method":"insert","key":"k","value":"${"x".repeat(MIN_LINE_BYTES)}"}`);
  for (
    const rest of [
      '"lookup","key":"k"',
      '"remove","key":"k"',
      '"scan","regex":""',
      '"scan","regex":"","limit":1',
    ]
  ) {
    const { type, message } = JSON.parse(ask(`{"method":${rest}}`));
    assert.equal(type, "TooLarge");
    assert.ok(message.includes(String(MIN_LINE_BYTES)), message);
  }
});

test("requests are counted by method, those that fail too", () => {
  const { ask, executor } = engine();
  const lines = [
    ...[
      '{"method":"insert","key":"k","value":1}',
      '{"method":"lookup","key":"k"}',
      '{"method":"lookup","key":"x"}',
    ],
    ...[
      "nonsense",
      '{"method":"nonsense"}',
      '{"method":"lookup"}',
      '{"method":"ping"}',
      '{"method":"hello"}',
    ],
  ];
  lines.forEach((line) => ask(line));
  assert.deepEqual(Object.keys(executor.ops), [...METHODS]);
  const { insert, lookup, ping, hello, ...others } = executor.ops;
  assert.deepEqual([insert, lookup, ping, hello], [1, 2, 1, 1]);
  assert.ok(Object.values(others).every((count) => count === 0));
});

test("before a good hello every other method is an AuthError that does nothing", () => {
  const { ask, context, changes } = engine({
    context: { isToken: (token) => token === "secret-8" },
  });
  const client = newClient(2, false);
  const members = ',"key":"k","value":1,"regex":"","subkey":"a","subvalue":1}';
  for (const method of METHODS) {
    const { type } = JSON.parse(ask(`{"method":"${method}"${members}`, client));
    assert.equal(type, "AuthError", method);
  }
  assert.deepEqual([context.table.size, changes().length], [0, 0]);
  ask('{"method":"hello"}', client);
  ask('{"method":"hello","token":"secret-8"}', client);
  assert.equal(client.closedBy, undefined);
  assert.equal(JSON.parse(ask(`{"method":"insert"${members}`, client)).status, "OK");
});

test("before a good hello a request with bad members or of no method is an AuthError, too", () => {
  const { ask } = engine({ context: { isToken: (token) => token === "secret-8" } });
  const client = newClient(2, false);
  const typeOf = (line: string) => JSON.parse(ask(line, client)).type;
  for (
    const line of ['{"method":"insert"}', '{"method":"scan","regex":1}', '{"method":"nonsense"}']
  ) {
    assert.equal(typeOf(line), "AuthError", line);
  }
  assert.equal(typeOf('{"method":"hello","token":1}'), "ValueError");
  for (const line of ["{", "[]", "{}"]) assert.equal(typeOf(line), "RequestError", line);
});

test("only a wrong token closes", () => {
  const { ask, client } = engine({ context: { isToken: (token) => token === "secret-8" } });
  const other = newClient(2, false);
  ask('{"method":"hello","token":"wrong"}', other);
  assert.equal(other.closedBy, "AuthError");
  for (
    const line of ["{", '{"method":"lookup","key":"x"}', '{"method":"hello","project":"other"}']
  ) {
    ask(line);
    assert.equal(client.closedBy, undefined, line);
  }
});

test("debug lines tell client, method, key and outcome, and times that never overlap", () => {
  const lines: string[] = [];
  const log = createLog({
    format: "json",
    isDebug: true,
    write: (line) => void lines.push(line),
  });
  const { ask } = engine({ log });
  const clients = [newClient(1), newClient(2), newClient(3)];
  for (let i = 0; i < 300; i++) {
    ask(
      `{"method":"${i % 4 === 0 ? "lookup" : "insert"}","key":"k${i}","value":1}`,
      clients[i % 3],
    );
  }
  ask("{");
  ask('{"method":"scan","regex":"^z"}');
  const entries = lines.map((line) => JSON.parse(line));
  assert.equal(entries.length, 302);
  let endUs = -Infinity;
  entries.forEach((entry, at) => {
    assert.equal(entry.n, at + 1);
    assert.ok(entry.start_us >= endUs && entry.end_us >= entry.start_us, "one after another");
    endUs = entry.end_us;
  });
  const { n, client, method, key, outcome } = entries[4];
  assert.deepEqual({ n, client, method, key, outcome }, {
    n: 5,
    client: 2,
    method: "lookup",
    key: "k4",
    outcome: "KeyError",
  });
  assert.deepEqual([entries[1].method, entries[1].outcome], ["insert", "OK"]);
  assert.deepEqual([entries[300].method, entries[300].outcome], ["?", "RequestError"]);
  assert.equal(entries[301].regex, "^z");
});

test("a debug line tells the true outcome, whatever the id says, and is short", () => {
  const lines: string[] = [];
  const log = createLog({
    format: "json",
    isDebug: true,
    write: (line) => void lines.push(line),
  });
  const { ask } = engine({ log });
  ask(`{"method":"lookup","key":"${"k".repeat(10_000)}","id":{"type":"Forged","message":""}}`);
  const entry = JSON.parse(lines.join(""));
  assert.equal(entry.outcome, "KeyError");
  assert.ok(entry.key.length < 100);
});

test("the slowest requests are told, with what they were about and nothing of their values", () => {
  using _clock = stoppedClock(3);
  const { ask, executor } = engine();
  const large = "v".repeat(MIN_TIMED_BYTES);
  ask(`{"method":"insert","key":"large","value":"${large}"}`, newClient(7));
  ask('{"method":"lookup","key":"large"}', newClient(8));
  ask(`{"method":"lookup","key":"${"k".repeat(MIN_TIMED_BYTES + 1)}"}`);
  ask('{"method":"scan","regex":"^z"}');
  ask('{"method":"query","subkey":"s","subvalue":"secret"}');
  const told = executor.slowest.map(({ ms, at, ...rest }) => {
    assert.ok(ms >= 3 && Date.parse(at) > 0);
    return rest;
  });
  const byMethod = (method: string) => told.filter((entry) => entry.method === method);
  assert.deepEqual(byMethod("insert"), [
    { client: 7, method: "insert", key: "large", outcome: "OK" },
  ]);
  assert.deepEqual(byMethod("lookup"), [
    { client: 8, method: "lookup", key: "large", outcome: "OK" },
    { client: 1, method: "lookup", key: "k".repeat(40) + "...", outcome: "KeyError" },
  ]);
  assert.deepEqual(byMethod("scan"), [{
    client: 1,
    method: "scan",
    regex: "^z",
    outcome: "OK",
  }]);
  assert.deepEqual(byMethod("query"), [{
    client: 1,
    method: "query",
    subkey: "s",
    outcome: "OK",
  }]);
  assert.doesNotMatch(JSON.stringify(executor.slowest), /vvv|secret/);
});

test("small requests do not look at the clock", () => {
  const { ask, executor } = engine();
  const { now } = performance;
  let looks = 0;
  performance.now = () => (looks++, now.call(performance));
  try {
    ask(`{"method":"insert","key":"k","value":"${"v".repeat(MIN_TIMED_BYTES / 2)}"}`);
    for (const method of ["lookup", "remove"]) ask(`{"method":"${method}","key":"k"}`);
    for (const method of ["size", "ping", "info", "nonsense"]) ask(`{"method":"${method}"}`);
  } finally {
    performance.now = now;
  }
  assert.deepEqual([looks, executor.slowest], [0, []]);
});

test("a debug line marks a slow request", () => {
  using clock = stoppedClock();
  const lines: string[] = [];
  const log = createLog({
    format: "json",
    isDebug: true,
    write: (line) => void lines.push(line),
  });
  let slowMs = 0;
  const { ask } = engine({
    log,
    context: {
      info: () => {
        clock.advance(slowMs);
        return "{}";
      },
    },
  });
  for (slowMs of [0, SLOW_REQUEST_MS + 1, 1]) ask('{"method":"info"}');
  assert.deepEqual(lines.map((line) => JSON.parse(line).slow), [undefined, true, undefined]);
});
