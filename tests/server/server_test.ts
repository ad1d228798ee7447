/** Proves how a whole server serves, limits and disconnects its clients, and how it stops. */
import assert from "assert";
import { HtClient } from "../../client.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { startServer } from "../helpers/server.ts";

Deno.test("replies to pipelined requests have the order of the requests (I1)", async () => {
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

Deno.test("idle and slow clients are disconnected, each counted by its reason, and others stay", async () => {
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

Deno.test("a client that reads no replies has no further requests executed, and others are served", async () => {
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
  // The replies have 200 MB; the server executes only as many lookups as fit into the kernel's buffers.
  let before = -1;
  for (let now = await executed(); now !== before; now = await executed()) {
    before = now;
    for (let round = 0; round < 200; round++) await other.ping();
  }
  assert.ok(before < lookups / 2, `${before} lookups executed without a reader of the replies`);
  let total = 0;
  for (; total < lookups; total++) await slow.line();
  await sending;
  assert.equal(await executed(), lookups);
  await other.close();
});

Deno.test("a stopping server replies to the requests that it has received", async () => {
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

Deno.test("info fits in the shortest replies, and lists as many slow requests as fit", async () => {
  await using small = startServer({ maxReplyBytes: 4_000 });
  await using usual = startServer();
  const slowestOf = async (port: number) => {
    using client = await RawClient.connect(port);
    const regex = "\u0001".repeat(100); // six times as long in JSON
    for (let scan = 0; scan < 30; scan++) {
      await client.send(JSON.stringify({ method: "scan", regex: `${regex}${scan}` }) + "\n");
      assert.equal((await client.reply())["status"], "OK");
    }
    await client.send('{"method":"info"}\n');
    const { result } = await client.reply() as { result: { slowest: Record<string, unknown>[] } };
    return result.slowest;
  };
  const all = await slowestOf(usual.port);
  assert.equal(all.length, 16);
  assert.ok(all.every(({ method, client }) => method === "scan" && client === 1));
  assert.ok((await slowestOf(small.port)).length < 16);
});
