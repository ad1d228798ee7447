/** Proves that clients spread over the servers of one shared table, and go on when theirs ends. */
import assert from "assert";
import { SharedServers, SharedTable } from "./shared_servers.ts";
import { FakeServer } from "./fake_server.ts";

const NAME = "shared-a4";

Deno.test("shared: clients spread evenly over the live servers of a table", async () => {
  // The dead one is refused, the silent one accepts; one live server replies later than the others.
  await using servers: SharedServers = new SharedServers(NAME, 3, {
    isSilent: ({ port }) => port === servers.servers[0]?.port,
  });
  const dead = servers.table.serve(NAME);
  await dead[Symbol.asyncDispose]();
  servers.catalog.list(dead, ...servers.servers);
  const [, ...live] = servers.servers;
  const used = new Map(live.map(({ port }) => [port, 0]));
  const clients = 80;
  await Promise.all(Array.from({ length: clients }, async () => {
    await using client = await servers.catalog.connect();
    const { port } = client.address;
    used.set(port, (used.get(port) ?? 0) + 1);
    assert.deepEqual(
      client.servers.map(({ port }) => port).toSorted(),
      live.map(({ port }) => port).toSorted(),
    );
  }));
  assert.equal(used.size, 2, "only live servers are used");
  // Ten in a million for fewer than 20 of 80.
  for (const count of used.values()) assert.ok(count >= 20, `${[...used.values()]}`);
  assert.deepEqual(servers.catalog.warnings, []);
});

Deno.test("shared: a client goes on with another server at once, without a catalog", async () => {
  await using servers = new SharedServers(NAME, 3);
  const { catalog } = servers;
  await using client = await catalog.connect();
  const queries = catalog.queries;
  for (let left = 3; left > 1; left--) {
    await client.insert("k", left);
    const used = servers.at(client.address);
    await used[Symbol.asyncDispose]();
    assert.equal(await client.lookup("k"), left);
    assert.notEqual(client.address.port, used.port);
  }
  assert.equal(catalog.queries, queries);
  assert.deepEqual(catalog.warnings, []);
});

Deno.test("shared: calls in flight are sent again to another server; a remove is not", async () => {
  const broken = new Set<FakeServer>();
  await using servers = new SharedServers(NAME, 2, {
    beforeReply: ({ hangUp, method }, server) => {
      if (broken.size > 0 || method === "lookup") return;
      broken.add(server);
      hangUp();
      return "drop";
    },
  });
  await using client = await servers.catalog.connect();
  await client.insert("k", 1);
  assert.equal(client.connections, 2);
  assert.ok(!broken.has(servers.at(client.address)));
  broken.clear();
  await assert.rejects(client.remove("k"), { name: "ConnectionLostError", maybeExecuted: true });
  await assert.rejects(client.lookup("k"), { name: "KeyError" }, "it was executed");
});

Deno.test("shared: the address of the last server comes last, also if it is silent", async () => {
  const silent = new Set<FakeServer>();
  await using servers = new SharedServers(NAME, 2, {
    isSilent: (server) => silent.has(server),
    beforeReply: ({ hangUp }, server) => {
      if (silent.has(server)) hangUp();
    },
  });
  await using client = await servers.catalog.connect();
  const used = servers.at(client.address);
  silent.add(used);
  const hellos = used.lines.filter((line) => line.includes("hello")).length;
  await client.insert("k", 1);
  assert.notEqual(servers.at(client.address), used);
  assert.equal(used.lines.filter((line) => line.includes("hello")).length, hellos);
});

Deno.test("shared: a known address that has another table now is not used", async () => {
  await using servers = new SharedServers(NAME, 2);
  const { catalog, table } = servers;
  await using client = await catalog.connect();
  const used = servers.at(client.address);
  const other = servers.servers.find((one) => one !== used);
  assert.ok(other);
  await other[Symbol.asyncDispose]();
  await using otherTable = new SharedTable().serve(NAME, { port: other.port });
  await using third = table.serve(NAME);
  catalog.list(used, otherTable, third);
  await used[Symbol.asyncDispose]();
  await client.insert("k", 1);
  assert.equal(client.address.port, third.port);
  assert.ok(otherTable.lines.every((line) => line.includes("hello")));
});

Deno.test("shared: a client begins with the first of the addresses that it is given", async () => {
  await using servers = new SharedServers(NAME, 3);
  const { catalog } = servers;
  await using first = await catalog.connect();
  const queries = catalog.queries;
  for (const place of [0, 1, 2]) {
    const at = [...first.servers.slice(place), ...first.servers.slice(0, place)];
    await using client = await catalog.connect({ at, table: first.table });
    assert.equal(client.address, at[0]);
    await servers.at(client.address)[Symbol.asyncDispose]();
    if (place < 2) await client.insert("k", 1);
  }
  assert.equal(catalog.queries, queries, "the addresses were enough");
});
