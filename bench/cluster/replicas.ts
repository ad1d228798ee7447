/** Waits for replicas, which a load without WAIT leaves behind. */
import type { RedisCluster } from "../harness/redis/redis_cluster.ts";
import type { RedisNode } from "../harness/redis/redis_node.ts";

/** A master, and a key of it that no load uses. */
export interface MarkedMaster {
  readonly node: RedisNode;
  readonly key: string;
}

/** Finds a key for each master. */
export async function markMasters(cluster: RedisCluster): Promise<MarkedMaster[]> {
  const marked = new Map<RedisNode, string>();
  const masters = await cluster.masters();
  for (let number = 0; marked.size < masters.length; number++) {
    const key = `mark-${number}`;
    const node = await cluster.masterOf(await cluster.slotOf(key));
    if (!marked.has(node)) marked.set(node, key);
  }
  return [...marked].map(([node, key]) => ({ node, key }));
}

/** Waits until each replica has, on its disk, all that its master has. @returns the time, in milliseconds */
export async function settle(masters: readonly MarkedMaster[], replicas: number): Promise<number> {
  const beganMs = performance.now();
  await Promise.all(masters.map(async ({ node, key }) => {
    // WAIT covers the writes of its own connection, and with them all earlier ones.
    await node.ask("SET", key, "1");
    while (Number(await node.ask("WAIT", replicas, 1_000)) < replicas);
  }));
  return performance.now() - beganMs;
}
