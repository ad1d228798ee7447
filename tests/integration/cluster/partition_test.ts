/** A partition: one machine with a master and a gateway is cut off from the other two, under load. */
import assert from "assert";
import { randomFrom, seedFor } from "../../../bench/harness/random.ts";
import { isInstalled } from "../../../bench/harness/program.ts";
import { RedisCluster } from "../../../bench/harness/redis/redis_cluster.ts";
import { longTest } from "../../helpers/long.ts";
import { testWithHosts } from "../../helpers/needs.ts";
import { REDIS } from "../../helpers/redis_cluster.ts";
import { FaultLoad } from "./fault_load.ts";
import { Gateway } from "./gateways.ts";
import { judgeLoad } from "./load_verdict.ts";
import { Machines } from "./machines.ts";

const hasRedis = REDIS.every(isInstalled) || Deno.env.get("CI") !== undefined;

/** Replicas of each master. */
const REPLICAS = 2;

/**
 * Cuts the first machine off under load, until the others have replaced its master.
 *
 * @param places the machine (0 to 2) of each node: three masters, then the first replica of each, and the
 *   second one
 * @param progress requests to complete while it is cut off
 */
async function assertNothingIsLost(places: readonly number[], progress: number): Promise<void> {
  const seed = seedFor("partition");
  await using machines = await Machines.make();
  const [first, second] = machines.all;
  assert.ok(first && second);
  await using cluster = await RedisCluster.start({
    replicas: REPLICAS,
    nodeTimeoutMs: 1_000,
    hosts: places.map((place) => machines.all[place] ?? first),
  });
  const url = `${cluster.url}?reads=fenced`;
  await using inside = await Gateway.start(url, { host: first });
  await using outside = await Gateway.start(url, { host: second });
  const load = new FaultLoad({
    name: "partition",
    // A client of the gateway inside gets errors, and stays connected.
    gateways: (client) => [client % 2 === 0 ? inside.address : outside.address],
    clients: 6,
    window: 4,
    mix: { lookups: 40, removes: 20, sharedKeys: 10, ownKeys: 6 },
    random: randomFrom(seed),
  });
  try {
    await load.progress(500);
    const [cutOff] = cluster.nodes;
    assert.ok(cutOff);
    await machines.cutOff(first);
    const others = cluster.nodes.filter(({ host }) => host !== first);
    await cluster.waitForFailover(FIRST_SLOT, cutOff, others);
    await load.progress(progress);
    await machines.reconnect(first);
    await cluster.waitUntilHealthy();
    await load.progress(500);
  } finally {
    await load.stop();
  }
  await load.readAll(outside.address);
  const { failures, ...counts } = judgeLoad(load, true);
  console.log("partition:", JSON.stringify(counts));
  assert.deepEqual(failures, [], `SEED=${seed}\n${failures.join("\n\n")}`);
}

/** A slot of the first master. */
const FIRST_SLOT = 0;

if (hasRedis) {
  await testWithHosts(
    "cluster: a machine that is cut off from the others loses nothing",
    () => assertNothingIsLost([0, 1, 2, 1, 2, 0, 2, 0, 1], 500),
  );
}

// The old master still has a replica, so that only the missing one keeps it from acknowledging changes.
longTest({
  name: "cluster: a machine with a master and its replica that is cut off loses nothing",
  fn: () => assertNothingIsLost([0, 1, 2, 0, 2, 1, 1, 0, 0], 50),
});
