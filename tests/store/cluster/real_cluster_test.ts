/** A store over a real Redis Cluster, with faults. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { isLong } from "../../helpers/long.ts";
import { testWith } from "../../helpers/needs.ts";
import { REDIS, startRedis, testWithCluster } from "../../helpers/redis_cluster.ts";
import { InsertLoad } from "./insert_load.ts";
import { RealStore } from "./real_store.ts";

/** Any buckets, in all shards. */
const BUCKETS = Array.from({ length: 300 }, (_, at) => at * 50);

const testLongWithCluster: typeof testWithCluster = (...test) => {
  if (isLong) testWithCluster(...test);
};

testWithCluster("cluster store: commands go to all shards and end", async (cluster) => {
  await using table = RealStore.open(cluster.nodes.slice(0, 1).map(({ address }) => address));
  const inserts = await Promise.all(
    BUCKETS.map((bucket) => table.insert(bucket, "key", `${bucket}`)),
  );
  assert.deepEqual(new Set(inserts.map(({ end }) => end)), new Set(["done"]));
  const lookups = await Promise.all(BUCKETS.map((bucket) => table.lookup(bucket, "key")));
  assert.deepEqual(lookups, BUCKETS.map((bucket) => ({ end: "done", value: `${bucket}` })));
  assert.deepEqual(await table.remove(50, "key"), { end: "done", value: "50" });
  assert.deepEqual(await table.remove(50, "key"), { end: "done", value: null });
  const sizes = await Promise.all(
    Array.from({ length: 16_384 }, (_, bucket) => table.size(bucket)),
  );
  const total = sizes.reduce(
    (sum, size) => sum + (size.end === "done" ? Number(size.value) : NaN),
    0,
  );
  assert.equal(total, BUCKETS.length - 1);
});

testWithCluster(
  "cluster store: clients use the names that nodes have for them",
  async (cluster) => {
    for (const node of cluster.nodes) {
      await node.ask("CONFIG", "SET", "cluster-announce-hostname", "localhost");
      await node.ask("CONFIG", "SET", "cluster-preferred-endpoint-type", "hostname");
    }
    await using table = RealStore.open(cluster.nodes.slice(0, 1).map(({ address }) => address));
    const [bucket = 0] = BUCKETS;
    const nodes = () => JSON.stringify(table.store.info());
    // The names need a moment to reach the other nodes.
    while (!/"localhost:/.test(nodes()) || /"127\.0\.0\.1:/.test(nodes())) {
      assert.equal((await table.insert(bucket, "key", "value")).end, "done");
      await sleep(50);
    }
    for (const node of cluster.nodes) {
      await node.ask("CONFIG", "SET", "cluster-preferred-endpoint-type", "unknown-endpoint");
    }
    await using other = RealStore.open([{
      ...cluster.nodes[0]?.address ?? assert.fail(),
      hostname: "127.0.0.2",
    }]);
    assert.equal((await other.insert(bucket, "key", "value")).end, "done");
    assert.match(JSON.stringify(other.store.info()), /"127\.0\.0\.2:/);
  },
  { config: ["bind 127.0.0.1 127.0.0.2"] },
);

// In the short form, `tests/integration/cluster/faults_test.ts` does this.
testLongWithCluster(
  "cluster store: a killed master is replaced, and slots move",
  async (cluster) => {
    await using table = RealStore.open(cluster.nodes.slice(0, 3).map(({ address }) => address));
    const load = new InsertLoad(table, BUCKETS);
    await load.untilDone(500);

    // Half of the used slots of the first master go to the second one.
    const [from, to] = await cluster.masters();
    assert(from !== undefined && to !== undefined);
    const used = [...new Set(BUCKETS.map((bucket) => table.slots[bucket] ?? 0))];
    const own: number[] = [];
    for (const slot of used) if (await cluster.masterOf(slot) === from) own.push(slot);
    await cluster.reshard(own.slice(0, Math.ceil(own.length / 2)), from, to);
    await load.untilDone(500);
    assert.equal(
      load.count("done"),
      load.ends.filter((end) => end !== undefined).length,
      "resharding",
    );

    const slot = own.at(-1) ?? 0;
    await from.kill();
    await cluster.waitForFailover(slot, from);
    // The new master has no replica: changes of its shard wait until the old one is back.
    await from.start();
    await cluster.waitUntilHealthy();
    await load.untilDone(500);
    await load.stopAndCheck();
    assert(load.maxGapMs < 10_000, `no insert was done for ${load.maxGapMs} ms`);
    assert(load.count("lost") <= 20, `${load.count("lost")} of 20 clients have lost an insert`);
  },
);

testWithCluster("cluster store: a stopped master is replaced", async (cluster) => {
  await using table = RealStore.open(cluster.nodes.slice(0, 3).map(({ address }) => address));
  const load = new InsertLoad(table, BUCKETS);
  for (let round = 0; round < (isLong ? 5 : 1); round++) {
    await load.untilDone(500);
    const slot = table.slots[BUCKETS[round] ?? 0] ?? 0;
    const master = await cluster.masterOf(slot);
    master.stop();
    await sleep(5_000); // the fault itself
    master.continue();
    await cluster.waitForFailover(slot, master);
    await cluster.waitUntilHealthy();
  }
  await load.untilDone(500);
  await load.stopAndCheck();
});

// It takes two deadlines of 10 s.
testLongWithCluster(
  "cluster store: without a replica, changes fail and reads go on",
  async (cluster) => {
    await using table = RealStore.open(cluster.nodes.slice(0, 3).map(({ address }) => address));
    await Promise.all(BUCKETS.map((bucket) => table.insert(bucket, "key", "old")));
    const [bucket = 0] = BUCKETS;
    const master = await cluster.masterOf(table.slots[bucket] ?? 0);
    const [replica] = await cluster.replicasOf(master);
    await replica?.kill();
    const first = await table.insert(bucket, "key", "lost");
    const second = await table.insert(bucket, "key", "held back");
    assert.equal(second.end, "failed", JSON.stringify([first, second]));
    assert(second.end === "failed" && second.failure.kind === "unavailable");
    assert.match(second.failure.why, /replicas/);
    const lookup = await table.lookup(bucket, "key");
    assert(lookup.end === "done" && lookup.value !== "held back");
    await replica?.start();
    await cluster.waitUntilHealthy();
    assert.equal((await table.insert(bucket, "key", "new")).end, "done");
    assert.deepEqual(await table.lookup(bucket, "key"), { end: "done", value: "new" });
  },
);

// In the short form, `bad_stores_test.ts` does this.
testLongWithCluster(
  "cluster store: a full store refuses inserts, and nothing else",
  async (cluster) => {
    await using table = RealStore.open(cluster.nodes.slice(0, 3).map(({ address }) => address));
    const value = "x".repeat(100_000);
    assert.deepEqual(await table.insert(0, "key", value), { end: "done", value: 1 });
    for (const node of cluster.nodes) await node.ask("CONFIG", "SET", "maxmemory", "1mb");
    const end = await table.insert(0, "other key", value);
    assert(end.end === "failed" && end.failure.kind === "full", JSON.stringify(end));
    assert.deepEqual(await table.lookup(0, "other key"), { end: "done", value: null });
    assert.deepEqual(await table.remove(0, "key"), { end: "done", value });
  },
);

testWith(REDIS, "cluster store: one node is a store without replicas", async () => {
  await using node = await startRedis();
  await using table = RealStore.open([node.address], { isCluster: false });
  assert.equal(table.store.durability, "store");
  assert.deepEqual(await table.insert(7, "key", "value"), { end: "done", value: 1 });
  assert.deepEqual(await table.lookup(7, "key"), { end: "done", value: "value" });
  await node.ask("SCRIPT", "FLUSH");
  assert.deepEqual(await table.remove(7, "key"), { end: "done", value: "value" });
  await node.kill();
  const lookup = table.lookup(7, "key");
  await node.start();
  assert.deepEqual(await lookup, { end: "done", value: null });
  await table.store.close();
  const end = await table.insert(7, "key", "value");
  assert(end.end === "failed" && end.failure.kind === "unavailable");
});

testWithCluster("cluster store: a full cluster still reads and removes", async (cluster) => {
  const seeds = cluster.nodes.slice(0, 1).map(({ address }) => address);
  await using table = RealStore.open(seeds, { hasFencedReads: true });
  await table.insert(5, "key", "1");
  for (const node of cluster.nodes) await node.ask("CONFIG", "SET", "maxmemory", 1);
  const refused = await table.insert(5, "other", "2");
  assert.equal(refused.end === "failed" && refused.failure.kind, "full");
  assert.deepEqual(await table.lookup(5, "key"), { end: "done", value: "1" });
  assert.deepEqual(await table.remove(5, "other"), { end: "done", value: null });
  assert.deepEqual(await table.remove(5, "key"), { end: "done", value: "1" });
});
