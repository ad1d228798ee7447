/** Proves how connections end: by either side, by resets, by bugs, and with which log line (I9). */
import assert from "assert";
import { numbersTo } from "../engine/numbered_client.ts";
import { logged } from "../helpers/logged.ts";
import { testsOf } from "../helpers/pure.ts";
import type { FakeSocket } from "./fake_socket.ts";
import type { Submit } from "../../lib/engine/engine.ts";
import { ids, ping, pings, server, settled } from "./connection_server.ts";

const test = testsOf("connection");

test("after a half-close all replies are written; a line without an end is dropped", async () => {
  const { context, connect } = server();
  const { socket, ended } = connect();
  socket.send(pings(500), '{"method":"insert","key":"cut","value":1}', null);
  await ended;
  assert.deepEqual(ids(socket), numbersTo(500));
  assert.equal(context.table.size, 0);
  assert.equal(socket.closes, 1);
});

test("end() during a read closes at once", async () => {
  const { socket, connection, ended } = server().connect();
  await socket.until(() => socket.bufferSizes.length === 1);
  connection.end();
  await ended;
  assert.equal(socket.closes, 1);
  connection.end();
  connection.cut();
  assert.equal(socket.closes, 1, "closed once");
});

test("end() during an execution finishes the requests that were read, and then closes", async () => {
  const { queue, connect } = server({ limits: { maxOutputBytes: 100 } });
  const gate = Promise.withResolvers<void>();
  const { socket, connection, ended } = connect((source) => {
    const submit = queue.attach(source);
    return async () => {
      await gate.promise;
      await submit();
    };
  });
  socket.send(pings(20));
  await settled();
  connection.end();
  assert.equal(socket.closes, 0);
  socket.send(ping(999));
  gate.resolve();
  await ended;
  assert.deepEqual(ids(socket), numbersTo(20), "all requests that were read");
  assert.equal(socket.closes, 1);
});

test("a connection that the engine closes ends, although requests were not taken", async () => {
  let submits = 0;
  const { socket, ended } = server().connect((source) => () => {
    assert.equal(++submits, 1);
    source.next();
    source.client.closedBy = "unknown outcome";
    return undefined;
  });
  socket.send(pings(3));
  await ended;
  assert.equal(submits, 1);
  assert.equal(socket.closes, 1);
  assert.deepEqual(ids(socket), []);
});

test("cut() during an execution drops the requests that are not executed yet", async () => {
  const { queue, context, connect } = server();
  const gate = Promise.withResolvers<void>();
  const { socket, connection, ended } = connect((source) => {
    const submit = queue.attach(source);
    return async () => {
      await gate.promise;
      await submit();
    };
  });
  socket.send('{"method":"insert","key":"late","value":1}\n', pings(20));
  await settled();
  connection.cut();
  gate.resolve();
  await ended;
  assert.equal(context.table.size, 0);
  assert.equal(socket.closes, 1);
});

test("end() during a write finishes the write", async () => {
  const { socket, connection, ended } = server().connect();
  socket.holdWrites();
  socket.send(pings(10));
  await settled();
  connection.end();
  socket.releaseWrites();
  await ended;
  assert.deepEqual(ids(socket), numbersTo(10));
});

test("cut() closes at once during a write", async () => {
  const { socket, connection, ended } = server().connect();
  socket.holdWrites();
  socket.send(pings(10));
  await settled();
  connection.cut();
  await ended;
  assert.equal(socket.closes, 1);
});

test("after end(), run() reads nothing", async () => {
  const { socket, connection } = server().connection();
  connection.end();
  await connection.run();
  assert.deepEqual([socket.bufferSizes.length, socket.closes], [0, 1]);
});

test("a reply that closes the connection is the last one, and later requests are not read", async () => {
  const { context, connect } = server({ token: "secret-8" });
  const { socket, ended } = connect();
  socket.send(
    '{"method":"ping"}\n{"method":"hello","token":"wrong"}\n{"method":"hello","token":"secret-8"}\n' +
      '{"method":"insert","key":"k","value":1}\n',
  );
  await ended;
  assert.deepEqual(socket.replies.map(({ type }) => type), ["AuthError", "AuthError"]);
  assert.equal(context.table.size, 0);
  assert.deepEqual([socket.lingers, socket.closes], [1, 1], "the reply reaches the client");
});

const throwsBug = () => {
  throw new RangeError("a bug");
};

/** Ways in which a connection ends early, and the levels of the log lines that they cause. */
const FAILURES: Record<string, { submit?: Submit; fail(s: FakeSocket): void; levels: string[] }> = {
  "a reset in the middle of a line": {
    fail: (socket) => socket.send('{"method":"insert","key":"cut","va', new Error("reset by peer")),
    levels: [],
  },
  "a failing write, which is not a bug,": {
    fail: (socket) => {
      socket.writeFailure = new Error("broken pipe");
      socket.send(pings(100));
    },
    levels: [],
  },
  "a bug in the engine that is thrown at once": {
    submit: throwsBug,
    fail: (socket) => socket.send(ping(1)),
    levels: ["error"],
  },
  "a bug in the engine that is thrown later": {
    submit: () => Promise.resolve().then(throwsBug),
    fail: (socket) => socket.send(ping(1)),
    levels: ["error"],
  },
};

for (const [what, { submit, fail, levels }] of Object.entries(FAILURES)) {
  test(`${what} ends its connection only`, async () => {
    const { lines, log } = logged("json");
    const { context, connect } = server({ log });
    const first = connect(submit && (() => submit)), other = connect();
    fail(first.socket);
    await first.ended;
    assert.deepEqual([first.socket.closes, first.socket.written, context.table.size], [1, "", 0]);
    assert.deepEqual(lines.map((line) => JSON.parse(line).level), levels);
    other.socket.send(ping(2), null);
    await other.ended;
    assert.deepEqual(ids(other.socket), [2]);
  });
}

test("the log has the reason of each end, also of one by the server during a read", async () => {
  const { lines, log } = logged("json", true);
  const { connect } = server({ log });
  const byClient = connect();
  byClient.socket.send(null);
  await byClient.ended;
  const broken = connect();
  broken.socket.send(new Error("reset by peer"));
  await broken.ended;
  const { socket, connection, ended } = connect();
  await socket.until(() => socket.bufferSizes.length === 1);
  connection.end();
  await ended;
  const entries = lines.map((line) => JSON.parse(line));
  assert.deepEqual(entries.map(({ message, client, why }) => [message, client, why]), [
    ["disconnect", 1, "closed by the client"],
    ["disconnect", 2, "reset by peer"],
    ["disconnect", 3, "closed by the server"],
  ]);
});
