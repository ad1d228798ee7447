/** Proves the sentence for each cluster that cannot be used, with real clusters. */
import assert from "assert";
import { PATIENCE_MS } from "../../../bench/harness/program.ts";
import { sleep } from "../../../lib/base/clock.ts";
import { Certificates, OPENSSL } from "../../helpers/certificates.ts";
import { testWith } from "../../helpers/needs.ts";
import { REDIS, RedisCluster, testWithCluster } from "../../helpers/redis_cluster.ts";
import { assertRefused, check } from "./stores.ts";

testWithCluster(
  "preflight of a cluster: settings of all nodes, and nodes that are down",
  async (cluster) => {
    const [master, other, replica] = cluster.nodes;
    assert.ok(master && other && replica);
    const url = `redis-cluster://${master.name}`;
    const { warnings, masters, replicas } = await check(url);
    assert.equal(warnings, "");
    assert.deepEqual(masters.map(({ port }) => port).sort(), [master.port, other.port].sort());
    assert.equal(replicas.length, 2);
    assert.equal((await check(`redis-cluster://${replica.name}`)).warnings, "", "by a replica");
    await assertRefused(`redis://${master.name}`, /is a node of a cluster: use redis-cluster:\/\//);

    // The nodes that the URL does not name count, too.
    await replica.ask("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
    await assertRefused(url, new RegExp(`${replica.name} has maxmemory-policy volatile-ttl`));
    await replica.ask("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await replica.ask("CONFIG", "SET", "appendfsync", "everysec");
    const everysec = await check(url);
    assert.match(everysec.warnings, /appendfsync always/);
    assert.ok(everysec.warnings.includes(replica.name) && !everysec.warnings.includes(other.name));
    await replica.ask("CONFIG", "SET", "appendfsync", "always");
    await replica.ask("CONFIG", "SET", "appendonly", "no");
    const withoutFile = (await check(url)).warnings;
    assert.match(
      withoutFile,
      /set appendonly yes on all nodes: .* a master that starts again .* has lost the table/,
    );
    assert.ok(withoutFile.includes(replica.name) && !withoutFile.includes("appendfsync"));
    await replica.ask("CONFIG", "SET", "appendonly", "yes");

    // A node of the URL may be down, but not all.
    const down = "127.0.0.1:1";
    assert.match((await check(`${url},${down}`)).warnings, /in the URL of --store does not answer/);
    await assertRefused(
      `redis-cluster://${down},127.0.0.1:2`,
      /none of its 2 nodes in the URL answers .*127\.0\.0\.1:1.*127\.0\.0\.1:2/,
    );

    await replica.kill();
    const isFailed = async () =>
      (await cluster.view(master)).some(({ id, flags }) =>
        id === cluster.idOf(replica) && flags.includes("fail")
      );
    await until(isFailed);
    // A server of this cluster may start: its lookups work.
    assert.match((await check(url)).warnings, /no replica is connected to a master/);
    assert.match((await check(`${url}?replicas=0`)).warnings, /^$/);

    // Its replica is down, so nothing replaces it.
    const lost = (await cluster.view(master)).find(({ id }) => id === cluster.idOf(replica))
      ?.masterId;
    const lostMaster = [master, other].find((node) => cluster.idOf(node) === lost);
    assert.ok(lostMaster);
    await lostMaster.kill();
    const left = lostMaster === master ? other : master;
    const isDown = async () =>
      String(await left.ask("CLUSTER", "INFO")).includes("cluster_state:fail");
    await until(isDown);
    await assertRefused(
      `redis-cluster://${left.name}?replicas=0`,
      /cluster has lost its master|cluster is down|cannot connect/,
    );
  },
  { masters: 2 },
);

testWith(
  REDIS,
  "preflight of a cluster: slots without a master, and nodes of two clusters",
  async () => {
    const options = { masters: 1, replicas: 0 };
    await using first = await RedisCluster.start(options);
    await using second = await RedisCluster.start(options);
    const [one] = first.nodes, [two] = second.nodes;
    assert.ok(one && two);
    await assertRefused(first.url, /the master \S+ has no replica that works/);
    assert.equal((await check(`${first.url}?replicas=0`)).warnings, "");
    await assertRefused(
      `redis-cluster://${one.name},${two.name}?replicas=0`,
      /nodes of several clusters: 127\.0\.0\.1:\d+ is in another one/,
    );
    await one.ask("CLUSTER", "DELSLOTS", 5, 7);
    await assertRefused(`${first.url}?replicas=0`, /no master for 2 of its 16384 slots: .*fix/);
  },
);

/** Waits until something holds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!await holds()) {
    assert.ok(performance.now() < endMs, `waited too long until ${holds.name}`);
    await sleep(25);
  }
}

testWith([...REDIS, ...OPENSSL], "preflight of a cluster: TLS and a password", async () => {
  await using certificates = await Certificates.inFolder();
  const authority = await certificates.selfSigned(["DNS:authority"], true);
  const { certFile, keyFile } = await certificates.signedBy(authority, ["IP:127.0.0.1"]);
  const tls = { certFile, keyFile, caFile: authority.certFile, caCert: authority.cert };
  const password = "cluster-pass";
  await using cluster = await RedisCluster.start({ masters: 1, tls, password });
  assert.match(cluster.url, /^rediss-cluster:/);
  const { masters, replicas, warnings } = await check(cluster.url, {
    ca: authority.cert,
    password,
  });
  assert.deepEqual([masters.length, replicas.length, warnings], [1, 1, ""]);
  await assertRefused(cluster.url, /requires a password/, { ca: authority.cert });
});
