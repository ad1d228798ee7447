/** Fences leave no trace, and work where a migration has begun and does not go on. */
import assert from "assert";
import { Fence } from "../../../lib/store/cluster/lane_commands.ts";
import { openNode } from "../../../lib/store/open_node.ts";
import { testWith } from "../../helpers/needs.ts";
import { REDIS, startRedis, testWithCluster } from "../../helpers/redis_cluster.ts";
import { RealStore } from "./real_store.ts";
import { SimCluster } from "./sim_cluster.ts";
import { TestTable } from "./store_commands.ts";

/** Buckets of three shards. */
const BUCKETS = Array.from({ length: 30 }, (_, at) => at * 500);

testWith(REDIS, "fence: a real node writes, and has the same afterwards", async () => {
  await using node = await startRedis();
  const link = await openNode(node.address, {
    user: undefined,
    password: undefined,
    tls: undefined,
  });
  await link.ask("HSET", "bucket", "key", "1", "", "empty");
  await link.ask("SET", "meta", "text");
  const writes = async () => {
    const info = await link.ask("INFO", "persistence");
    return Number(/^rdb_changes_since_last_save:(\d+)/m.exec(String(info))?.[1]);
  };
  for (const key of ["bucket", "meta", "none"]) {
    const before = await writes();
    const fence = new Fence(key);
    link.send(fence);
    assert(await writes() > before, `no write of ${key}`);
    assert(fence.isWritten, `${key}: ${fence.error}`);
  }
  assert.deepEqual(await link.ask("HGETALL", "bucket"), ["key", "1", "", "empty"]);
  assert.equal(await link.ask("GET", "meta"), "text");
  assert.equal(await link.ask("DBSIZE"), 2);
  link.close();
  await link.closed;
});

/** Uses buckets of which half have keys. All their slots may be migrating. */
async function use(table: TestTable, change: () => Promise<void>): Promise<void> {
  const odd = BUCKETS.filter((_, at) => at % 2 === 1);
  const inserted = await Promise.all(odd.map((bucket) => table.insert(bucket, "key", "old")));
  assert.deepEqual(new Set(inserted.map(({ end }) => end)), new Set(["done"]));
  await change();
  // Each alone, so that no other command of its batch can help it.
  for (const [at, bucket] of BUCKETS.entries()) {
    const key = at % 2 === 1 ? "key" : "none", value = key === "key" ? "old" : null;
    assert.deepEqual(await table.remove(bucket, "other"), { end: "done", value: null });
    assert.deepEqual(await table.lookup(bucket, key), { end: "done", value });
    assert.deepEqual(await table.remove(bucket, key), { end: "done", value });
    assert.equal((await table.insert(bucket, key, "new")).end, "done");
    assert.deepEqual(await table.lookup(bucket, key), { end: "done", value: "new" });
  }
}

Deno.test("fence: a simulated node has half of a stuck migration", async () => {
  const cluster = new SimCluster(1, 1, { refusalsPer: Infinity });
  const store = cluster.store({ hasFencedReads: true });
  await cluster.clock.run((async () => {
    await use(new TestTable(store, cluster.keys), async () => {
      cluster.beginMigration(BUCKETS);
      await cluster.clock.sleep(1);
    });
    await store.close();
  })());
  assert(cluster.clock.now() < 20_000, `it took ${cluster.clock.now()} ms`);
});

testWithCluster("fence: a real node has half of a stuck migration", async (cluster) => {
  const seeds = cluster.nodes.slice(0, 1).map(({ address }) => address);
  await using table = RealStore.open(seeds, { hasFencedReads: true });
  const masters = await cluster.masters();
  await use(table, async () => {
    for (const bucket of BUCKETS) {
      const slot = table.slots[bucket] ?? 0;
      const from = await cluster.masterOf(slot);
      const to = masters.find((other) => other !== from) ?? assert.fail();
      const [fromId, toId] = [await from.ask("CLUSTER", "MYID"), await to.ask("CLUSTER", "MYID")];
      await to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", String(fromId));
      await from.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", String(toId));
    }
  });
});
