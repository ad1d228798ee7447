/**
 * The store over a simulated cluster with faults, in virtual time. Each seed is a run of its own:
 * `SEED=7 deno test ...` repeats one, and prints what happened.
 */
import assert from "assert";
import { isLong } from "../../helpers/long.ts";
import { SimCluster } from "./sim_cluster.ts";
import { SimClients } from "./sim_history.ts";

const only = Deno.env.get("SEED");

const SEEDS = only !== undefined
  ? [Number(only)]
  : Array.from({ length: isLong ? 300 : 10 }, (_, at) => at + 1);

async function simulate(seed: number): Promise<void> {
  const replicas = 1 + seed % 2, hasFencedReads = seed % 4 < 3;
  const cluster = new SimCluster(seed, replicas);
  // Two gateways: one may see what the other one has written, and the replicas do not have yet.
  const stores = [cluster.store({ hasFencedReads }), cluster.store({ hasFencedReads })];
  const buckets = Array.from({ length: 9 }, (_, at) => at * 1_700);
  const clients = new SimClients(cluster, buckets);
  await cluster.clock.run((async () => {
    const work = stores.flatMap((store) => Array.from({ length: 5 }, () => clients.run(store)));
    for (let faults = 0; faults < 4; faults++) {
      await cluster.clock.sleep(cluster.random.below(400));
      await cluster.fault();
    }
    clients.isStopping = true;
    await Promise.all(work);
    await cluster.clock.sleep(12_000); // delayed writes of abandoned connections
    await Promise.all(stores.map((store) => store.close()));
  })());
  if (only !== undefined) {
    console.log(cluster.log.join("\n"));
    console.log(clients.counts(), stores.map((store) => store.info()));
  }
  clients.check(hasFencedReads);
  assert((clients.counts()["insert done"] ?? 0) > 50, "too few inserts were done");
}

Deno.test("simulated cluster: faults lose nothing, and each command ends once", async () => {
  for (const seed of SEEDS) {
    try {
      await simulate(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
});
