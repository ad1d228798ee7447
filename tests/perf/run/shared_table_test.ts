/** Proves that testperf measures a shared table at all of its servers, and goes on when one ends. */
import assert from "assert";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { measure } from "../../../lib/perf/measure.ts";
import { headingLines } from "../../../lib/perf/results/heading.ts";
import { readWholeRun } from "../../../lib/perf/results/read_run.ts";
import { agentOf } from "../../../lib/perf/run/agent.ts";
import { LocalShare } from "../../../lib/perf/run/local_share.ts";
import { Observer } from "../../../lib/perf/run/observer.ts";
import { runStages } from "../../../lib/perf/run/run.ts";
import type { FakeServer } from "../../client/fake_server.ts";
import { SharedServers } from "../../client/shared_servers.ts";

const NAME = "spread-a4";

/** Requests that are sent by clients of a run, not by an observer. */
const MEASURED = /^\{"method":"(insert|lookup|scan|remove)"/;

function requestsAt({ lines }: FakeServer): number {
  return lines.filter((line) => MEASURED.test(line)).length;
}

Deno.test("shared: testperf spreads its clients evenly, and its result names the servers", async () => {
  await using servers = new SharedServers(NAME, 3);
  const config = parseTestPerfConfig([NAME, "--clients", "8", "--ops", "20", "--quiet"], {});
  const { options } = servers.catalog;
  const { data, notes, isGood } = await measure(config, options, { note: assert.fail });
  assert.ok(isGood, notes.join("\n"));
  assert.ok(data.format === "testperf run");
  const counts = data.servers?.map(({ clients }) => clients).toSorted();
  assert.deepEqual(counts, [2, 3, 3]);
  assert.deepEqual(
    data.servers?.map(({ server }) => server).toSorted(),
    servers.servers.map(({ target }) => target).toSorted(),
  );
  assert.equal(data.server, data.servers?.[0]?.server);
  assert.equal(data.instance, null, "no single process");
  // Each client has four stages, and its share of the preparation.
  for (const server of servers.servers) assert.ok(requestsAt(server) >= 2 * 80, server.target);
  assert.equal(servers.table.values.size, 0);
  const [one, two, three] = data.servers ?? [];
  assert.match(
    headingLines(data)[0] ?? "",
    new RegExp(
      `, servers ${one?.server} \\(3 clients\\), ${two?.server} \\(3\\), ${three?.server} \\(2\\)$`,
    ),
  );

  const text = JSON.stringify(data);
  assert.deepEqual(readWholeRun(text), data);
  assert.throws(() => readWholeRun(text.replace('"clients":3', '"clients":"3"')), /servers is/);
});

Deno.test("shared: the clients of several processes continue one sequence of servers", async () => {
  await using servers = new SharedServers(NAME, 4);
  const { catalog } = servers;
  await using found = await catalog.connect();
  const events = { onProgress() {}, onNote() {} };
  const shares = [new LocalShare(events), new LocalShare(events), new LocalShare(events)];
  const { server } = await runStages({
    config: parseTestPerfConfig([NAME, "--clients", "9", "--ops", "1", "--quiet"], {}),
    connection: catalog.options,
    seed: 5,
    shares,
    at: { servers: found.servers, table: found.table },
    events: { onNote: assert.fail },
  });
  await Promise.all(shares.map((share) => share.close()));
  assert.deepEqual(Object.values(server.clientsAt).toSorted(), [2, 2, 2, 3]);
});

Deno.test("shared: testperf goes on when servers end, with all values right", async () => {
  await using servers = new SharedServers(NAME, 3);
  const config = parseTestPerfConfig([
    NAME,
    ...["--clients", "8", "--pipeline", "2", "--ops", "200", "--quiet"],
    ...["--operations", "insert,lookup,remove"],
  ], {});
  const ending: Promise<void>[] = [];
  const end = (server: FakeServer | undefined) => {
    if (server !== undefined) ending.push(server[Symbol.asyncDispose]());
  };
  let [inserts, removes] = [0, 0];
  servers.onRequest = ({ method }) => {
    if (method === "insert" && ++inserts === 500) end(servers.servers[0]);
    if (method === "remove" && ++removes === 500) end(servers.servers[1]);
  };
  const { options } = servers.catalog;
  const { data, notes, isGood } = await measure(config, options, { note: assert.fail });
  await Promise.all(ending);
  assert.equal(ending.length, 2);
  assert.ok(isGood, notes.join("\n"));
  assert.ok(data.format === "testperf run");
  for (const { stage, sum } of data.stages) {
    assert.deepEqual([sum.ops, sum.errors], [1_600, {}], stage);
    for (const { connectionLost, fromUnixMs, toUnixMs } of sum.gaps) {
      // The pause is a few milliseconds; a search in the catalogs is not necessary.
      assert.ok(connectionLost && toUnixMs - fromUnixMs < 10_000);
    }
  }
  assert.equal(servers.table.values.size, 0);
});

Deno.test("shared: an observer sees the processes at each server, with the latest start", async () => {
  await using servers = new SharedServers(NAME, 3);
  const { options } = servers.catalog;
  const [own, one, other] = [agentOf("a", 1), agentOf("b", 2), agentOf("c", 3)];
  await using observer = await Observer.connect(NAME, { ...options, agent: own });
  assert.equal(observer.server.servers.length, 3);
  const [first, , last] = servers.servers;
  assert.ok(first && last);
  const clients = [
    await servers.catalog.connect({ agent: one, at: { hostname: "127.0.0.1", port: first.port } }),
    await servers.catalog.connect({ agent: other, at: { hostname: "127.0.0.1", port: last.port } }),
  ];
  const agent = `${other} start 1800000000000`;
  await clients[1]?.request({ method: "hello", agent });
  assert.deepEqual(await observer.look(), new Map([[one, undefined], [other, 1_800_000_000_000]]));
  observer.count();
  await observer.look();
  assert.equal(observer.others, 2);
  assert.equal(observer.instance, null);
  // Others see its start at any server.
  await observer.announce(1_900_000_000_000);
  for (const server of servers.servers) {
    assert.ok(server.lines.some((line) => line.includes(`${own} start 1900000000000`)));
  }
  // A server that ends does not hide those at the others.
  await first[Symbol.asyncDispose]();
  assert.equal((await observer.look())?.get(other), 1_800_000_000_000);
  await Promise.all(clients.map((client) => client.close()));
});
