/** Tests with a Redis or a Redis Cluster of their own. */
import { type ClusterOptions, RedisCluster } from "../../bench/harness/redis/redis_cluster.ts";
import { testWith } from "./needs.ts";

export { RedisCluster };
export { RedisNode, startRedis } from "../../bench/harness/redis/redis_node.ts";

/** The program that these tests need; see `testWith`. */
export const REDIS = ["redis-server"] as const;

/** Registers a test with a cluster: 3 masters with a replica each, unless options say otherwise. */
export function testWithCluster(
  name: string,
  fn: (cluster: RedisCluster, context: Deno.TestContext) => Promise<void>,
  options: ClusterOptions = {},
): void {
  testWith(REDIS, name, async (context) => {
    await using cluster = await RedisCluster.start(options);
    await fn(cluster, context);
  });
}
