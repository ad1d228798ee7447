/** What a server over a store says about itself. */
import assert from "assert";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { FakeStore } from "./fake_store.ts";
import { startRemoteServer } from "./remote_server.ts";

Deno.test("over a store, hello and info name the shared table, and info has the store's state", async () => {
  await using server = startRemoteServer(new FakeStore());
  using client = await RawClient.connect(server.port);
  const ask = async (method: string) => {
    await client.send(`{"method":"${method}"}\n`);
    return (await client.reply())["result"] as Record<string, unknown>;
  };
  const hello = await ask("hello"), info = await ask("info");
  for (const { features, seq, durability, table } of [hello, info]) {
    assert.deepEqual([features, seq, durability], [["shared"], 0, "replicated"]);
    assert.equal(table, server.server.info.catalogFacts().table);
  }
  assert.equal(server.server.info.catalogFacts().shared, true);
  assert.equal("store" in hello, false, "each client that connects sends hello");
  assert.equal((info["store"] as Record<string, unknown>)["requests_in_flight"], 0);
});

Deno.test("over a store, the slow log has the time of a scan", async () => {
  const store = new FakeStore();
  await using server = startRemoteServer(store);
  using client = await RawClient.connect(server.port);
  let roundEndMs = 0;
  store.onRound = () => {
    // Takes at least 5 ms of the first round.
    roundEndMs ||= performance.now() + 5;
    while (performance.now() < roundEndMs);
  };
  await client.send('{"method":"scan","regex":"."}\n{"method":"info"}\n');
  await client.reply();
  const { slowest } = (await client.reply())["result"] as { slowest: Record<string, unknown>[] };
  const scan = slowest.find(({ method }) => method === "scan");
  assert.ok(Number(scan?.["ms"]) >= 4, JSON.stringify(scan));
});

Deno.test("over a store, info quotes no word of another client's request", async () => {
  const store = new FakeStore();
  await using server = startRemoteServer(store);
  using client = await RawClient.connect(server.port);
  const lastFailure = async () => {
    await client.send('{"method":"insert","key":"a secret","value":1}\n{"method":"info"}\n');
    assert.equal((await client.reply())["type"], "StorageError");
    const { store } = (await client.reply())["result"] as { store: Record<string, unknown> };
    return store["last_failure"];
  };
  const words = "'ht:{x:1}' 'a secret' '1' ";
  store.failure = {
    kind: "rejected",
    why: `127.0.0.1:6379: ERR unknown command 'HSET', with args beginning with: ${words}`,
  };
  assert.equal(await lastFailure(), "127.0.0.1:6379: ERR unknown command ...");
  store.failure = { kind: "unavailable", why: "no node serves slot 3" };
  assert.equal(await lastFailure(), "no node serves slot 3");
});
