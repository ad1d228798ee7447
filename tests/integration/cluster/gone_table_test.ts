/** Gateways whose table is removed from the store, and gateways that start while its replica is gone. */
import assert from "assert";
import { BucketKeys, META_BUCKET } from "../../../lib/store/bucket_keys.ts";
import { startRedis } from "../../../bench/harness/redis/redis_node.ts";
import { HtClient } from "../../../mod.ts";
import { longTest } from "../../helpers/long.ts";
import { testWith } from "../../helpers/needs.ts";
import { REDIS, RedisCluster } from "../../helpers/redis_cluster.ts";
import { Gateway, NAME } from "./gateways.ts";

const META = new BucketKeys(NAME).text(META_BUCKET);

/** Asserts that a gateway ends by itself, with one sentence. */
async function assertEnds({ program }: Gateway, reason: RegExp): Promise<void> {
  assert.equal(await program.exitCode(), 1, program.stderr);
  const last = program.stderr.trimEnd().split("\n").at(-1) ?? "";
  assert.match(last, /^htserver: Cannot serve 'test-a4-gateway' any longer: the store has lost /);
  assert.match(last, reason);
}

testWith(REDIS, "cluster: gateways end when their table is removed or replaced", async () => {
  await using node = await startRedis();
  const url = `redis://${node.name}`;
  await using first = await Gateway.start(url);
  await using second = await Gateway.start(url);
  const client = await HtClient.connect(`127.0.0.1:${first.address.port}`);
  await client.insert("a", 1);
  await node.ask("FLUSHALL");
  // One that starts at once makes a new table, which goes on.
  await using third = await Gateway.start(url);
  await assertEnds(
    first,
    /its key "ht:\{test-a4-gateway:meta\}" (is missing|describes another one)/,
  );
  await assertEnds(
    second,
    /its key "ht:\{test-a4-gateway:meta\}" (is missing|describes another one)/,
  );
  await client.close();
  const other = await HtClient.connect(`127.0.0.1:${third.address.port}`);
  assert.equal(await other.size(), 0);
  await other.close();
});

longTest({
  name: "cluster: a gateway of an existing table starts while the table's replica is gone",
  async fn() {
    await using cluster = await RedisCluster.start({ nodeTimeoutMs: 1_000 });
    await using first = await Gateway.start(cluster.url);
    const client = await HtClient.connect(`127.0.0.1:${first.address.port}`);
    await client.insert("a", 1);
    const master = await cluster.masterOf(await cluster.slotOf(META));
    const [replica] = await cluster.replicasOf(master);
    assert.ok(replica);
    await replica.kill();
    await cluster.waitUntilFailed(replica);
    await using second = await Gateway.start(cluster.url);
    const other = await HtClient.connect(`127.0.0.1:${second.address.port}`);
    assert.equal(await other.lookup("a"), 1);
    await other.close();
    await client.close();
    await master.ask("DEL", META);
    await assertEnds(first, /is missing/);
    await assertEnds(second, /is missing/);
  },
});
