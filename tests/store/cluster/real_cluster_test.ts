/** A store over a real Redis Cluster. */
import assert from "assert";
import { testWithCluster } from "../../helpers/redis_cluster.ts";
import { RealStore } from "./real_store.ts";

testWithCluster("cluster store: commands go to all shards and end", async (cluster) => {
  await using table = RealStore.open(cluster.nodes.slice(0, 1).map(({ address }) => address));
  const buckets = Array.from({ length: 300 }, (_, at) => at * 50);
  const inserts = await Promise.all(
    buckets.map((bucket) => table.insert(bucket, "key", `${bucket}`)),
  );
  assert.deepEqual(new Set(inserts.map(({ end }) => end)), new Set(["done"]));
  const lookups = await Promise.all(buckets.map((bucket) => table.lookup(bucket, "key")));
  assert.deepEqual(lookups, buckets.map((bucket) => ({ end: "done", value: `${bucket}` })));
  assert.deepEqual(await table.remove(50, "key"), { end: "done", value: "50" });
  assert.deepEqual(await table.remove(50, "key"), { end: "done", value: null });
  const sizes = await Promise.all(Array.from({ length: 16384 }, (_, bucket) => table.size(bucket)));
  assert.equal(
    sizes.reduce((total, size) => total + (size.end === "done" ? Number(size.value) : NaN), 0),
    299,
  );
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
