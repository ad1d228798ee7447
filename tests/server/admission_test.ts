/** Proves which connections a whole server admits: its limits, its `Busy` replies, the reserved connection. */
import assert from "assert";
import { once } from "node:events";
import { connect } from "node:net";
import { ADMIN_IDLE_MS, FIRST_AUTH_DELAY_MS } from "../../lib/base/limits.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { eventLoop } from "../engine/command_context.ts";
import { startServer } from "../helpers/server.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";

const PING = '{"method":"ping"}\n';
const INFO = '{"method":"info"}\n';

/** Connects clients one after another; each is served before the next one connects. */
async function connectClients(port: number, count: number): Promise<Clients> {
  const clients = new Clients();
  for (let number = 0; number < count; number++) {
    const client = await RawClient.connect(port);
    await client.send(PING);
    assert.equal((await client.reply())["result"], "pong");
    clients.push(client);
  }
  return clients;
}

/** Clients that the end of the test closes. */
class Clients extends Array<RawClient> implements Disposable {
  [Symbol.dispose](): void {
    for (const client of this) client[Symbol.dispose]();
  }
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test(`admission: ${name}`, fn);
}

test("a client beyond the limit gets Busy, and the next one is served after another one has left", async () => {
  await using server = startServer({ maxClients: 2 });
  using clients = await connectClients(server.port, 2);
  const [first] = clients;
  assert.ok(first);
  using third = await RawClient.connect(server.port);
  assert.equal((await third.reply())["type"], "Busy");
  assert.equal(await third.line(), undefined);
  first.conn.close();
  while (server.server.clients > 1) await eventLoop();
  using _fourth = await connectClients(server.port, 1);
});

test("a full server replies to info from its own machine while other clients try to connect", async () => {
  await using server = startServer({ maxClients: 3 });
  using all = new DisposableStack();
  all.use(await connectClients(server.port, 3));
  const silent: RawClient[] = [];
  for (let round = 0; round < 5; round++) {
    for (let number = 0; number < 3; number++) {
      silent.push(all.use(await RawClient.connect(server.port)));
    }
    using operator = await RawClient.connect(server.port);
    await operator.send(INFO);
    const { result } = await operator.reply() as { result: { clients: number } };
    assert.ok(result.clients > 3, `${result.clients} clients`);
  }
  for (const client of silent) {
    assert.equal((await client.reply())["type"], "Busy");
    assert.equal(await client.line(), undefined);
  }
});

test("the reserved connection is replaced once it is idle, and not before", async () => {
  using clock = stoppedClock();
  await using server = startServer({ maxClients: 1 });
  using _served = await connectClients(server.port, 1);
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

test("the reserved connection allows hello and info only", async () => {
  await using server = startServer({ maxClients: 1 });
  const served = await connectClients(server.port, 1);
  using operator = await RawClient.connect(server.port);
  await operator.send('{"method":"hello"}\n{"method":"insert","key":"k","value":1}\n');
  assert.equal((await operator.reply())["status"], "OK");
  assert.equal((await operator.reply())["type"], "Busy");
  assert.equal(await operator.line(), undefined);
  assert.equal(server.server.size, 0);
  served[Symbol.dispose]();
  while (server.server.clients > 0) await eventLoop();
  using _next = await connectClients(server.port, 1);
});

test("a client beyond the limit of its address gets Busy, and other addresses are served", async () => {
  await using server = startServer({ maxClientsPerAddress: 2 });
  using _served = await connectClients(server.port, 2);
  using third = await RawClient.connect(server.port);
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

test("an address that connects too often gets Busy, and its open connections stay", async () => {
  await using server = startServer({ maxConnectsPerSecond: 1 });
  using steady = await RawClient.connect(server.port);
  const types = new Set<unknown>();
  for (let number = 0; number < 30; number++) {
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

test("a wrong token gets a late AuthError that quotes no secret, and closes the connection", async () => {
  await using server = startServer({}, "correct horse");
  using client = await RawClient.connect(server.port);
  const sentMs = performance.now();
  await client.send('{"method":"hello","token":"guess"}\n{"method":"ping"}\n');
  const reply = await client.reply();
  assert.ok(performance.now() - sentMs >= 0.9 * FIRST_AUTH_DELAY_MS, "the reply is delayed");
  assert.equal(reply["type"], "AuthError");
  assert.doesNotMatch(JSON.stringify(reply), /test-a4|correct/);
  assert.equal(await client.line(), undefined);
});
