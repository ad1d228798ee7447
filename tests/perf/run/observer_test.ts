/** Proves that an observer sees the other testperf processes, and never delays a measurement. */
import assert from "assert";
import { HtClient } from "../../../lib/client/client.ts";
import { agentOf } from "../../../lib/perf/run/agent.ts";
import { Observer } from "../../../lib/perf/run/observer.ts";
import { FakeServer } from "../../client/fake_server.ts";
import { startServer } from "../../helpers/server.ts";

const OWN = agentOf("a", 1), OTHER = agentOf("b", 2);

Deno.test("observer: others are seen with their starts, and counted while this process measures", async () => {
  await using server = startServer();
  await using observer = await Observer.connect(server.target, { agent: OWN });
  const own = await HtClient.connect(server.target, { agent: OWN });
  {
    await using other = await Observer.connect(server.target, { agent: OTHER });
    assert.deepEqual(await observer.look(), new Map([[OTHER, undefined]]));
    await other.announce(1_800_000_000_000);
    assert.deepEqual(await observer.look(), new Map([[OTHER, 1_800_000_000_000]]));
    assert.equal(observer.others, null, "it does not count yet");
    observer.count();
    await observer.look();
    assert.equal(observer.others, 1);
  }
  while ((await observer.look())?.size !== 0);
  observer.count();
  assert.equal(observer.others, 1, "the largest number of all runs");
  observer.endCount();
  await using _late = await Observer.connect(server.target, { agent: OTHER });
  await using _later = await Observer.connect(server.target, { agent: agentOf("c", 3) });
  assert.equal((await observer.look())?.size, 2);
  assert.equal(observer.others, 1, "it has ended to count");
  assert.match(observer.instance ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(observer.server.table?.table, own.table?.table);
  await own.close();
});

Deno.test("observer: the keys of the table are counted before the measurement", async () => {
  await using server = startServer();
  await using observer = await Observer.connect(server.target, { agent: OWN });
  assert.equal(observer.earlierKeys, null);
  const client = await HtClient.connect(server.target);
  await client.insert("a", 1);
  await observer.look();
  assert.equal(observer.earlierKeys, 1);
  observer.count();
  await client.insert("b", 1);
  await observer.look();
  assert.equal(observer.earlierKeys, 1);
  await client.close();
});

Deno.test("observer: with a server of an earlier version, others are unknown", async () => {
  await using server = new FakeServer();
  await using observer = await Observer.connect(server.target, { agent: OWN });
  observer.count();
  await observer.announce(1_800_000_000_000);
  assert.equal(await observer.look(), undefined);
  assert.equal(observer.others, null);
});

Deno.test("observer: a server that is gone ends no measurement", async () => {
  const server = startServer();
  await using observer = await Observer.connect(server.target, { agent: OWN });
  observer.count();
  await observer.look();
  await server.server.stop();
  assert.equal(await observer.look(), undefined);
  await observer.announce(1_800_000_000_000);
  assert.equal(observer.others, 0);
});
