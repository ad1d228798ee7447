/** Commands that wait for a node fail at their deadline, or when their client has gone; none was executed. */
import assert from "assert";
import { ClusterStore } from "../../../lib/store/cluster/cluster_store.ts";
import { BucketKeys } from "../../../lib/store/bucket_keys.ts";
import { bucketSlots } from "../../../lib/store/bucket_slots.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";
import { type End, TestCommand, TestTable } from "./store_commands.ts";

Deno.test("cluster store: a command waits for 10 s, or until its client has gone", async () => {
  const clock = new VirtualClock(1), keys = new BucketKeys("test");
  const store = new ClusterStore({
    seeds: [{ hostname: "node", port: 1 }],
    connect: () => Promise.reject(new Error("nothing answers")),
    scripts: [],
    slots: bucketSlots(keys),
    keys,
    isCluster: false,
    timing: clock,
  });
  const table = new TestTable(store, keys);
  const endMs: number[] = [];
  const timed = async (command: TestCommand): Promise<End> => {
    const end = await table.run(command);
    endMs.push(clock.now());
    return end;
  };
  const left = new TestCommand(1, "write", ["left"]),
    stays = new TestCommand(2, "write", ["stays"]);
  const ends = await clock.run((async () => {
    const all = Promise.all([timed(left), timed(stays)]);
    await clock.sleep(1_000);
    left.isUnwanted = true;
    const ends = await all;
    await store.close();
    return ends;
  })());
  const why = "node:1: nothing answers";
  const failed: End = { end: "failed", failure: { kind: "unavailable", why } };
  assert.deepEqual(ends, [failed, failed]);
  const [leftMs = 0, staysMs = 0] = endMs;
  assert.ok(leftMs >= 1_000 && leftMs <= 1_200, `${leftMs}`);
  assert.ok(staysMs >= 10_000 && staysMs <= 10_200, `${staysMs}`);
  assert.deepEqual([left.encoded, stays.encoded], [0, 0]);
});
