/** Proves the contents of `hello` and `info`, and how a server counts the agents of its clients. */
import assert from "assert";
import { MAX_AGENT_CHARS, MAX_AGENTS } from "../../lib/base/limits.ts";
import { Agents } from "../../lib/commands/agents.ts";
import { newClient } from "../engine/command_context.ts";
import { FakeStorage } from "../engine/fake_storage.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { startServer } from "../helpers/server.ts";
import { HashTable } from "../../lib/table/hash_table.ts";

type Result = Record<string, unknown> & { agents?: Record<string, number> };

/** Sends a request. @returns its result */
async function ask(client: RawClient, members: Record<string, unknown>): Promise<Result> {
  await client.send(JSON.stringify(members) + "\n");
  const reply = await client.reply();
  assert.equal(reply["status"], "OK", JSON.stringify(reply));
  return reply["result"] as Result;
}

Deno.test("hello and info name the table, its last durable change, features and takeover", async () => {
  const storage = new FakeStorage("always");
  await using server = startServer({}, undefined, { table: new HashTable(), storage });
  await using second = startServer({ takeover: true });
  using client = await RawClient.connect(server.port);
  for (const method of ["hello", "info"]) {
    const { table, seq, features, takeover } = await ask(client, { method });
    assert.deepEqual([table, seq, features, takeover], [storage.tableId, 0, [], false]);
  }
  for (const seq of [1, 2]) {
    await client.send('{"method":"insert","key":"k","value":1}\n');
    assert.equal((await client.reply())["status"], "OK");
    assert.equal((await ask(client, { method: "hello" }))["seq"], seq);
  }
  using other = await RawClient.connect(second.port);
  assert.equal((await ask(other, { method: "hello" }))["takeover"], true);
  assert.equal(server.server.info.catalogFacts().table, storage.tableId);
  assert.notEqual(second.server.info.instance, server.server.info.instance);
});

Deno.test("info counts connections by their agent, while they are connected", async () => {
  await using server = startServer();
  using observer = await RawClient.connect(server.port);
  const agents = async () => (await ask(observer, { method: "info" })).agents;
  assert.deepEqual(await agents(), {});

  const one = await RawClient.connect(server.port);
  using two = await RawClient.connect(server.port);
  await ask(one, { method: "hello", agent: "testperf a:1" });
  const hello = await ask(two, { method: "hello", agent: "testperf a:1" });
  assert.equal("agents" in hello, false, "hello does not list the agents of other clients");
  await ask(two, { method: "hello" });
  assert.deepEqual(await agents(), { "testperf a:1": 2 });
  await ask(two, { method: "hello", agent: "__proto__" });
  assert.deepEqual(Object.entries(await agents() ?? {}), [["testperf a:1", 1], ["__proto__", 1]]);

  one.conn.close();
  while (server.server.clients > 2) await agents();
  assert.deepEqual(Object.keys(await agents() ?? {}), ["__proto__"]);
});

Deno.test("an agent may have 64 characters, and counts after the token only", async () => {
  await using server = startServer({}, "a token of 24 characters");
  using client = await RawClient.connect(server.port);
  const token = "a token of 24 characters";
  await client.send('{"method":"hello","agent":"early"}\n');
  assert.equal((await client.reply())["type"], "AuthError");
  const longest = "\u{1f600}".repeat(MAX_AGENT_CHARS);
  await ask(client, { method: "hello", token, agent: longest });
  assert.deepEqual((await ask(client, { method: "info" })).agents, { [longest]: 1 });
});

Deno.test("at most 1,000 agents are counted, and a removed one makes room", () => {
  const agents = new Agents();
  const clients = Array.from({ length: MAX_AGENTS + 1 }, (_, number) => newClient(number));
  for (const client of clients) agents.add(client, `agent ${client.number}`);
  assert.equal(agents.counts.size, MAX_AGENTS);
  assert.equal(agents.counts.has(`agent ${MAX_AGENTS}`), false);
  const [first, second] = clients, last = clients.at(-1);
  assert.ok(first && second && last);
  agents.add(last, "agent 0");
  assert.equal(agents.counts.get("agent 0"), 2);
  agents.remove(second);
  agents.remove(second);
  agents.add(last, "another");
  assert.deepEqual([agents.counts.get("agent 0"), agents.counts.get("another")], [1, 1]);
  for (const client of clients) agents.remove(client);
  assert.equal(agents.counts.size, 0);
});

Deno.test("info with many long agents fits in the shortest replies", async () => {
  await using server = startServer({ maxReplyBytes: 4_000 });
  using all = new DisposableStack();
  for (let number = 0; number < 30; number++) {
    const client = all.use(await RawClient.connect(server.port));
    const agent = `${number}`.padEnd(MAX_AGENT_CHARS, "\u0001"); // six bytes each in JSON
    await ask(client, { method: "hello", agent });
  }
  using observer = await RawClient.connect(server.port);
  const { agents = {} } = await ask(observer, { method: "info" });
  const count = Object.keys(agents).length;
  assert.ok(count > 0 && count < 30, `${count} agents`);
});
