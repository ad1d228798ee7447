/**
 * Proves what becomes of a connection: order, half-close, resets, ending from either side, that a
 * client which takes no replies is not read from, and that no reply leaves too early (I1, I2, I5, I9).
 */
import assert from "assert";
import fc from "fast-check";
import { READ_BUFFER_BYTES, SMALL_READS_TO_SHRINK } from "../../lib/base/limits.ts";
import { createLog, type Log, silentLog } from "../../lib/base/log.ts";
import { CommandQueue } from "../../lib/engine/command_queue.ts";
import { GroupCommit } from "../../lib/engine/group_commit.ts";
import { Executor } from "../../lib/engine/executor.ts";
import { BufferBudget } from "../../lib/server/buffer_budget.ts";
import { Connection } from "../../lib/server/connection.ts";
import type {
  ConnectionLimits,
  ConnectionOptions,
  Ending,
  Submit,
} from "../../lib/server/connection_options.ts";
import { memoryStorage, type Storage } from "../../lib/storage/storage.ts";
import { contextWith, newClient } from "../engine/command_context.ts";
import { FakeConnection } from "./fake_connection.ts";
import { FakeStorage } from "../engine/fake_storage.ts";
import { jsonText } from "../helpers/json_texts.ts";
import { cut, utf8 } from "../helpers/streams.ts";
import { neverYields } from "./never_yields.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `session: ${name}`, permissions: "none", fn });
}

/** An engine, and sessions that submit to it. */
function server(
  options: {
    limits?: Partial<ConnectionLimits>;
    maxBufferBytes?: number;
    log?: Log;
    token?: string;
    storage?: Storage;
  } = {},
) {
  const context = contextWith({
    isToken: (token) => options.token === undefined || token === options.token,
  });
  const log = options.log ?? silentLog;
  const commits = new GroupCommit(options.storage ?? memoryStorage(), context.table);
  const executor = new Executor({ context, commits, maxReplyBytes: 1e8, log });
  const queue = new CommandQueue(executor.execute, commits, neverYields);
  const limits = {
    maxRequestBytes: 1_000_000,
    maxOutputBytes: 1_000_000,
    maxOutputHardBytes: 100_000_000,
    maxInFlight: 1_000,
    idleTimeoutMs: 60_000,
    requestTimeoutMs: 10_000,
    ...options.limits,
  };
  const buffers = new BufferBudget(options.maxBufferBytes ?? 1e9);
  const clock = { nowMs: 0 };
  let clients = 0;
  const session = (
    submit: Submit = (client) => queue.submit(client),
    more: Partial<ConnectionOptions> = {},
  ) => {
    const connection = new FakeConnection();
    const client = newClient(++clients, options.token === undefined);
    const endings: Ending[] = [];
    const session = new Connection({
      client,
      socket: connection,
      submit,
      limits,
      buffers,
      clock,
      yielder: neverYields,
      log,
      onEnding: (ending) => endings.push(ending),
      ...more,
    });
    return { connection, session, endings };
  };
  const connect = (submit?: Submit, more?: Partial<ConnectionOptions>) => {
    const made = session(submit, more);
    return { ...made, ended: made.session.run() };
  };
  return { context, executor, queue, session, connect, buffers, clock };
}

const ping = (id: number) => `{"method":"ping","id":${id}}\n`;
const pings = (count: number) => Array.from({ length: count }, (_, id) => ping(id)).join("");
const ids = ({ replies }: FakeConnection) => replies.map(({ id }) => id);
const numbersTo = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Some rounds of the event loop: what could happen by now has happened. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

test("replies come in the order of the requests, however both are cut", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(60),
      sizes,
      fc.integer({ min: 1, max: 99 }),
      async (count, sizes, most) => {
        const { connection, ended } = server({ limits: { maxOutputBytes: 10 * most } }).connect();
        connection.maxWriteBytes = most;
        connection.send(...cut(utf8(pings(count)), sizes), null);
        await ended;
        assert.deepEqual(ids(connection), numbersTo(count));
        assert.equal(connection.closes, 1);
      },
    ),
    { numRuns: 100 },
  );
});

test("keys and values come back byte for byte, however the requests are cut (I8)", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 });
  const values = fc.array(fc.oneof(jsonText, fc.nat(3_000).map((size) => `"${"v".repeat(size)}"`)));
  const text = fc.string({ unit: "binary", maxLength: 4 });
  const isSpread = fc.boolean();
  await fc.assert(
    fc.asyncProperty(values, text, sizes, isSpread, async (values, text, sizes, isSpread) => {
      const { connection, ended } = server({ storage: new FakeStorage("never") }).connect();
      const sent = values.map((value) => value.toWellFormed().replace(/[\r\n]/g, " "));
      const keyOf = (at: number) => JSON.stringify(`${text}${at % 7}`);
      const lines = sent.map((value, at) => {
        const insert = `{"method":"insert","key":${keyOf(at)},"value":${value}}\n`;
        return `${insert}{"method":"lookup","key":${keyOf(at)}}\n`;
      });
      if (isSpread) { for (const line of lines) connection.send(...cut(utf8(line), sizes)); }
      else connection.send(...cut(utf8(lines.join("")), sizes));
      connection.send(null);
      await ended;
      const expected = sent.map((value) =>
        `{"status":"OK","result":null}\n{"status":"OK","result":${value}}\n`
      );
      assert.equal(connection.written, expected.join(""));
    }),
    { numRuns: 100 },
  );
});

test("no reply leaves before what it shows is durable, and nothing is read meanwhile (I2)", async () => {
  using _clock = stoppedClock(); // all of them in one turn, however busy the machine is
  const storage = new FakeStorage();
  const { connect } = server({ storage });
  const all = numbersTo(20).map(() => connect()); // so many that their sync is in the background
  for (const { connection } of all) {
    connection.send('{"method":"insert","key":"k","value":1}\n', ping(1));
  }
  await settled();
  assert.equal(storage.pendingSyncs, 1);
  for (const { connection } of all) {
    assert.equal(connection.written, "");
    assert.equal(connection.bufferSizes.length, 1);
  }
  storage.endSync();
  await settled();
  for (const { connection } of all) assert.deepEqual(ids(connection), [undefined, 1]);
  for (const { session } of all) session.end();
  await Promise.all(all.map(({ ended }) => ended));
});

test("a failed write is told in the order of the requests (I1, I6)", async () => {
  const storage = new FakeStorage("never");
  const { connect } = server({ storage });
  const { connection, ended } = connect();
  const insert = (id: number) => `{"method":"insert","key":"k","value":${id},"id":${id}}\n`;
  connection.send(insert(0) + ping(1));
  await connection.until(() => connection.replies.length === 2);
  storage.whyNoWrites = "full";
  const lookup = '{"method":"lookup","key":"k","id":4}\n';
  connection.send(ping(2) + insert(3) + lookup + "nonsense\n" + insert(5) + ping(6), null);
  await ended;
  assert.deepEqual(connection.replies.map(({ id, type, result }) => [id, type ?? result]), [
    [0, null],
    [1, "pong"],
    [2, "pong"],
    [3, "StorageError"],
    [4, 0],
    [undefined, "RequestError"],
    [5, "StorageError"],
    [6, "pong"],
  ]);
});

test("good and bad lines each get one reply, in order", async () => {
  const { connection, ended } = server({ limits: { maxRequestBytes: 50 } }).connect();
  connection.send(`${ping(1)}x\n\r\n\n${"y".repeat(60)}\n`, Uint8Array.of(0xff, 10), ping(2), null);
  await ended;
  assert.deepEqual(connection.replies.map(({ id, type }) => id ?? type), [
    1,
    "RequestError",
    "TooLarge",
    "RequestError",
    2,
  ]);
});

test("a too long line is answered before its end has come", async () => {
  const { connection, ended } = server({ limits: { maxRequestBytes: 50 } }).connect();
  connection.send(ping(0) + "y".repeat(60));
  await connection.until(() => connection.replies.length === 2);
  assert.equal(connection.replies[1]?.["type"], "TooLarge");
  connection.send("yyy\n" + ping(1), null);
  await ended;
  assert.deepEqual(ids(connection), [0, undefined, 1]);
});

test("after a half-close all replies come; a line without its end is dropped", async () => {
  const { context, connect } = server();
  const { connection, ended } = connect();
  connection.send(pings(500), '{"method":"insert","key":"cut","value":1}', null);
  await ended;
  assert.deepEqual(ids(connection), numbersTo(500));
  assert.equal(context.table.size, 0);
  assert.equal(connection.closes, 1);
});

test("a reset in the middle of a line ends the session only", async () => {
  const { context, connect } = server();
  const first = connect(), other = connect();
  first.connection.send('{"method":"insert","key":"cut","va', new Error("reset by peer"));
  await first.ended;
  assert.equal(first.connection.closes, 1);
  assert.equal(context.table.size, 0);
  other.connection.send(ping(1), null);
  await other.ended;
  assert.deepEqual(ids(other.connection), [1]);
});

test("a failing write ends the session only, and is no bug", async () => {
  const lines: string[] = [];
  const log = createLog({ format: "json", write: (line) => void lines.push(line) });
  const { connect } = server({ log });
  const first = connect(), other = connect();
  first.connection.writeFailure = new Error("broken pipe");
  first.connection.send(pings(100));
  await first.ended;
  assert.equal(first.connection.closes, 1);
  assert.deepEqual(lines, []);
  other.connection.send(ping(1), null);
  await other.ended;
  assert.deepEqual(ids(other.connection), [1]);
});

test("end() while it reads closes at once", async () => {
  const { connection, session, ended } = server().connect();
  await connection.until(() => connection.bufferSizes.length === 1);
  session.end();
  await ended;
  assert.equal(connection.closes, 1);
  session.end();
  session.cut();
  assert.equal(connection.closes, 1, "closed once");
});

test("end() while it works finishes what was taken, then closes", async () => {
  const { queue, connect } = server({ limits: { maxOutputBytes: 100 } });
  const gate = Promise.withResolvers<void>();
  const { connection, session, ended } = connect(async (client) => {
    await gate.promise;
    await queue.submit(client);
  });
  connection.send(pings(20));
  await settled();
  session.end();
  assert.equal(connection.closes, 0);
  connection.send(ping(999));
  gate.resolve();
  await ended;
  assert.deepEqual(ids(connection), numbersTo(20), "all that was taken and no more");
  assert.equal(connection.closes, 1);
});

test("end() while a write waits lets it finish", async () => {
  const { connection, session, ended } = server().connect();
  connection.holdWrites();
  connection.send(pings(10));
  await settled();
  session.end();
  connection.releaseWrites();
  await ended;
  assert.deepEqual(ids(connection), numbersTo(10));
});

test("cut() ends it whatever waits", async () => {
  const { connection, session, ended } = server().connect();
  connection.holdWrites();
  connection.send(pings(10));
  await settled();
  session.cut();
  await ended;
  assert.equal(connection.closes, 1);
});

test("end() before it has begun reads nothing", async () => {
  const { connection, session } = server().session();
  session.end();
  await session.run();
  assert.deepEqual([connection.bufferSizes.length, connection.closes], [0, 1]);
});

test("a reply that closes is the last one: what follows is not looked at", async () => {
  const { context, connect } = server({ token: "secret-8" });
  const { connection, ended } = connect();
  connection.send(
    '{"method":"ping"}\n{"method":"hello","token":"wrong"}\n{"method":"hello","token":"secret-8"}\n' +
      '{"method":"insert","key":"k","value":1}\n',
  );
  await ended;
  assert.deepEqual(connection.replies.map(({ type }) => type), ["AuthError", "AuthError"]);
  assert.equal(context.table.size, 0);
  assert.deepEqual([connection.lingers, connection.closes], [1, 1], "the reply is not cut off");
});

test("a client that takes no replies is not read from, and few of its requests are executed", async () => {
  const { executor, connect } = server({ limits: { maxOutputBytes: 1_000 } });
  const { connection, ended } = connect();
  connection.holdWrites();
  connection.send(pings(1_000), pings(1_000), null);
  await settled();
  const reads = connection.bufferSizes.length;
  await settled();
  assert.equal(connection.bufferSizes.length, reads, "nothing more is read");
  assert.ok(executor.ops.ping <= 1_000 / 30, `${executor.ops.ping} executed`);
  connection.releaseWrites();
  await ended;
  assert.equal(executor.ops.ping, 2_000);
  assert.deepEqual(ids(connection), [...numbersTo(1_000), ...numbersTo(1_000)]);
});

test("a client that takes no replies holds up no other", async () => {
  const { connect } = server({ limits: { maxOutputBytes: 1_000 } });
  const slow = connect(), other = connect();
  slow.connection.holdWrites();
  slow.connection.send(pings(10_000));
  await settled();
  other.connection.send(pings(100), null);
  await other.ended;
  assert.deepEqual(ids(other.connection), numbersTo(100));
  slow.session.cut();
  await slow.ended;
});

test("the read buffer begins small, grows with what comes, and is given back", async () => {
  const { connection, ended } = server().connect();
  connection.send(ping(0)); // or a long first line would end the connection
  connection.send(...Array.from({ length: 20 }, () => utf8(" ".repeat(READ_BUFFER_BYTES.largest))));
  connection.send(...Array.from({ length: SMALL_READS_TO_SHRINK + 1 }, () => utf8("\n")), null);
  await ended;
  const { bufferSizes } = connection;
  assert.equal(bufferSizes[0], READ_BUFFER_BYTES.first);
  assert.equal(Math.max(...bufferSizes), READ_BUFFER_BYTES.largest);
  assert.equal(bufferSizes.at(-1), READ_BUFFER_BYTES.first);
});

test("requests a little larger than the read buffer do not have it made anew each time", async () => {
  const { connection, ended } = server().connect();
  for (let request = 0; request < 20; request++) {
    connection.send(utf8(" ".repeat(READ_BUFFER_BYTES.first)), utf8(" ".repeat(15) + "\n"));
  }
  connection.send(null);
  await ended;
  const changes = connection.bufferSizes.filter((size, at, all) => at > 0 && size !== all[at - 1]);
  assert.equal(changes.length, 1);
});

test("nothing that a client sends makes run() throw", async () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.constantFrom(...["{", "}\n", ping(1)].map(utf8)),
  );
  const end = fc.constantFrom(null, new Error("reset"));
  await fc.assert(
    fc.asyncProperty(fc.array(chunk), end, fc.boolean(), async (chunks, end, isBroken) => {
      const { connection, ended } = server({ limits: { maxRequestBytes: 30 } }).connect();
      if (isBroken) connection.writeFailure = new Error("broken pipe");
      connection.send(...chunks.filter(({ length }) => length > 0), end);
      await ended;
      assert.equal(connection.closes, 1);
    }),
    { numRuns: 100 },
  );
});

const throwsAtOnce = () => {
  throw new RangeError("a bug");
};

for (const submit of [throwsAtOnce, () => Promise.reject(new RangeError("a bug"))]) {
  const when = submit === throwsAtOnce ? "at once" : "later";
  test(`a bug in the engine that shows ${when} is logged and ends the session only`, async () => {
    const lines: string[] = [];
    const log = createLog({ format: "json", write: (line) => void lines.push(line) });
    const { connect } = server({ log });
    const first = connect(submit), other = connect();
    first.connection.send(ping(1));
    await first.ended;
    assert.equal(first.connection.closes, 1);
    assert.equal(first.connection.written, "");
    assert.deepEqual(lines.map((line) => JSON.parse(line).level), ["error"]);
    other.connection.send(ping(2), null);
    await other.ended;
    assert.deepEqual(ids(other.connection), [2]);
  });
}

/** What the log says of each session's end. */
async function reasons(use: (connect: ReturnType<typeof server>["connect"]) => Promise<void>) {
  const lines: string[] = [];
  const log = createLog({
    format: "json",
    isDebug: true,
    write: (line) => void lines.push(line),
  });
  await use(server({ log }).connect);
  return lines.map((line) => JSON.parse(line)).map((
    { message, client, why },
  ) => [message, client, why]);
}

test("the log says why it ended", async () => {
  const came = await reasons(async (connect) => {
    const byClient = connect();
    byClient.connection.send(null);
    await byClient.ended;
    const broken = connect();
    broken.connection.send(new Error("reset by peer"));
    await broken.ended;
  });
  assert.deepEqual(came, [["disconnect", 1, "closed by the client"], [
    "disconnect",
    2,
    "reset by peer",
  ]]);
});

test("the log says that the server ended it, also while it was reading", async () => {
  const came = await reasons(async (connect) => {
    const { connection, session, ended } = connect();
    await connection.until(() => connection.bufferSizes.length === 1);
    session.end();
    await ended;
  });
  assert.deepEqual(came, [["disconnect", 1, "closed by the server"]]);
});

const insert = (key: string, valueBytes: number) =>
  `{"method":"insert","key":"${key}","value":"${"v".repeat(valueBytes)}"}\n`;
const lookup = (key: string) => `{"method":"lookup","key":"${key}"}\n`;

test("no more requests are executed in a row than may be in flight, and all are answered", async () => {
  const { connect, executor } = server({ limits: { maxInFlight: 3 } });
  const { connection, ended } = connect();
  connection.holdWrites();
  connection.send(pings(10), null);
  await settled();
  assert.equal(executor.ops.ping, 3);
  connection.releaseWrites();
  await ended;
  assert.deepEqual(ids(connection), numbersTo(10));
});

test("with more output than the hard limit a client is disconnected (I5)", async () => {
  const { connect, buffers } = server({ limits: { maxOutputHardBytes: 50_000 } });
  const { connection, endings, ended } = connect();
  connection.holdWrites();
  connection.send(insert("k", 30_000), lookup("k"));
  await settled();
  assert.deepEqual(endings, []);
  connection.releaseWrites();
  await connection.until(() => connection.replies.length === 2);
  connection.holdWrites();
  connection.send(lookup("k") + lookup("k"));
  await ended;
  assert.deepEqual(endings, ["output"]);
  assert.equal(buffers.bytes, 0);
});

test("where all clients hold too much, the one with the most goes, and the others stay (I5)", async () => {
  const { connect, buffers } = server({ maxBufferBytes: 250_000 });
  const { connection, ended } = connect();
  connection.send(insert("k", 60_000), insert("large", 120_000));
  await connection.until(() => connection.replies.length === 2);
  const slow = [connect(), connect()];
  for (const { connection } of slow) {
    connection.holdWrites();
    connection.send(lookup("k"));
  }
  await settled();
  const greedy = connect();
  greedy.connection.holdWrites();
  greedy.connection.send(lookup("large"));
  await settled();
  assert.deepEqual(slow.map(({ endings }) => endings), [[], []]);
  assert.ok(buffers.bytes > 120_000 && buffers.bytes < 250_000, `${buffers.bytes}`);
  const last = connect();
  last.connection.holdWrites();
  last.connection.send(lookup("k"));
  await greedy.ended;
  assert.deepEqual(greedy.endings, ["buffers"]);
  assert.deepEqual(slow.map(({ endings }) => endings), [[], []]);
  for (const { connection } of [...slow, last]) {
    connection.releaseWrites();
    connection.send(null);
    await connection.until(() => connection.replies.length === 1);
  }
  connection.send(null);
  await Promise.all([ended, last.ended, ...slow.map(({ ended }) => ended)]);
  assert.equal(buffers.bytes, 0);
});

test("half-sent requests count among what clients hold (I5)", async () => {
  const { connect, buffers } = server({ maxBufferBytes: 250_000 });
  const { connection, endings, ended } = connect();
  connection.send(`{"method":"insert","key":"${"k".repeat(100_000)}`);
  await settled();
  assert.ok(buffers.bytes >= 100_000, `${buffers.bytes}`);
  connection.send("k".repeat(200_000));
  await ended;
  assert.deepEqual(endings, ["buffers"]);
  assert.equal(buffers.bytes, 0);
});

test("a request that is not sent to its end in time ends the connection", async () => {
  const { connect, clock } = server();
  const { connection, session, endings, ended } = connect();
  clock.nowMs = 30_000;
  connection.send(ping(0) + '{"method":');
  await settled();
  clock.nowMs += 9_999;
  connection.send('"pi'); // slowly is no excuse
  await settled();
  session.expire();
  assert.deepEqual(endings, []);
  clock.nowMs += 2;
  session.expire();
  await ended;
  assert.deepEqual(endings, ["slow request"]);
});

test("each request has its own time", async () => {
  const { connect, clock } = server();
  const { connection, session, endings, ended } = connect();
  for (let id = 0; id < 5; id++) {
    connection.send('{"method":');
    await settled();
    clock.nowMs += 9_000;
    connection.send(`"ping","id":${id}}\n`);
    await settled();
    session.expire();
  }
  connection.send(null);
  await ended;
  assert.deepEqual([endings, ids(connection)], [[], numbersTo(5)]);
});

test("a client that takes none of its replies in time is disconnected", async () => {
  const { connect, clock } = server();
  const { connection, session, endings, ended } = connect();
  connection.holdWrites();
  connection.send(ping(0));
  await settled();
  clock.nowMs += 9_999;
  session.expire();
  assert.deepEqual(endings, []);
  clock.nowMs += 2;
  session.expire();
  await ended;
  assert.deepEqual(endings, ["slow reader"]);
});

test("who neither sends nor takes anything is disconnected after the idle time", async () => {
  const { connect, clock } = server();
  const { connection, session, endings, ended } = connect();
  clock.nowMs = 50_000;
  connection.send(ping(0));
  await connection.until(() => connection.replies.length === 1);
  await settled();
  clock.nowMs += 60_000;
  session.expire();
  assert.deepEqual(endings, []);
  clock.nowMs += 1;
  session.expire();
  await ended;
  assert.deepEqual(endings, ["idle"]);
});

test("who shows no token has only the time of a request, whatever it says meanwhile", async () => {
  const { connect, clock } = server({ token: "secret-8" });
  const { connection, session, endings, ended } = connect();
  for (let id = 0; id < 11; id++) {
    clock.nowMs += 1_000;
    connection.send(ping(id));
    await connection.until(() => connection.replies.length === id + 1);
    await settled();
    session.expire();
  }
  await ended;
  assert.deepEqual(endings, ["slow request"]);
});

test("a stranger's long line is refused early, and told nothing but AuthError", async () => {
  const { connect, buffers } = server({ token: "secret-8" });
  const { connection, ended } = connect();
  connection.send(ping(0) + "x".repeat(20_000));
  await settled();
  assert.ok(buffers.bytes < 70_000, `${buffers.bytes}`);
  connection.send(
    '\n{"method":"hello","token":"secret-8"}\n',
    `{"method":"ping","pad":"${"x".repeat(20_000)}"}\n`,
    null,
  );
  await ended;
  assert.deepEqual(connection.replies.map(({ type, status }) => type ?? status), [
    "AuthError",
    "AuthError",
    "OK",
    "OK",
  ]);
});

test("who has shown the token may send long lines at once, in one go with it", async () => {
  const { connect } = server({ token: "secret-8" });
  const { connection, ended } = connect();
  for (let read = 0; read < 5; read++) connection.send(pings(2_000)); // so that reads are large
  connection.send(
    '{"method":"hello","token":"secret-8"}\n' + insert("k", 40_000) + lookup("k"),
    null,
  );
  await ended;
  assert.deepEqual(connection.replies.slice(-3).map(({ status }) => status), ["OK", "OK", "OK"]);
});

test("the answer to a wrong token is delayed", async () => {
  const { connect } = server({ token: "secret-8" });
  const delay = Promise.withResolvers<void>();
  const { connection, ended } = connect(undefined, { delayAuthReply: () => delay.promise });
  connection.send('{"method":"hello","token":"wrong"}\n');
  await settled();
  assert.equal(connection.written, "");
  delay.resolve();
  await ended;
  assert.deepEqual(connection.replies.map(({ type }) => type), ["AuthError"]);
});

const BUSY = { type: "Busy", message: "full", closes: true } as const;

test("in the owner's place only hello and info are answered; anything else is Busy, and the end", async () => {
  const { connect } = server();
  const { connection, ended } = connect(undefined, { busy: BUSY });
  connection.send('{"method":"hello"}\n{"method":"info"}\n{"method":"size"}\n{"method":"info"}\n');
  await ended;
  assert.deepEqual(connection.replies.map(({ type, status }) => type ?? status), [
    "OK",
    "OK",
    "Busy",
  ]);
});

test("who is dismissed is told why; not in the middle of something", async () => {
  const { connect } = server();
  const { connection, session, endings, ended } = connect(undefined, { busy: BUSY });
  connection.holdWrites();
  connection.send('{"method":"info"}\n');
  await settled();
  session.dismiss(BUSY);
  connection.releaseWrites();
  await connection.until(() => connection.replies.length === 1);
  await settled();
  session.dismiss(BUSY);
  await ended;
  assert.deepEqual(connection.replies.map(({ type, status }) => type ?? status), ["OK", "Busy"]);
  assert.deepEqual(endings, ["busy"]);
});
