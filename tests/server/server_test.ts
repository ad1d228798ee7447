/** A whole server in this process: its clients, its limits, its end. */
import assert from "assert";
import { once } from "node:events";
import { connect } from "node:net";
import { HtClient } from "../../client.ts";
import { ADMIN_IDLE_MS, FIRST_AUTH_DELAY_MS } from "../../lib/base/limits.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { startServer } from "../helpers/server.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";

Deno.test("replies to pipelined requests come in their order (I1)", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.port);
  const count = 5_000;
  let text = "";
  for (let id = 0; id < count; id++) {
    text += id % 3 === 0
      ? `{"id":${id},"method":"insert","key":"k${id}","value":${id}}\n`
      : id % 3 === 1
      ? `{"id":${id},"method":"lookup","key":"k${id - 1}"}\n`
      : `{"id":${id},"method":"nonsense"}\n`;
  }
  const sending = client.send(text);
  for (let id = 0; id < count; id++) {
    const reply = await client.reply();
    assert.equal(reply["id"], id);
    if (id % 3 === 1) assert.equal(reply["result"], id - 1);
  }
  await sending;
});

Deno.test("a client that closes its sending side still gets its replies", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.port);
  await client.send('{"method":"ping"}\n{"method":"size"}\n{"method":"ping"}');
  await client.conn.closeWrite();
  assert.equal(await client.line(), '{"status":"OK","result":"pong"}');
  assert.equal(await client.line(), '{"status":"OK","result":0}');
  assert.equal(await client.line(), undefined, "a last line without LF is no request");
});

Deno.test("one client too many is told Busy, and the next one is served when there is room", async () => {
  await using server = startServer({ maxClients: 2 });
  const first = await RawClient.connect(server.port);
  using second = await RawClient.connect(server.port);
  for (const client of [first, second]) {
    await client.send('{"method":"ping"}\n');
    await client.line();
  }
  using third = await RawClient.connect(server.port);
  assert.equal((await third.reply())["type"], "Busy");
  assert.equal(await third.line(), undefined);
  first.conn.close();
  while (server.server.clients > 1) {
    await second.send('{"method":"ping"}\n').then(() => second.line());
  }
  using fourth = await RawClient.connect(server.port);
  await fourth.send('{"method":"ping"}\n');
  assert.equal(await fourth.line(), '{"status":"OK","result":"pong"}');
});

const PING = '{"method":"ping"}\n';
const INFO = '{"method":"info"}\n';

/** Connects so many clients, and waits until each is taken. */
async function connected(port: number, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let number = 0; number < count; number++) {
    const client = await RawClient.connect(port);
    await client.send(PING);
    assert.equal((await client.reply())["result"], "pong");
    clients.push(client);
  }
  return clients;
}

Deno.test("the owner gets info from a full server, again and again, whoever else knocks", async () => {
  await using server = startServer({ maxClients: 3 });
  using all = new DisposableStack();
  for (const client of await connected(server.port, 3)) all.use(client);
  const knockers: RawClient[] = [];
  for (let round = 0; round < 5; round++) {
    for (let knock = 0; knock < 3; knock++) {
      knockers.push(all.use(await RawClient.connect(server.port)));
    }
    using owner = await RawClient.connect(server.port);
    await owner.send(INFO);
    const { result } = await owner.reply() as { result: { clients: number } };
    assert.ok(result.clients > 3, `${result.clients} clients`);
  }
  for (const knocker of knockers) {
    assert.equal((await knocker.reply())["type"], "Busy");
    assert.equal(await knocker.line(), undefined);
  }
});

Deno.test("the owner's place is taken from an owner that has been idle, and from no other", async () => {
  using clock = stoppedClock();
  await using server = startServer({ maxClients: 1 });
  using all = new DisposableStack();
  for (const client of await connected(server.port, 1)) all.use(client);
  using first = await RawClient.connect(server.port);
  await first.send(INFO);
  assert.equal((await first.reply())["status"], "OK");
  clock.advance(ADMIN_IDLE_MS - 1);
  using second = await RawClient.connect(server.port);
  assert.equal((await second.reply())["type"], "Busy");
  await first.send(INFO);
  assert.equal((await first.reply())["status"], "OK");
  clock.advance(ADMIN_IDLE_MS);
  using third = await RawClient.connect(server.port);
  await third.send(INFO);
  assert.equal((await third.reply())["status"], "OK");
  assert.equal((await first.reply())["type"], "Busy");
});

Deno.test("the owner's place is for hello and info only, and an ordinary one is given when it is free", async () => {
  await using server = startServer({ maxClients: 1 });
  const [first] = await connected(server.port, 1);
  using owner = await RawClient.connect(server.port);
  await owner.send('{"method":"hello"}\n{"method":"insert","key":"k","value":1}\n');
  assert.equal((await owner.reply())["status"], "OK");
  assert.equal((await owner.reply())["type"], "Busy");
  assert.equal(await owner.line(), undefined);
  assert.equal(server.server.size, 0);
  first?.conn.close();
  while (server.server.clients > 0) await new Promise((resolve) => setTimeout(resolve));
  const [second] = await connected(server.port, 1);
  second?.conn.close();
});

Deno.test("one address may not have all places, and does not take them from others", async () => {
  await using server = startServer({ maxClientsPerAddress: 2 });
  using all = new DisposableStack();
  for (const client of await connected(server.port, 2)) all.use(client);
  const third = all.use(await RawClient.connect(server.port));
  await third.send(PING);
  const busy = await third.reply();
  assert.equal(busy["type"], "Busy");
  assert.match(String(busy["message"]), /at most 2 clients from one address/);
  const other = connect({ port: server.port, host: "127.0.0.1", localAddress: "127.0.0.2" });
  other.write(PING);
  const [bytes] = await once(other, "data");
  assert.match(String(bytes), /pong/);
  other.destroy();
  await once(other, "close");
});

Deno.test("who connects too often is told so, and what is connected goes on", async () => {
  await using server = startServer({ maxConnectsPerSecond: 1 });
  using steady = await RawClient.connect(server.port);
  const types = new Set<unknown>();
  for (let connect = 0; connect < 30; connect++) {
    using client = await RawClient.connect(server.port);
    await client.send(INFO);
    const { type, status, message } = await client.reply();
    types.add(type ?? status);
    if (type === "Busy") assert.match(String(message), /connects a second from one address/);
  }
  assert.deepEqual(types, new Set(["OK", "Busy"]));
  await steady.send(INFO);
  const { result } = await steady.reply() as { result: Record<string, Record<string, number>> };
  assert.ok((result["turned_away"]?.["connect rate"] ?? 0) > 0);
  assert.equal(result["limits"]?.["max_connects_per_second"], 1);
});

Deno.test("clients whose time is up are disconnected, by reason, and the others stay", async () => {
  await using server = startServer({ idleTimeoutMs: 2_000, requestTimeoutMs: 1_000 });
  const idle = await RawClient.connect(server.port);
  const slow = await RawClient.connect(server.port);
  await slow.send('{"method":');
  const steady = await HtClient.connect(server.target);
  const closed = Promise.all([idle, slow].map((client) => client.line()));
  let isOver = false;
  void closed.then(() => isOver = true);
  while (!isOver) await steady.ping();
  assert.deepEqual(await closed, [undefined, undefined]);
  const { turned_away: away } = await steady.info() as { turned_away: unknown };
  assert.deepEqual(away, { "slow request": 1, idle: 1 });
  for (const client of [idle, slow]) client.conn.close();
  await steady.close();
});

Deno.test("a client that does not take its replies is not executed further, and others go on", async () => {
  const value = JSON.stringify("x".repeat(100_000));
  await using server = startServer({ maxOutputBytes: 200_000 });
  using slow = await RawClient.connect(server.port);
  await slow.send(`{"method":"insert","key":"big","value":${value}}\n`);
  await slow.line();
  const lookups = 2_000;
  const sending = slow.send('{"method":"lookup","key":"big"}\n'.repeat(lookups));
  const other = await HtClient.connect(server.target);
  const executed = async () => {
    const { ops } = await other.info() as { ops: Record<string, number> };
    return ops["lookup"] ?? 0;
  };
  // 200 MB of replies are asked for; what is executed is what fits into the kernel's buffers.
  let before = -1;
  for (let now = await executed(); now !== before; now = await executed()) {
    before = now;
    for (let turn = 0; turn < 200; turn++) await other.ping();
  }
  assert.ok(before < lookups / 2, `${before} lookups executed though nobody takes the replies`);
  let total = 0;
  for (; total < lookups; total++) await slow.line();
  await sending;
  assert.equal(await executed(), lookups);
  await other.close();
});

Deno.test("without the token nothing but hello is answered, and a wrong one ends the connection", async () => {
  await using server = startServer({}, "correct horse");
  using client = await RawClient.connect(server.port);
  await client.send('{"method":"size"}\n{"method":"hello"}\n{"id":1,"method":"insert"}\n');
  assert.equal((await client.reply())["type"], "AuthError");
  assert.equal((await client.reply())["type"], "AuthError");
  assert.equal((await client.reply())["type"], "AuthError");
  await client.send('{"method":"hello","token":"correct horse"}\n{"method":"size"}\n');
  assert.equal((await client.reply())["status"], "OK");
  assert.equal((await client.reply())["result"], 0);

  using guesser = await RawClient.connect(server.port);
  const askedMs = performance.now();
  await guesser.send('{"method":"hello","token":"guess"}\n{"method":"ping"}\n');
  const refusal = await guesser.reply();
  assert.ok(performance.now() - askedMs >= 0.9 * FIRST_AUTH_DELAY_MS, "guessing takes time");
  assert.equal(refusal["type"], "AuthError");
  assert.doesNotMatch(JSON.stringify(refusal), /test-a4|correct/);
  assert.equal(await guesser.line(), undefined);
});

Deno.test("a stopping server answers what it has taken", async () => {
  const server = startServer();
  using busy = await RawClient.connect(server.port);
  using idle = await RawClient.connect(server.port);
  await idle.send('{"method":"ping"}\n');
  await idle.line();
  await busy.send(`{"method":"insert","key":"k","value":1}\n`);
  await busy.line();
  const stopping = server.server.stop();
  assert.equal(await idle.line(), undefined);
  assert.equal(await busy.line(), undefined);
  await stopping;
  await assert.rejects(RawClient.connect(server.port));
});

Deno.test("info fits in the shortest replies, and lists the slowest requests as far as there is room", async () => {
  await using small = startServer({ maxReplyBytes: 4_000 });
  await using usual = startServer();
  const slowestOf = async (port: number) => {
    using client = await RawClient.connect(port);
    const regex = "\u0001".repeat(100); // six times as long in JSON
    for (let scan = 0; scan < 30; scan++) {
      await client.send(JSON.stringify({ method: "scan", regex: `${regex}${scan}` }) + "\n");
      assert.equal((await client.reply())["status"], "OK");
    }
    await client.send(INFO);
    const { result } = await client.reply() as { result: { slowest: Record<string, unknown>[] } };
    return result.slowest;
  };
  const all = await slowestOf(usual.port);
  assert.equal(all.length, 16);
  assert.ok(all.every(({ method, client }) => method === "scan" && client === 1));
  assert.ok((await slowestOf(small.port)).length < 16);
});
