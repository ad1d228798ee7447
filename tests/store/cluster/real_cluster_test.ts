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
