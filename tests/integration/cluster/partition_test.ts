/** A partition: one machine with a master and a gateway is cut off from the other two, under load. */
import assert from "assert";
import { randomFrom, seedFor } from "../../../bench/harness/random.ts";
import { isInstalled } from "../../../bench/harness/program.ts";
import { RedisCluster } from "../../../bench/harness/redis/redis_cluster.ts";
import { testWithHosts } from "../../helpers/needs.ts";
import { REDIS } from "../../helpers/redis_cluster.ts";
import { FaultLoad } from "./fault_load.ts";
import { Gateway } from "./gateways.ts";
import { judgeLoad } from "./load_verdict.ts";
import { Machines } from "./machines.ts";

const hasRedis = REDIS.every(isInstalled) || Deno.env.get("CI") !== undefined;

if (hasRedis) {
  await testWithHosts(
    "cluster: a machine that is cut off from the others loses nothing",
    async () => {
      const seed = seedFor("partition");
      await using machines = await Machines.make();
      const [first, second, third] = machines.all;
      assert.ok(first && second && third);
      await using cluster = await RedisCluster.start({
        replicas: 2,
        nodeTimeoutMs: 1_000,
        // The copies of each shard are on three machines.
        hosts: [first, second, third, second, third, first, third, first, second],
      });
      const url = `${cluster.url}?reads=fenced`;
      await using inside = await Gateway.start(url, { host: first });
      await using outside = await Gateway.start(url, { host: second });
      const load = new FaultLoad({
        name: "partition",
        gateways: () => [inside.address, outside.address],
        clients: 6,
        window: 4,
        mix: { lookups: 40, removes: 20, sharedKeys: 10, ownKeys: 6 },
        random: randomFrom(seed),
      });
      try {
        await load.progress(500);
        const [cutOff] = cluster.nodes;
        assert.ok(cutOff);
        const [range] = (await cluster.view(cutOff)).filter(({ flags }) =>
          flags.includes("myself")
        );
        const slot = range?.slots[0]?.[0];
        assert.ok(slot !== undefined);
        await machines.cutOff(first);
        const others = cluster.nodes.filter(({ host }) => host !== first);
        await cluster.waitForFailover(slot, cutOff, others);
        await load.progress(500);
        await machines.reconnect(first);
        await cluster.waitUntilHealthy();
        await load.progress(500);
      } finally {
        await load.stop();
      }
      await load.readAll(outside.address);
      const verdict = judgeLoad(load, true);
      console.log({ ...verdict, failures: verdict.failures.length });
      assert.deepEqual(verdict.failures, [], `SEED=${seed}\n${verdict.failures.join("\n\n")}`);
    },
  );
}
