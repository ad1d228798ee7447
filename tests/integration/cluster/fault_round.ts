/** One round: clients work over two gateways while random faults happen, and their history is judged. */
import assert from "assert";
import { type Random, randomFrom } from "../../../bench/harness/random.ts";
import type { RedisCluster } from "../../../bench/harness/redis/redis_cluster.ts";
import type { Mix } from "../../crash/random_action.ts";
import { FaultLoad } from "./fault_load.ts";
import { FAULTS } from "./faults.ts";
import { Gateway } from "./gateways.ts";
import { judgeLoad, type Verdict } from "./load_verdict.ts";

/** The parameters of a round. */
export interface Round {
  readonly cluster: RedisCluster;
  /** The running gateways of the round; at its end, those that run then. */
  readonly gateways: Gateway[];
  /** The store URL of the gateways. */
  readonly url: string;
  /** Part of all keys. */
  readonly name: string;
  readonly seed: number;
  /** Names of faults (default: 2 random ones). */
  readonly faults?: readonly string[];
}

const CLIENTS = 6;

/** Numbers of requests that each client may have in flight. */
const WINDOWS = [1, 4, 16] as const;

const MIX: Mix = { lookups: 40, removes: 20, sharedKeys: 10, ownKeys: 6 };

/** Requests that are acknowledged before the first fault, and after each one. */
const MIN_REQUESTS = 200, MORE_REQUESTS = 400;

/** Runs a round. */
export async function runRound(round: Round): Promise<Verdict & { readonly faults: string[] }> {
  const { cluster, gateways, url, name } = round;
  const random = randomFrom(round.seed);
  const faults = [...round.faults ?? randomFaults(random)];
  const load = new FaultLoad({
    name,
    gateways: () => gateways.map(({ address }) => address),
    clients: CLIENTS,
    window: WINDOWS[random.below(WINDOWS.length)] ?? 1,
    mix: MIX,
    random,
  });
  try {
    await load.progress(MIN_REQUESTS + random.below(MORE_REQUESTS));
    for (const fault of faults) {
      await FAULTS[fault]?.({ cluster, gateways, url, load, random });
      await load.progress(MIN_REQUESTS + random.below(MORE_REQUESTS));
    }
  } finally {
    await load.stop();
  }
  const [gateway] = gateways;
  assert.ok(gateway);
  await load.readAll(gateway.address);
  return { ...judgeLoad(load, url.includes("reads=fenced")), faults };
}

function randomFaults(random: Random): string[] {
  const names = Object.keys(FAULTS);
  return Array.from({ length: 2 }, () => names[random.below(names.length)] ?? "");
}
