/**
 * Rounds of faults on a cluster under clients of two gateways: no acknowledged change is lost, no value is
 * wrong, and with `reads=fenced` one order of all operations on a key explains all replies.
 *
 * `SEED` repeats the requests and the faults of a run, but not how the machine interleaves them.
 */
import assert from "assert";
import { randomFrom, seedFor } from "../../../bench/harness/random.ts";
import { longTest } from "../../helpers/long.ts";
import { RedisCluster, testWithCluster } from "../../helpers/redis_cluster.ts";
import { FAULTS } from "./faults.ts";
import { runRound } from "./fault_round.ts";
import { Gateway } from "./gateways.ts";
import type { Verdict } from "./load_verdict.ts";

const LONG_ROUNDS = Number(Deno.env.get("ROUNDS") ?? 20);

/** Rounds of a test, with its verdicts. */
async function runRounds(
  cluster: RedisCluster,
  { rounds, reads, faults }: {
    rounds: number;
    reads: "plain" | "fenced";
    faults?: readonly string[];
  },
): Promise<void> {
  const seed = seedFor(`cluster faults with ${reads} reads`);
  const random = randomFrom(seed);
  const url = `${cluster.url}${reads === "fenced" ? "?reads=fenced" : ""}`;
  const gateways = await Promise.all([Gateway.start(url), Gateway.start(url)]);
  const verdicts: (Verdict & { faults: string[] })[] = [];
  try {
    for (let number = 1; number <= rounds; number++) {
      const verdict = await runRound({
        cluster,
        gateways,
        url,
        name: `${reads} ${number}`,
        seed: random.below(2 ** 31),
        ...(faults && { faults }),
      });
      console.log(formatVerdict(`round ${number}`, verdict), verdict.faults.join(", "));
      verdicts.push(verdict);
    }
  } finally {
    await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
  }
  console.log(formatVerdict(`${rounds} rounds`, summed(verdicts)));
  const failures = verdicts.flatMap((verdict) => verdict.failures);
  assert.deepEqual(failures, [], `SEED=${seed}\n${failures.join("\n\n")}`);
}

function summed(verdicts: readonly Verdict[]): Verdict {
  const sum = (member: Exclude<keyof Verdict, "failures" | "longestGapMs">) =>
    verdicts.reduce((total, verdict) => total + verdict[member], 0);
  return {
    acknowledged: sum("acknowledged"),
    unknown: sum("unknown"),
    refused: sum("refused"),
    lost: sum("lost"),
    wrong: sum("wrong"),
    stale: sum("stale"),
    longestGapMs: Math.max(...verdicts.map(({ longestGapMs }) => longestGapMs)),
    failures: [],
  };
}

function formatVerdict(what: string, verdict: Verdict): string {
  const { acknowledged, unknown, refused, lost, wrong, stale, longestGapMs } = verdict;
  return `${what}: ${acknowledged} acknowledged, ${unknown} unknown, ${refused} refused, ` +
    `${lost} lost, ${wrong} wrong, ${stale} stale reads, ` +
    `longest gap ${(longestGapMs / 1e3).toFixed(1)} s;`;
}

testWithCluster(
  "cluster: a killed master, a killed gateway and moved slots lose nothing",
  async (cluster) => {
    const faults = ["kill a master", "kill a gateway", "move slots", "fail over by hand"];
    await runRounds(cluster, { rounds: 1, reads: "fenced", faults });
  },
  { nodeTimeoutMs: 1_000 },
);

longTest({
  name: `cluster: ${LONG_ROUNDS} rounds of faults with fenced reads`,
  async fn() {
    await using cluster = await RedisCluster.start();
    await runRounds(cluster, { rounds: LONG_ROUNDS, reads: "fenced" });
  },
});

longTest({
  name: `cluster: ${LONG_ROUNDS} rounds of faults with plain reads`,
  async fn() {
    await using cluster = await RedisCluster.start();
    await runRounds(cluster, { rounds: LONG_ROUNDS, reads: "plain" });
  },
});

longTest({
  name: "cluster: each fault, with a replica that is gone, in a round of its own",
  async fn() {
    for (const fault of Object.keys(FAULTS)) {
      await using cluster = await RedisCluster.start();
      await runRounds(cluster, { rounds: 1, reads: "fenced", faults: [fault] });
    }
  },
});
