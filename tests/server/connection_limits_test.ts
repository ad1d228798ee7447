/** Proves the limits of a connection on bytes and time, and the reserved connection (I5). */
import assert from "assert";
import type { RequestSource } from "../../lib/engine/engine.ts";
import { numbersTo } from "../engine/numbered_client.ts";
import { ids, outcomes, ping, pings, server, settled } from "./connection_server.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("connection");

const insert = (key: string, valueBytes: number) =>
  `{"method":"insert","key":"${key}","value":"${"v".repeat(valueBytes)}"}\n`;
const lookup = (key: string) => `{"method":"lookup","key":"${key}"}\n`;

test("at most the limit of requests are in flight, and all are answered", async () => {
  const { connect, executor } = server({ limits: { maxInFlight: 3 } });
  const { socket, ended } = connect();
  socket.holdWrites();
  socket.send(pings(10), null);
  await settled();
  assert.equal(executor.ops.ping, 3);
  socket.releaseWrites();
  await ended;
  assert.deepEqual(ids(socket), numbersTo(10));
});

test("a client with more waiting replies than the hard limit is disconnected (I5)", async () => {
  const { connect, buffers } = server({ limits: { maxOutputHardBytes: 50_000 } });
  const { socket, endings, ended } = connect();
  socket.holdWrites();
  socket.send(insert("k", 30_000), lookup("k"));
  await settled();
  assert.deepEqual(endings, []);
  socket.releaseWrites();
  await socket.until(() => socket.replies.length === 2);
  socket.holdWrites();
  socket.send(lookup("k") + lookup("k"));
  await ended;
  assert.deepEqual(endings, ["output"]);
  assert.equal(buffers.bytes, 0);
});

test("if all clients hold too many bytes, the one with the most is disconnected (I5)", async () => {
  const { connect, buffers } = server({ maxBufferBytes: 250_000 });
  const { socket, ended } = connect();
  socket.send(insert("k", 60_000), insert("large", 120_000));
  await socket.until(() => socket.replies.length === 2);
  const slow = [connect(), connect()];
  for (const { socket } of slow) {
    socket.holdWrites();
    socket.send(lookup("k"));
  }
  await settled();
  const greedy = connect();
  greedy.socket.holdWrites();
  greedy.socket.send(lookup("large"));
  await settled();
  assert.deepEqual(slow.map(({ endings }) => endings), [[], []]);
  assert.ok(buffers.bytes > 120_000 && buffers.bytes < 250_000, `${buffers.bytes}`);
  const last = connect();
  last.socket.holdWrites();
  last.socket.send(lookup("k"));
  await greedy.ended;
  assert.deepEqual(greedy.endings, ["buffers"]);
  assert.deepEqual(slow.map(({ endings }) => endings), [[], []]);
  for (const { socket } of [...slow, last]) {
    socket.releaseWrites();
    socket.send(null);
    await socket.until(() => socket.replies.length === 1);
  }
  socket.send(null);
  await Promise.all([ended, last.ended, ...slow.map(({ ended }) => ended)]);
  assert.equal(buffers.bytes, 0);
});

/** An engine that adds a reply of this many bytes once the gate opens, after its last call of `next`. */
const lateReply = (bytes: number, gate: Promise<void>) => (source: RequestSource) => async () => {
  while (source.next() !== undefined);
  await gate;
  source.out.add(new Uint8Array(bytes).fill(32));
};

test("replies that an engine adds after its last request count as held bytes (I5)", async () => {
  const { connect, buffers } = server({ maxBufferBytes: 250_000 });
  const gate = Promise.withResolvers<void>();
  const slow = [120_000, 100_000, 90_000].map((bytes) => connect(lateReply(bytes, gate.promise)));
  for (const { socket } of slow) {
    socket.holdWrites();
    socket.send(ping(0), null);
  }
  await settled();
  gate.resolve();
  await slow[0]?.ended;
  assert.deepEqual(slow.map(({ endings }) => endings), [["buffers"], [], []]);
  assert.ok(buffers.bytes >= 190_000, `${buffers.bytes}`);
  for (const { socket } of slow) socket.releaseWrites();
  await Promise.all(slow.map(({ ended }) => ended));
  assert.equal(buffers.bytes, 0);
});

test("the time of an engine is not that of a slow reader", async () => {
  const { connect, clock } = server();
  const gate = Promise.withResolvers<void>();
  const { socket, connection, endings, ended } = connect(lateReply(1, gate.promise));
  socket.holdWrites();
  socket.send(ping(0), null);
  await settled();
  clock.nowMs += 30_000;
  gate.resolve();
  await settled();
  connection.expire();
  assert.deepEqual(endings, []);
  clock.nowMs += 10_001;
  connection.expire();
  await ended;
  assert.deepEqual(endings, ["slow reader"]);
});

test("partial requests count as held bytes (I5)", async () => {
  const { connect, buffers } = server({ maxBufferBytes: 250_000 });
  const { socket, endings, ended } = connect();
  socket.send(`{"method":"insert","key":"${"k".repeat(100_000)}`);
  await settled();
  assert.ok(buffers.bytes >= 100_000, `${buffers.bytes}`);
  socket.send("k".repeat(200_000));
  await ended;
  assert.deepEqual(endings, ["buffers"]);
  assert.equal(buffers.bytes, 0);
});

/** What a client sends, whether its replies are held, and the time until a server ends its connection. */
const TIMES = {
  "slow request": { sends: ping(0) + '{"method":', isHeld: false, limitMs: 10_000 },
  "slow reader": { sends: ping(0), isHeld: true, limitMs: 10_000 },
  idle: { sends: ping(0), isHeld: false, limitMs: 60_000 },
} as const;

for (const [ending, { sends, isHeld, limitMs }] of Object.entries(TIMES)) {
  test(`a client is disconnected after the time for: ${ending}`, async () => {
    const { connect, clock } = server();
    const { socket, connection, endings, ended } = connect();
    clock.nowMs = 50_000;
    if (isHeld) socket.holdWrites();
    socket.send(sends);
    await settled();
    clock.nowMs += limitMs - 1;
    if (ending === "slow request") socket.send('"pi'); // a slow client has the same limit
    await settled();
    connection.expire();
    assert.deepEqual(endings, []);
    clock.nowMs += 2;
    connection.expire();
    await ended;
    assert.deepEqual(endings, [ending]);
  });
}

test("each request has its own time limit", async () => {
  const { connect, clock } = server();
  const { socket, connection, endings, ended } = connect();
  for (let id = 0; id < 5; id++) {
    socket.send('{"method":');
    await settled();
    clock.nowMs += 9_000;
    socket.send(`"ping","id":${id}}\n`);
    await settled();
    connection.expire();
  }
  socket.send(null);
  await ended;
  assert.deepEqual([endings, ids(socket)], [[], numbersTo(5)]);
});

test("a client without the token has the time of one request, with any requests meanwhile", async () => {
  const { connect, clock } = server({ token: "secret-8" });
  const { socket, connection, endings, ended } = connect();
  for (let id = 0; id < 11; id++) {
    clock.nowMs += 1_000;
    socket.send(ping(id));
    await socket.until(() => socket.replies.length === id + 1);
    await settled();
    connection.expire();
  }
  await ended;
  assert.deepEqual(endings, ["slow request"]);
});

test("a long line of an unauthenticated client is rejected early, with AuthError only", async () => {
  const { connect, buffers } = server({ token: "secret-8" });
  const { socket, ended } = connect();
  socket.send(ping(0) + "x".repeat(20_000));
  await settled();
  assert.ok(buffers.bytes < 70_000, `${buffers.bytes}`);
  socket.send(
    '\n{"method":"hello","token":"secret-8"}\n',
    `{"method":"ping","pad":"${"x".repeat(20_000)}"}\n`,
    null,
  );
  await ended;
  assert.deepEqual(outcomes(socket), ["AuthError", "AuthError", "OK", "OK"]);
});

test("a client may send long lines in the same write as the token", async () => {
  const { connect } = server({ token: "secret-8" });
  const { socket, ended } = connect();
  for (let read = 0; read < 5; read++) socket.send(pings(2_000)); // for a large read buffer
  socket.send(
    '{"method":"hello","token":"secret-8"}\n' + insert("k", 40_000) + lookup("k"),
    null,
  );
  await ended;
  assert.deepEqual(socket.replies.slice(-3).map(({ status }) => status), ["OK", "OK", "OK"]);
});

test("the reply to a wrong token is delayed", async () => {
  const { connect } = server({ token: "secret-8" });
  const delay = Promise.withResolvers<void>();
  const { socket, ended } = connect(undefined, { delayAuthReply: () => delay.promise });
  socket.send('{"method":"hello","token":"wrong"}\n');
  await settled();
  assert.equal(socket.written, "");
  delay.resolve();
  await ended;
  assert.deepEqual(socket.replies.map(({ type }) => type), ["AuthError"]);
});

const BUSY = { type: "Busy", message: "full", closes: true } as const;

test("dismiss() writes the reason, and does nothing during an execution or a write", async () => {
  const { connect } = server();
  const { socket, connection, endings, ended } = connect(undefined, { busy: BUSY });
  socket.holdWrites();
  socket.send('{"method":"info"}\n');
  await settled();
  connection.dismiss(BUSY);
  socket.releaseWrites();
  await socket.until(() => socket.replies.length === 1);
  await settled();
  connection.dismiss(BUSY);
  await ended;
  assert.deepEqual(outcomes(socket), ["OK", "Busy"]);
  assert.deepEqual(endings, ["busy"]);
});
