/** Proves the methods of the client library, with a server in this process. */
import assert from "assert";
import * as ht from "../../client.ts";
import { connect } from "./connect.ts";
import { FakeServer } from "./fake_server.ts";
import { startServer } from "../helpers/server.ts";

Deno.test("every method has a typed form", async () => {
  await using server = startServer();
  await using client = await connect(server.target);
  await client.insert("zebra", { weight: 100, name: "fred" });
  await client.insert("ant", [1, 2, 3]);
  assert.deepEqual(await client.lookup("zebra"), { weight: 100, name: "fred" });
  assert.deepEqual(await client.scan("^z"), [["zebra", { weight: 100, name: "fred" }]]);
  assert.deepEqual(await client.query("name", "fred"), [["zebra", { weight: 100, name: "fred" }]]);
  assert.equal(await client.size(), 2);
  assert.equal((await client.info())["project"], "test-a4");
  await client.ping();
  assert.deepEqual(await client.remove("ant"), [1, 2, 3]);
  assert.equal(ht.addressText(client.address), server.target);
});

Deno.test("the text of a value comes back byte for byte (I8)", async () => {
  await using server = startServer();
  await using client = await connect(server.target);
  const text = '{"b":12345678901234567890,"a":1.0,"a":[1e400,-0,"\\ud800\\u0061"]}';
  await client.insertText("odd", text);
  assert.equal(await client.lookupText("odd"), text);
  assert.deepEqual(await client.scanText("odd"), [["odd", text]]);
  await client.insertText("lines", " [1,\r\n 2] ");
  assert.equal(await client.removeText("lines"), "[1,   2]");
  await assert.rejects(client.insertText("bad", "[1,"), TypeError);
  await assert.rejects(client.insert("bad", undefined), TypeError);
  assert.equal(await client.size(), 1);
});

Deno.test("text with more than one JSON value is rejected, and replies stay with their calls", async () => {
  await using server = startServer();
  await using client = await connect(server.target);
  await client.insert("k", { a: 1 });
  const found = client.queryText("a", "\n1\n");
  const looked = client.lookupText("k");
  for (const text of ['1,"method":"remove","key":"k"', '1}\n{"method":"remove","key":"k"', ""]) {
    await assert.rejects(client.queryText("a", text), TypeError);
    await assert.rejects(client.insertText("a", text), TypeError);
  }
  assert.deepEqual(await found, [["k", '{"a":1}']]);
  assert.equal(await looked, '{"a":1}');
  assert.equal(await client.size(), 1);
});

Deno.test("each type of failure has a class of its own", async () => {
  await using server = startServer({
    maxTableBytes: 100_000,
    maxRequestBytes: 50_000,
    maxReplyBytes: 4_000,
  });
  await using client = await connect(server.target);
  await assert.rejects(client.lookup("none"), ht.KeyError);
  await assert.rejects(client.remove("none"), { name: "KeyError", code: "KeyError" });
  await assert.rejects(client.scan("("), ht.ValueError);
  await assert.rejects(client.insert("big", "x".repeat(60_000)), ht.TooLargeError);
  await client.insert("big", "x".repeat(40_000));
  await assert.rejects(client.lookup("big"), ht.TooLargeError);
  await client.insert("big2", "x".repeat(40_000));
  await assert.rejects(client.insert("big3", "x".repeat(40_000)), ht.TableFullError);
  assert.equal(await client.size(), 2);
});

Deno.test("requests of one client are executed in the order of the calls", async () => {
  await using server = startServer();
  await using client = await connect(server.target);
  const lookups: Promise<unknown>[] = [];
  for (let at = 0; at < 500; at++) {
    void client.insert("k", at);
    lookups.push(client.lookup("k"));
  }
  assert.deepEqual(await Promise.all(lookups), lookups.map((_, at) => at));
});

Deno.test("a scan in parts lists every key once", async () => {
  await using server = startServer();
  await using client = await connect(server.target);
  const keys = Array.from({ length: 2_500 }, (_, at) => `key ${at}`);
  await Promise.all(keys.map((key) => client.insert(key, key)));
  const seen: string[] = [];
  for await (const [key, value] of client.scanAll("^key", 100)) {
    assert.equal(JSON.parse(value), key);
    seen.push(key);
  }
  assert.deepEqual(seen.sort(), keys.sort());
});

Deno.test("the address of a recent connection is tried first, and only once", async () => {
  const catalogs = [{ hostname: "127.0.0.1", port: 1 }];
  const options = { catalogs, localCatalogPort: null, timeoutMs: 300 };
  const first = startServer();
  const at = { hostname: "127.0.0.1", port: first.port };
  await using client = await connect("test-a4", { ...options, at });
  await client.insert("k", 1);
  assert.equal(client.connections, 1);
  // The server there has another name, so the client looks in the catalogs.
  await assert.rejects(
    ht.HtClient.connect("other-a4", { ...options, at }),
    { name: "ServerNotFoundError", message: /other-a4/ },
  );
  await first.server.stop();
  await using _second = startServer({ port: first.port });
  await assert.rejects(client.lookup("k"), { name: "ServerNotFoundError", message: /test-a4/ });
});

/** The requests that a server received after `hello`. */
const requestsTo = ({ lines }: FakeServer) => lines.filter((line) => !line.includes('"hello"'));

Deno.test("a server that closes the connection at every request gets it again, with pauses", async () => {
  await using server = new FakeServer({ reply: ({ hangUp }) => void hangUp() });
  await using client = await connect(server.target, { timeoutMs: 600 });
  await assert.rejects(client.lookup("k"), ht.ConnectionLostError);
  const count = requestsTo(server).length;
  assert.ok(count >= 2 && count < 10, `${count} requests`);
});

Deno.test("a server whose reply is not of the protocol gets no further request", async () => {
  await using server = new FakeServer({ reply: () => "what?" });
  await using client = await connect(server.target);
  await assert.rejects(client.lookup("k"), { code: "ConnectionLost", message: /protocol/ });
  assert.equal(requestsTo(server).length, 1);
});

Deno.test("a peer of another protocol is not a server", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const conn of listener) {
      await conn.write(new TextEncoder().encode("220 mail.example.org ready\r\n"));
      conn.close();
    }
  })();
  await assert.rejects(
    ht.HtClient.connect(`127.0.0.1:${listener.addr.port}`, { timeoutMs: 300 }),
    ht.ServerNotFoundError,
  );
  listener.close();
  await serving;
});

Deno.test("a server with a token accepts only clients that send it", async () => {
  await using server = startServer({}, "correct horse");
  await assert.rejects(ht.HtClient.connect(server.target), ht.AuthError);
  await assert.rejects(ht.HtClient.connect(server.target, { token: "guess" }), ht.AuthError);
  await using client = await connect(server.target, { token: "correct horse" });
  assert.equal(await client.size(), 0);
});

Deno.test("a client that is closed rejects requests", async () => {
  await using server = startServer();
  await using client = await connect(server.target);
  const last = assert.rejects(client.ping(), ht.ConnectionLostError);
  await client.close();
  await last;
  await assert.rejects(client.ping(), ht.ConnectionLostError);
});
