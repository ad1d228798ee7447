/** Replies for which this process has no memory: a lookup fails, and the outcome of a remove is unknown. */
import assert from "assert";
import { machineTiming } from "../../../lib/base/clock.ts";
import { BucketKeys } from "../../../lib/store/bucket_keys.ts";
import { bucketSlots } from "../../../lib/store/bucket_slots.ts";
import { ClusterStore } from "../../../lib/store/cluster/cluster_store.ts";
import { NO_MEMORY } from "../../../lib/store/resp_reader.ts";
import { ScriptedHost } from "./scripted_link.ts";
import { type End, TestTable } from "./store_commands.ts";

Deno.test("cluster store: without memory for its reply, a remove is lost, and a lookup fails", async () => {
  const keys = new BucketKeys("test"), host = new ScriptedHost(machineTiming);
  const connected = Promise.withResolvers<void>();
  const store = new ClusterStore({
    seeds: [host.address],
    connect: async () => {
      const link = await host.connect();
      connected.resolve();
      return link;
    },
    scripts: [],
    slots: bucketSlots(keys),
    keys,
    isCluster: false,
  });
  const table = new TestTable(store, keys);
  const ends = Promise.all([table.lookup(1, "key"), table.remove(2, "key")]);
  await connected.promise;
  const [link] = host.links;
  while (link?.sent.length !== 3) await new Promise((resolve) => setImmediate(resolve));
  const error = new Error(`${NO_MEMORY} this server has no memory for a string of 9 bytes`);
  link.reply(error, error);
  const why = `node:1: ${error.message}`;
  const failed: End = { end: "failed", failure: { kind: "rejected", why } };
  assert.deepEqual(await ends, [failed, { end: "lost", why }]);
  await store.close();
});
