/** Faults of a cluster and its gateways. Each one is over when the cluster is healthy again. */
import { sleep } from "../../../lib/base/clock.ts";
import type { Random } from "../../../bench/harness/random.ts";
import type { RedisCluster } from "../../../bench/harness/redis/redis_cluster.ts";
import type { RedisNode } from "../../../bench/harness/redis/redis_node.ts";
import type { FaultLoad } from "./fault_load.ts";
import { Gateway } from "./gateways.ts";

/** What faults act on. */
export interface Scene {
  readonly cluster: RedisCluster;
  /** The running gateways. A fault that ends one starts another one. */
  readonly gateways: Gateway[];
  /** The store URL of the gateways. */
  readonly url: string;
  readonly load: FaultLoad;
  readonly random: Random;
}

/** Time that a node is stopped for, in milliseconds. */
const STOPPED_MS = 5_000;

/** A fault; it returns when the cluster is healthy again. */
export type Fault = (scene: Scene) => Promise<void>;

/** All faults by name. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  "kill a master": async (scene) => {
    const { cluster } = scene;
    const { node, slot } = await anyMaster(scene);
    await node.kill();
    await cluster.waitForFailover(slot, node);
    await node.start();
    await cluster.waitUntilHealthy();
  },
  "restart a master at once": async (scene) => {
    const { node } = await anyMaster(scene);
    await node.kill();
    await node.start();
    await scene.cluster.waitUntilHealthy();
  },
  "stop a master for 5 s": async (scene) => {
    const { node } = await anyMaster(scene);
    node.stop();
    await sleep(STOPPED_MS);
    node.continue();
    await scene.cluster.waitUntilHealthy();
  },
  "kill a replica": async (scene) => {
    const { cluster } = scene;
    const { node } = await anyMaster(scene);
    const [replica] = await cluster.replicasOf(node);
    if (replica === undefined) throw new Error(`${node.name} has no replica`);
    await replica.kill();
    await cluster.waitUntilFailed(replica);
    await replica.start();
    await cluster.waitUntilHealthy();
  },
  "restart a whole shard": async (scene) => {
    const { cluster } = scene;
    const { node } = await anyMaster(scene);
    const shard = [node, ...await cluster.replicasOf(node)];
    await Promise.all(shard.map((one) => one.kill()));
    await Promise.all(shard.map((one) => one.start()));
    await cluster.waitUntilHealthy();
  },
  "restart all nodes": async ({ cluster }) => {
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await cluster.waitUntilHealthy();
  },
  "fail over by hand": async (scene) => {
    const { cluster } = scene;
    const { node, slot } = await anyMaster(scene);
    const [replica] = await cluster.replicasOf(node);
    await replica?.ask("CLUSTER", "FAILOVER");
    await cluster.waitForFailover(slot, node);
    await cluster.waitUntilHealthy();
  },
  "move slots": async (scene) => {
    const { cluster } = scene;
    const { node, slots } = await anyMaster(scene);
    const to = (await cluster.masters()).find((one) => one !== node);
    if (to === undefined) throw new Error("there is no other master");
    await cluster.reshard(slots, node, to);
  },
  "kill a gateway": async ({ gateways, url }) => {
    const [gateway] = gateways.splice(0, 1);
    await gateway?.kill();
    gateways.push(await Gateway.start(url));
  },
};

/** A random master with keys, and the slots of its keys. */
async function anyMaster(
  { cluster, random }: Scene,
): Promise<{ node: RedisNode; slot: number; slots: number[] }> {
  const masters = await cluster.masters();
  for (;;) {
    const node = masters[random.below(masters.length)];
    if (node === undefined) throw new Error("the cluster has no masters");
    const slots = await slotsWithKeys(node);
    const [slot] = slots;
    if (slot !== undefined) return { node, slot, slots };
  }
}

/** The slots of the keys that a node has. */
async function slotsWithKeys(node: RedisNode): Promise<number[]> {
  const keys = await node.ask("KEYS", "*");
  if (!Array.isArray(keys)) return [];
  const slots = new Set<number>();
  for (const key of keys) slots.add(Number(await node.ask("CLUSTER", "KEYSLOT", String(key))));
  return [...slots];
}
