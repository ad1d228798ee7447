/** Proves that a client never changes to another table by itself, for any servers of its name. */
import assert from "assert";
import * as ht from "../../client.ts";
import { connect } from "./connect.ts";
import { FakeServer, OK_NULL } from "./fake_server.ts";
import { NameCatalog } from "./listing_catalog.ts";

const NAME = "twin-a4";

/** A server with a table, whose values are its instance. */
function tableServer(hello: Record<string, unknown>, port?: number): FakeServer {
  const server: FakeServer = new FakeServer({
    ...(port !== undefined && { port }),
    hello: () => ({ instance: server.instance, project: NAME, ...hello }),
    reply: ({ method }) =>
      method === "lookup" ? `{"status":"OK","result":"${server.instance}"}` : OK_NULL,
  });
  return server;
}

Deno.test("fault: two servers of one name: every client uses the one that has run longest", async () => {
  await using young = tableServer({ table: "new", seq: 9, uptime_s: 3 });
  await using old = tableServer({ table: "old", seq: 1, uptime_s: 500 });
  await using catalog = new NameCatalog(NAME);
  for (const order of [[young, old], [old, young]]) {
    for (let round = 0; round < 4; round++) {
      catalog.list(...order);
      await using client = await catalog.connect();
      assert.equal(await client.lookup("k"), old.instance);
      assert.equal(client.table?.table, "old");
    }
  }
  assert.equal(catalog.warnings.length, 8);
  for (const warning of catalog.warnings) {
    assert.match(warning, /^Two live servers are named 'twin-a4': using .*run longer/);
    assert.ok(warning.includes(young.target) && warning.includes(old.target), warning);
  }
});

Deno.test("fault: two servers of one name: one that takes over comes first", async () => {
  await using old = tableServer({ table: "old", uptime_s: 500 });
  await using next = tableServer({ table: "next", uptime_s: 1, takeover: true });
  await using catalog = new NameCatalog(NAME, old, next);
  await using client = await catalog.connect();
  assert.equal(await client.lookup("k"), next.instance);
  assert.match(catalog.warnings.join(), /--takeover/);
});

Deno.test("fault: two servers of one name: a failover to another table is an error", async () => {
  const first = tableServer({ table: "first", seq: 4, uptime_s: 500 });
  await using second = tableServer({ table: "second", seq: 400, uptime_s: 5 });
  await using catalog = new NameCatalog(NAME, first, second);
  await using client = await catalog.connect();
  await client.insert("k", 1);
  await first[Symbol.asyncDispose]();
  catalog.list(second);
  await assert.rejects(client.insert("k", 2), (error) => {
    assert.ok(error instanceof ht.DifferentTableError, String(error));
    assert.ok(error.message.includes(second.target), error.message);
    assert.ok(ht.isServerGone(error));
    return true;
  });
  assert.ok(second.lines.every((line) => line.includes("hello")), "nothing else was sent to it");
  // The user accepts it.
  client.forgetTable();
  assert.equal(await client.lookup("k"), second.instance);
  await using other = await catalog.connect({ acceptOtherTable: true, table: client.table });
  assert.equal(await other.lookup("k"), second.instance);
});

Deno.test("fault: two servers of one name: an option accepts any table", async () => {
  const first = tableServer({ table: "first", uptime_s: 500 });
  await using second = tableServer({ table: "second", uptime_s: 5 });
  await using catalog = new NameCatalog(NAME, first, second);
  await using client = await catalog.connect({ acceptOtherTable: true });
  assert.equal(await client.lookup("k"), first.instance);
  await first[Symbol.asyncDispose]();
  assert.equal(await client.lookup("k"), second.instance);
});

Deno.test("a client returns to its table, and not to the server that has run longer", async () => {
  const first = tableServer({ table: "mine", seq: 4, uptime_s: 500 });
  await using second = tableServer({ table: "second", seq: 400, uptime_s: 90 });
  await using catalog = new NameCatalog(NAME, first, second);
  await using client = await catalog.connect();
  await first[Symbol.asyncDispose]();
  await using again = tableServer({ table: "mine", seq: 5, uptime_s: 0 });
  catalog.list(second, again);
  assert.equal(await client.lookup("k"), again.instance);
});

Deno.test("an older state of the table is an error, by name and by address", async () => {
  for (const isByName of [true, false]) {
    const first = tableServer({ table: "t", seq: 7 });
    const { port } = first;
    await using catalog = new NameCatalog(NAME, first);
    await using client = isByName
      ? await catalog.connect()
      : await connect(first.target, { timeoutMs: 20_000 });
    await first[Symbol.asyncDispose]();
    await using restored = tableServer({ table: "t", seq: 6 }, port);
    catalog.list(restored);
    await assert.rejects(client.lookup("k"), { name: "DifferentTableError", message: /older/ });
  }
});

Deno.test("servers of one shared table are used one after the other, without a warning", async () => {
  const shared = { table: "t", features: ["shared"] };
  const first = tableServer({ ...shared, seq: 70, uptime_s: 500 });
  await using second = tableServer({ ...shared, seq: 60, uptime_s: 5 });
  await using catalog = new NameCatalog(NAME, first, second);
  await using client = await catalog.connect();
  await client.insert("k", 1);
  await first[Symbol.asyncDispose]();
  assert.equal(await client.lookup("k"), second.instance);
  assert.deepEqual(catalog.warnings, []);
});

Deno.test("a server that is reached by two addresses is one", async () => {
  await using server = tableServer({ table: "t" });
  await using catalog = new NameCatalog(NAME);
  // The record has no instance, as one of a server of an older version.
  catalog.records = [{ project: NAME, port: server.port, addresses: ["localhost"] }];
  await using client = await catalog.connect();
  assert.equal(await client.lookup("k"), server.instance);
  assert.deepEqual(catalog.warnings, []);
});

Deno.test("servers of older versions send no table, and are used as before", async () => {
  const first = tableServer({});
  const { port } = first;
  await using client = await connect(first.target, { timeoutMs: 20_000 });
  assert.equal(client.table, undefined);
  await first[Symbol.asyncDispose]();
  await using second = tableServer({}, port);
  assert.equal(await client.lookup("k"), second.instance);
});
