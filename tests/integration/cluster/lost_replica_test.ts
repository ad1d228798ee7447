/** A shard without its replica: changes wait for it, or are refused at last, and clients stay connected. */
import assert from "assert";
import { settlesWithin } from "../../../lib/base/clock.ts";

import type { RedisNode } from "../../../bench/harness/redis/redis_node.ts";
import { HtClient, StorageError } from "../../../mod.ts";
import { longTest } from "../../helpers/long.ts";
import { RedisCluster, testWithCluster } from "../../helpers/redis_cluster.ts";
import { Gateway } from "./gateways.ts";

/** Enough keys that each shard has some. */
const KEYS = Array.from({ length: 60 }, (_, number) => `key ${number}`);

/** Ends the replica of the first master, and waits until the cluster knows. */
async function loseReplica(cluster: RedisCluster): Promise<RedisNode> {
  const [master] = cluster.nodes;
  assert.ok(master);
  const [replica] = await cluster.replicasOf(master);
  assert.ok(replica);
  await replica.kill();
  await cluster.waitUntilFailed(replica);
  return replica;
}

/** Sends changes of all keys, each on a connection of its own. */
function insertAll(clients: readonly HtClient[], value: number): Promise<void>[] {
  return KEYS.map(async (key, at) => await clients[at]?.insert(key, value));
}

async function withClients(
  cluster: RedisCluster,
  use: (clients: readonly HtClient[]) => Promise<void>,
): Promise<void> {
  await using gateway = await Gateway.start(cluster.url);
  const target = `127.0.0.1:${gateway.address.port}`;
  const clients = await Promise.all(KEYS.map(() => HtClient.connect(target)));
  try {
    await Promise.all(insertAll(clients, 1));
    await use(clients);
    assert.deepEqual(clients.map(({ connections }) => connections), KEYS.map(() => 1));
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

testWithCluster(
  "cluster: changes of a shard wait for its replica, and lookups do not",
  async (cluster) => {
    await withClients(cluster, async (clients) => {
      const replica = await loseReplica(cluster);
      const inserts = Promise.all(insertAll(clients, 2));
      assert.equal(await settlesWithin(inserts, 500), false, "some changes wait");
      const [client] = clients;
      const reader = await HtClient.connect(`127.0.0.1:${client?.address.port}`);
      for (const key of KEYS) assert.ok([1, 2].includes(Number(await reader.lookup(key))));
      await reader.close();
      await replica.start();
      await inserts;
      for (const key of KEYS) assert.equal(await client?.lookup(key), 2);
    });
  },
  { nodeTimeoutMs: 1_000 },
);

longTest({
  name: "cluster: changes of a shard that waits too long for its replica are refused",
  async fn() {
    await using cluster = await RedisCluster.start();
    await withClients(cluster, async (clients) => {
      const replica = await loseReplica(cluster);
      const results = await Promise.allSettled(insertAll(clients, 2));
      const refused = KEYS.filter((_, at) => results[at]?.status === "rejected");
      assert.ok(refused.length > 0 && refused.length < KEYS.length);
      for (const result of results) {
        if (result.status === "rejected") assert.ok(result.reason instanceof StorageError);
      }
      for (const key of KEYS) {
        assert.equal(await clients[0]?.lookup(key), refused.includes(key) ? 1 : 2);
      }
      await replica.start();
      await cluster.waitUntilHealthy();
      await Promise.all(insertAll(clients, 3));
    });
  },
});
