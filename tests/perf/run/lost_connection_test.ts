/** Proves that testperf continues after lost connections, and counts what it sent again. */
import assert from "assert";
import { KeyError } from "../../../lib/client/errors.ts";
import { LineClient } from "../../../lib/client/line_client.ts";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { measure } from "../../../lib/perf/measure.ts";
import { readWholeRun } from "../../../lib/perf/results/read_run.ts";
import { Keys } from "../../../lib/perf/workload/keys.ts";
import { TableWorkload } from "../../../lib/perf/workload/operation.ts";
import { SharedServers } from "../../client/shared_servers.ts";

const NAME = "lost-a4";

Deno.test("testperf: a remove of a lost connection is sent again, and counts as done", async () => {
  let removes = 0;
  await using servers = new SharedServers(NAME, 1, {
    // Every 20th remove is executed, and has no reply.
    beforeReply: ({ method, hangUp }) => {
      if (method !== "remove" || ++removes % 20 > 0) return;
      hangUp();
      return "drop";
    },
  });
  const flags = ["--clients", "3", "--pipeline", "2", "--ops", "200", "--quiet"];
  const config = parseTestPerfConfig([NAME, ...flags, "--operations", "insert,remove"], {});
  const { options } = servers.catalog;
  const { data, notes, isGood } = await measure(config, options, { note: assert.fail });
  assert.ok(isGood, notes.join("\n"));
  assert.ok(data.format === "testperf run");
  const [insert, remove] = data.stages;
  assert.ok(insert && remove);
  assert.deepEqual([insert.sum.ops, insert.sum.removedBefore], [600, 0]);
  assert.deepEqual([remove.sum.ops, remove.sum.errors], [600, {}]);
  const counts = remove.clients.map(({ removedBefore = 0 }) => removedBefore);
  const sum = counts.reduce((sum, count) => sum + count, 0);
  assert.ok(sum >= 600 / 20 - 1, `${counts}`);
  assert.equal(remove.sum.removedBefore, sum);
  assert.equal(remove.sum.operations.remove?.removedBefore, sum);
  assert.ok(notes.includes(
    `remove: ${sum} removes found no key when sent again after a lost connection, and count as done: the server had executed them before`,
  ));
  assert.equal(servers.table.values.size, 0);

  // Results with the member, of earlier versions without it, and with a wrong one.
  const text = JSON.stringify(data);
  assert.deepEqual(readWholeRun(text), data);
  readWholeRun(text.replaceAll(/"removedBefore":\d+,/g, ""));
  assert.throws(() => readWholeRun(text.replaceAll(/"removedBefore":\d+/g, '"removedBefore":"x"')));
});

Deno.test("testperf: a remove that was sent once fails, also after one that was sent again", async () => {
  let removes = 0;
  await using servers = new SharedServers(NAME, 1, {
    beforeReply: ({ method, hangUp }) => {
      if (method !== "remove" || ++removes > 1) return;
      hangUp();
      return "drop";
    },
  });
  const client = await LineClient.connect(NAME, servers.catalog.options);
  const ends: [unknown, boolean][] = [];
  let end = Promise.withResolvers<void>();
  const lane = new TableWorkload(new Keys(1), 100, true).lane(client, (error, before = false) => {
    ends.push([error, before]);
    end.resolve();
  });
  for (const operation of ["insert", "remove", "remove"] as const) {
    end = Promise.withResolvers();
    lane.start({ operation, key: 0 }, performance.now());
    await end.promise;
  }
  await client.close();
  assert.deepEqual(ends.slice(0, 2), [[undefined, false], [undefined, true]]);
  assert.ok(ends[2]?.[0] instanceof KeyError);
});
