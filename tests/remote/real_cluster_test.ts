/** Proves over a real cluster that a scan in parts has each key exactly once while nodes and slots change. */
import assert from "assert";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { Gateway } from "../integration/cluster/gateways.ts";
import { isLong } from "../helpers/long.ts";
import { testWithCluster } from "../helpers/redis_cluster.ts";

const KEYS = 30_000, SLOTS = 200;

/** All keys of a table, from a scan in parts. */
async function scanAll(port: number): Promise<string[]> {
  using client = await RawClient.connect(port);
  const keys: string[] = [];
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined;) {
    isFirst = false;
    await client.send(JSON.stringify({ method: "scan", regex: "", limit: 100, cursor }) + "\n");
    const reply = JSON.parse(await client.line() ?? "");
    assert.equal(reply.status, "OK", reply.message);
    for (const [key] of reply.result) keys.push(key);
    cursor = reply.cursor;
  }
  return keys.sort();
}

if (isLong) {
  testWithCluster("remote: scans of a cluster while nodes and slots change", async (cluster) => {
    await using gateway = await Gateway.start(cluster.url);
    const { port } = gateway.address;
    const keys = Array.from({ length: KEYS }, (_, at) => `key ${at}`).sort();
    using client = await RawClient.connect(port);
    for (let at = 0; at < KEYS; at += 500) {
      const some = keys.slice(at, at + 500);
      await client.send(
        some.map((key) => JSON.stringify({ method: "insert", key, value: 1 }) + "\n").join(""),
      );
      for (const _key of some) assert.equal(await client.line(), '{"status":"OK","result":null}');
    }
    const master = await cluster.masterOf(0);
    const duringKill = scanAll(port);
    await master.kill();
    assert.deepEqual(await duringKill, keys);
    await cluster.waitForFailover(0, master);
    const [from, to] = await cluster.masters();
    assert.ok(from && to);
    const slots: number[] = [];
    for (let slot = 0; slots.length < SLOTS; slot++) {
      if (await cluster.masterOf(slot) === from) slots.push(slot);
    }
    const duringMove = scanAll(port);
    await cluster.reshard(slots, from, to);
    assert.deepEqual(await duringMove, keys);
    await client.send('{"method":"size"}\n');
    assert.equal(await client.line(), `{"status":"OK","result":${KEYS}}`);
  }, { nodeTimeoutMs: 1_000 });
}
