import assert from "assert";
import { BucketKeys, META_BUCKET } from "../../lib/store/bucket_keys.ts";
import { bucketSlots, SLOTS } from "../../lib/store/bucket_slots.ts";
import { openNode } from "../../lib/store/open_node.ts";
import { testWith } from "../helpers/needs.ts";
import { REDIS, startRedis } from "../helpers/redis_cluster.ts";

testWith(REDIS, "slots of buckets: they are those that a node computes, for any name", async () => {
  await using node = await startRedis({ nodeTimeoutMs: 2_000 });
  const access = { user: undefined, password: undefined, tls: undefined };
  const link = await openNode(node.address, access);
  for (
    const name of ["me-a4-x", "gr\u00f6\u00dfe", "\u{1f9a6}", "a{b", "{}", "a}b", "}", "%", ""]
  ) {
    const keys = new BucketKeys(name);
    const slots = bucketSlots(keys);
    assert.equal(slots.length, META_BUCKET + 1);
    const some = [0, 1, 9, 10, 12_345, META_BUCKET - 1, META_BUCKET];
    const asked = some.map((bucket) => link.addQuestion(["CLUSTER", "KEYSLOT", keys.text(bucket)]));
    link.flush();
    assert.deepEqual(await Promise.all(asked), some.map((bucket) => slots[bucket]), name);
    // They spread over all masters: no third of the slots has much more than a third of the buckets.
    const thirds = [0, 0, 0];
    for (const slot of slots) {
      const third = Math.floor(slot * 3 / SLOTS);
      thirds[third] = (thirds[third] ?? 0) + 1;
    }
    assert.ok(Math.max(...thirds) < 1.1 * SLOTS / 3, `${thirds}`);
  }
  link.close();
  await link.closed;
});
