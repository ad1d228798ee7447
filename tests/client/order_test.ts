/** Proves that the requests of one client keep their order when its connections break. */
import assert from "assert";
import * as ht from "../../client.ts";
import { sleep } from "../../lib/base/clock.ts";
import { connect } from "./connect.ts";
import { FakeServer, OK_NULL } from "./fake_server.ts";
import { isLong } from "../helpers/long.ts";
import { randomFrom, seedFor } from "../../bench/harness/random.ts";
import { memoryStorage } from "../../lib/storage/storage.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { startServer } from "../helpers/server.ts";
import { TcpProxy } from "./tcp_proxy.ts";

const ROUNDS = isLong ? 1_000 : 60;

Deno.test("fault: calls change places after a cut: the later insert wins", async () => {
  const random = randomFrom(seedFor("order"));
  await using server = startServer();
  await using proxy = new TcpProxy(server.port);
  await using client = await connect(proxy.target);
  for (let round = 0; round < ROUNDS; round++) {
    const key = `k${round}`;
    await client.ping(); // the client has reconnected
    // The reply to the first insert never comes, so it is in flight at the cut.
    proxy.mute();
    const first = client.insert(key, 1);
    if (random.below(2) === 0) await sleep(random.below(3));
    proxy.breakAll();
    const pauseMs = random.below(6);
    if (pauseMs > 0) await sleep(pauseMs);
    const second = client.insert(key, 2);
    await Promise.all([first, second]);
    assert.equal(await client.lookup(key), 2, `round ${round}, a pause of ${pauseMs} ms`);
  }
  assert.ok(client.connections > ROUNDS / 2, "connections were cut");
});

Deno.test("fault: calls change places after a cut: any calls, with any cuts", async () => {
  const random = randomFrom(seedFor("order of any calls"));
  await using server = startServer();
  for (let round = 0; round < (isLong ? 200 : 4); round++) {
    let cutAt = 1 + random.below(20), cutsLeft = 3;
    await using proxy = new TcpProxy(server.port, {
      onRequests(count) {
        if (count < cutAt || cutsLeft-- <= 0) return;
        cutAt = count + 1 + random.below(20);
        if (random.below(2) === 0) proxy.mute();
        queueMicrotask(() => proxy.breakAll());
      },
    });
    await using client = await connect(proxy.target);
    const calls: { readonly key: string; readonly outcome: Promise<Outcome> }[] = [];
    for (let number = 0; number < 60; number++) {
      const key = `r${round} k${random.below(4)}`;
      const call = random.below(4) > 0
        ? client.insert(key, number).then(() => number)
        : client.remove(key).then(() => undefined, removeOutcome);
      calls.push({ key, outcome: call });
      if (random.below(3) === 0) await sleep(random.below(3));
    }
    /** The possible values of each key, by the calls in their order. */
    const model = new Map<string, Set<unknown>>();
    for (const { key, outcome } of calls) {
      const now = await outcome;
      if (now === "unknown") model.get(key)?.add(undefined);
      else if (now !== "not sent") model.set(key, new Set([now]));
    }
    await client.close();
    await using reader = await connect(server.target);
    for (const [key, allowed] of model) {
      const value = await reader.lookup(key).catch((error) => {
        assert.ok(error instanceof ht.KeyError);
      });
      assert.ok(allowed.has(value), `${key}: ${value} is none of ${[...allowed]}`);
    }
  }
});

/** The value of a key after a call; undefined if the key is missing. */
type Outcome = number | undefined | "unknown" | "not sent";

function removeOutcome(error: unknown): Outcome {
  if (error instanceof ht.KeyError) return undefined;
  assert.ok(error instanceof ht.ConnectionLostError, String(error));
  return error.maybeExecuted ? "unknown" : "not sent";
}

Deno.test("calls made while the server is stopped are sent in their order when it is back", async () => {
  const data = { table: new HashTable(), storage: memoryStorage() };
  const first = startServer({}, undefined, data);
  const { port } = first;
  await using client = await connect(first.target);
  await client.insert("k", 0);
  await first.server.stop();
  const calls = Array.from({ length: 50 }, (_, at) => client.insert("k", at));
  await using _second = startServer({ port }, undefined, data);
  await Promise.all([...calls, client.insert("k", "last")]);
  assert.equal(await client.lookup("k"), "last");
  assert.equal(client.connections, 2);
});

Deno.test("a call that may not be retried fails, and those around it keep their order", async () => {
  let isFirst = true;
  const lines: string[] = [];
  await using server = new FakeServer({
    reply({ text, key, hangUp }) {
      if (isFirst && key !== "last") return undefined;
      if (isFirst) {
        isFirst = false;
        hangUp();
        return undefined;
      }
      lines.push(text);
      return OK_NULL;
    },
  });
  await using client = await connect(server.target);
  const before = client.insert("k", 1);
  const removed = assert.rejects(client.remove("k"), {
    name: "ConnectionLostError",
    maybeExecuted: true,
  });
  const part = assert.rejects(
    client.request({ method: "scan", regex: "", limit: 1, cursor: "c1" }),
    { name: "ConnectionLostError", maybeExecuted: true },
  );
  const unknownMethod = assert.rejects(
    client.request({ method: "append", key: "k" } as unknown as ht.RequestMembers),
    { name: "ConnectionLostError", maybeExecuted: true },
  );
  const after = client.insert("last", 2);
  await Promise.all([before, removed, part, unknownMethod, after]);
  assert.deepEqual(lines.map((text) => JSON.parse(text).key), ["k", "last"]);
});

Deno.test("a scan in parts fails if its cursor's connection is lost", async () => {
  await using server = startServer();
  await using proxy = new TcpProxy(server.port);
  await using client = await connect(proxy.target);
  await Promise.all(Array.from({ length: 30 }, (_, at) => client.insert(`k${at}`, at)));
  const scan = client.scanAll("^k", 10);
  for (let pair = 0; pair < 10; pair++) await scan.next();
  proxy.breakAll();
  await client.ping();
  // The new connection gets a cursor of the same name, at another position of the scan.
  await client.request({ method: "scan", regex: "^k", limit: 20 });
  await assert.rejects(async () => {
    for await (const _ of scan);
  }, { name: "ConnectionLostError", message: /cursor/ });
});

Deno.test("close() during a reconnect ends all calls, and reports which may have been executed", async () => {
  const server = new FakeServer({ reply: () => undefined });
  await using client = await connect(server.target);
  const inFlight = client.insert("k", 1);
  while (server.lines.length < 2) await sleep(1);
  await server[Symbol.asyncDispose]();
  const waiting = client.insert("k", 2);
  const [first, second] = await Promise.all([
    ...[inFlight, waiting].map((call) => call.then(() => undefined, (error) => error)),
    client.close(),
  ]);
  assert.ok(first instanceof ht.ConnectionLostError && first.maybeExecuted);
  assert.ok(second instanceof ht.ConnectionLostError);
  await assert.rejects(client.ping(), { message: "This client is closed" });
});

Deno.test("a server that needs a token when it is back ends all waiting calls at once", async () => {
  const first = new FakeServer({ reply: () => undefined });
  await using client = await connect(first.target);
  const inFlight = client.insert("k", 1);
  while (first.lines.length < 2) await sleep(1);
  await first[Symbol.asyncDispose]();
  await using _second = startServer({ port: first.port }, "correct horse");
  const error = await inFlight.catch((error) => error);
  assert.ok(error instanceof ht.ConnectionLostError && error.maybeExecuted, String(error));
  assert.match(error.message, /token/);
  await assert.rejects(client.insert("k", 2), ht.AuthError);
});

Deno.test("a server that is full when it is back ends all waiting calls, and the next call may succeed", async () => {
  const data = { table: new HashTable(), storage: memoryStorage() };
  const first = startServer({}, undefined, data);
  await using client = await connect(first.target);
  await first.server.stop();
  await using _second = startServer({ port: first.port, maxClients: 1 }, undefined, data);
  await using other = await connect(first.target);
  const calls = await Promise.allSettled([client.insert("k", 1), client.insert("k", 2)]);
  // The server's last reply was for the first call; the second one was in flight behind it.
  for (const call of calls) {
    assert.ok(call.status === "rejected", call.status);
    assert.match(call.reason.message, /at most 1 clients/);
  }
  await other.close();
  // The server accepts another client as soon as it has noticed the close.
  for (let isServed = false; !isServed;) {
    isServed = await client.insert("k", 3).then(() => true, (error) => {
      if (!(error instanceof ht.BusyError)) throw error;
      return false;
    });
  }
  assert.equal(await client.lookup("k"), 3);
});
