/** Proves that each call ends at its limit with the right error, for any behavior of the peer. */
import assert from "assert";
import * as ht from "../../client.ts";
import { settlesWithin, sleep } from "../../lib/base/clock.ts";
import { testWithCertificates } from "../helpers/certificates.ts";
import { connect } from "./connect.ts";
import { FakeServer, OK_NULL } from "./fake_server.ts";
import { measured } from "../table/heap.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { startServer } from "../helpers/server.ts";
import { TcpProxy } from "./tcp_proxy.ts";

/** Limit of the calls here, in milliseconds. */
const LIMIT_MS = 600;

/** Maximum time of a call on a busy machine, in milliseconds. Without a limit, it takes 30 s or more. */
const PATIENCE_MS = 20_000;

const OPTIONS = { timeoutMs: LIMIT_MS, localCatalogPort: null };

/** Returns the error of a call that must end at its limit. */
async function errorOf(call: () => Promise<unknown>, what: string): Promise<unknown> {
  const startedMs = performance.now();
  const error = call().then(() => assert.fail(`${what}: it succeeded`), (error) => error);
  assert.ok(await settlesWithin(error, PATIENCE_MS), `${what}: it did not end`);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 0.9 * LIMIT_MS, `${what}: it ended after ${tookMs} ms already`);
  return await error;
}

/** A listener with a full backlog that accepts nothing: further connects get no reply. */
async function fullListener() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  const connections: Deno.Conn[] = [];
  for (;;) {
    const aborting = new AbortController();
    const connecting = Deno.connect({ hostname: "127.0.0.1", port, signal: aborting.signal });
    const isIn = await settlesWithin(connecting, 100).catch(() => false);
    aborting.abort();
    await connecting.then((connection) => connections.push(connection), () => {});
    if (!isIn) break;
  }
  return {
    target: `127.0.0.1:${port}`,
    [Symbol.dispose]() {
      for (const connection of connections) connection.close();
      listener.close();
    },
  };
}

Deno.test("fault: `timeoutMs` is not a limit: connect", async (context) => {
  const isNotFound = (error: unknown, words: RegExp) => {
    assert.ok(error instanceof ht.ServerNotFoundError, String(error));
    assert.match(error.message, words);
    assert.equal(error.maybeExecuted, false);
  };
  await context.step("refuses", async () => {
    const call = () => ht.HtClient.connect("127.0.0.1:1", OPTIONS);
    isNotFound(await errorOf(call, "refuses"), /refused/);
  });
  await context.step("accepts and is silent", async () => {
    await using silent = new FakeServer({ hello: () => undefined });
    const error = await errorOf(() => ht.HtClient.connect(silent.target, OPTIONS), "silent");
    isNotFound(error, /accepts, but does not answer/);
  });
  await context.step("connect() gets no answer", async () => {
    using full = await fullListener();
    isNotFound(await errorOf(() => ht.HtClient.connect(full.target, OPTIONS), "full"), /no answer/);
  });
  await context.step("the catalogs are silent", async () => {
    using full = await fullListener();
    await using silent = new FakeServer();
    const catalogs = [full, silent].map(({ target }) => ht.parseAddress(target))
      .filter((address) => address !== undefined);
    const call = () => ht.HtClient.connect("none-a4", { ...OPTIONS, catalogs });
    isNotFound(await errorOf(call, "catalogs"), /none-a4/);
  });
});

testWithCertificates(
  "fault: `timeoutMs` is not a limit: a TLS handshake that hangs",
  async (certificates) => {
    const { cert } = await certificates.selfSigned(["IP:127.0.0.1"]);
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const target = `127.0.0.1:${listener.addr.port}`;
    const error = await errorOf(() => ht.HtClient.connect(target, { ...OPTIONS, ca: cert }), "TLS");
    assert.ok(error instanceof ht.ServerNotFoundError, String(error));
    assert.match(error.message, /does not complete the handshake/);
  },
);

Deno.test("fault: `timeoutMs` is not a limit: a black hole", async () => {
  await using server = startServer();
  await using proxy = new TcpProxy(server.port);
  await using client = await connect(proxy.target, OPTIONS);
  proxy.mute();
  const call = () => client.insert("k", 1);
  const error = await errorOf(call, "black hole");
  assert.ok(error instanceof ht.ConnectionLostError && error.maybeExecuted, String(error));
  assert.match(error.message, /silent: no reply for 0.6 s/);
  assert.ok(ht.isServerGone(error));
  // The server counts as lost: the next call makes another connection.
  proxy.breakAll();
  assert.equal(await client.lookup("k"), 1);
  assert.equal(client.connections, 2);
});

Deno.test("fault: `timeoutMs` is not a limit: bytes that come slowly", async () => {
  let isSlow = true;
  await using server = new FakeServer({
    async reply({ send }) {
      if (!isSlow) return OK_NULL;
      for (const byte of `{"status":"OK",${" ".repeat(1_000)}"result":null}`) {
        await send(byte);
        await sleep(LIMIT_MS / 10);
      }
      return "";
    },
  });
  await using client = await connect(server.target, OPTIONS);
  const error = await errorOf(() => client.insert("k", 1), "slow bytes");
  assert.ok(error instanceof ht.ConnectionLostError && error.maybeExecuted, String(error));
  isSlow = false;
  await client.insert("k", 2);
});

Deno.test("fault: `timeoutMs` is not a limit: a server that is lost while calls wait", async () => {
  const server = new FakeServer({ reply: () => undefined });
  await using client = await connect(server.target, OPTIONS);
  const sent = errorOf(() => client.insert("k", 1), "sent");
  while (server.lines.length < 2) await sleep(1);
  await server[Symbol.asyncDispose]();
  const waiting = errorOf(() => client.insert("k", 2), "not sent");
  const [first, second] = await Promise.all([sent, waiting]);
  assert.ok(first instanceof ht.ServerNotFoundError && first.maybeExecuted, String(first));
  assert.ok(second instanceof ht.ServerNotFoundError, String(second));
  const third = await errorOf(() => client.insert("k", 3), "after the first search");
  assert.ok(third instanceof ht.ServerNotFoundError && !third.maybeExecuted, String(third));
});

Deno.test("a reply that comes after its call ended is dropped, and the others go to their calls", async () => {
  const released = Promise.withResolvers<void>();
  await using server = new FakeServer({
    async reply({ key }) {
      if (key === "late") await released.promise;
      return `{"status":"OK","result":"${key}"}`;
    },
  });
  await using client = await connect(server.target, OPTIONS);
  const first = client.lookup("first");
  const late = errorOf(() => client.lookup("late"), "late");
  assert.equal(await first, "first");
  const error = await late;
  // Another reply came since it was sent: the server is alive, and the connection stays.
  assert.ok(error instanceof ht.TimeoutError && error.maybeExecuted, String(error));
  assert.ok(!ht.isServerGone(error));
  const next = client.lookup("next");
  released.resolve();
  assert.equal(await next, "next");
  assert.equal(client.connections, 1);
});

Deno.test("calls that ended at their limit take no memory while their replies are pending", async () => {
  const bytes = await measured(
    `import { HtClient } from "lib/client/client.ts";`,
    `const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const ok = (result) => new TextEncoder().encode('{"status":"OK","result":' + result + '}\\n');
    void (async () => {
      const connection = await listener.accept();
      const buffer = new Uint8Array(65_536);
      await connection.read(buffer);
      await connection.write(ok("{}"));
      // Far too slow, but never silent.
      setInterval(() => void connection.write(ok("null")), 10);
      while (await connection.read(buffer) !== null);
    })();
    const timeoutMs = ${LIMIT_MS};
    const client = await HtClient.connect("127.0.0.1:" + listener.addr.port, { timeoutMs });
    await Promise.allSettled(Array.from({ length: 100 }, (_, at) => client.insert("k", String(at).repeat(100_000))));
    console.log(heapGrown());
    Deno.exit();`,
  );
  assert.ok(bytes < 5_000_000, `${bytes} bytes are held for calls of 20,000,000`);
});

Deno.test("a call that ended before the connection took it is not sent, and is not `maybeExecuted`", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = connect(`127.0.0.1:${listener.addr.port}`, { timeoutMs: 1_500 });
  using peer = new RawClient(await listener.accept());
  await peer.line();
  await peer.send('{"status":"OK","result":{}}\n');
  await using client = await connecting;
  // Far more than the system buffers for a peer that does not read. This peer is slow, not silent.
  const value = "x".repeat(500_000);
  const calls = Array.from({ length: 100 }, (_, at) => client.insert(`k${at}`, value));
  await peer.send(`${OK_NULL}\n`);
  const [first, ...others] = await Promise.allSettled(calls);
  assert.equal(first?.status, "fulfilled");
  let unsent = 0;
  for (const call of others) {
    assert.ok(call.status === "rejected" && call.reason instanceof ht.TimeoutError, call.status);
    if (!call.reason.maybeExecuted) unsent++;
  }
  assert.ok(unsent > 50, `${unsent} were not sent`);
  // The server executes the calls that were sent. The next call gets its own reply.
  const next = client.lookup("next");
  for (let at = 0; at < calls.length - unsent; at++) {
    assert.equal(JSON.parse(await peer.line() ?? "").key, `k${at}`);
    if (at > 0) await peer.send(`${OK_NULL}\n`);
  }
  assert.equal(await peer.line(), '{"method":"lookup","key":"next"}');
  await peer.send('{"status":"OK","result":"mine"}\n');
  assert.equal(await next, "mine");
  assert.equal(client.connections, 1);
});

Deno.test("a limit that is not above 0 is rejected", async () => {
  for (const timeoutMs of [0, -1, NaN]) {
    await assert.rejects(ht.HtClient.connect("127.0.0.1:1", { timeoutMs }), TypeError);
  }
});
