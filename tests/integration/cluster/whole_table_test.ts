/**
 * A table of many keys behind a gateway: scan, size and query are right, need little memory in the
 * gateway, and go on during a failover.
 */
import assert from "assert";
import { isLong } from "../../helpers/long.ts";
import { testWithCluster } from "../../helpers/redis_cluster.ts";
import { Gateway } from "./gateways.ts";
import { assertSearches, assertWholeScan, fillTable, peakMemoryBytes } from "./whole_table.ts";

const KEYS = Number(Deno.env.get("KEYS") ?? (isLong ? 5_000_000 : 50_000));

/** Connections that fill the table. */
const FILLERS = 4;

/** Longest growth of the gateway since its start, in bytes; the long table has 300 MB. */
const MAX_GROWTH_BYTES = 160_000_000;

testWithCluster(
  `cluster: a table of ${KEYS} keys is searched in little memory, also during a failover`,
  async (cluster) => {
    await using gateway = await Gateway.start(cluster.url);
    const { address, program: { pid } } = gateway;
    const startBytes = await peakMemoryBytes(pid);
    const steps: string[] = [];
    const step = async (name: string, work: () => Promise<void>) => {
      const startMs = performance.now();
      await work();
      const growthBytes = await peakMemoryBytes(pid) - startBytes;
      const seconds = ((performance.now() - startMs) / 1e3).toFixed(1);
      steps.push(`${name} ${seconds} s, ${(growthBytes / 1e6).toFixed(0)} MB`);
      assert.ok(growthBytes < MAX_GROWTH_BYTES, steps.join("; "));
    };
    await step("fill", async () => {
      const share = Math.ceil(KEYS / FILLERS);
      await Promise.all(Array.from({ length: FILLERS }, (_, filler) => {
        return fillTable(address, filler * share, Math.min(KEYS, (filler + 1) * share));
      }));
    });
    await step("scan", () => assertWholeScan(address, KEYS));
    await step("searches", () => assertSearches(address, KEYS));
    await step("scan during a failover", async () => {
      await assertWholeScan(address, KEYS, async () => {
        await cluster.nodes[0]?.kill();
      });
    });
    await step("searches afterwards", () => assertSearches(address, KEYS));
    console.log(`table of ${KEYS} keys: ${steps.join("; ")}`);
  },
  { nodeTimeoutMs: 1_000 },
);
