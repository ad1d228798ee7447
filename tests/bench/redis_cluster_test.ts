import assert from "assert";
import { RespError } from "../../bench/harness/redis/resp_client.ts";
import { Certificates, OPENSSL } from "../helpers/certificates.ts";
import { testWith } from "../helpers/needs.ts";
import { REDIS, RedisCluster, startRedis, testWithCluster } from "../helpers/redis_cluster.ts";

/** A key with this slot is "a". */
const SLOT = 15_495;

testWithCluster(
  "a Redis Cluster fails over, takes a node back, and moves slots",
  async (cluster) => {
    const first = await cluster.masterOf(SLOT);
    assert.equal(await cluster.slotOf("a"), SLOT);
    await first.ask("SET", "a", "1");
    await first.ask("WAIT", 1, 0);
    await first.kill();
    const second = await cluster.waitForFailover(SLOT, first);
    assert.equal(await second.ask("GET", "a"), "1");

    await first.start();
    await cluster.waitUntilHealthy();
    assert.deepEqual(await cluster.replicasOf(second), [first]);
    second.stop();
    assert.equal(await cluster.waitForFailover(SLOT, second), first);
    second.continue();
    await cluster.waitUntilHealthy();

    const other = (await cluster.masters()).find((node) => node !== first);
    assert.ok(other);
    await cluster.reshard([SLOT, SLOT + 1], first, other);
    assert.equal(await other.ask("GET", "a"), "1");
    assert.equal(await cluster.masterOf(SLOT), other);
    const added = await cluster.addReplica(other);
    assert.ok((await cluster.replicasOf(other)).includes(added));
  },
  { nodeTimeoutMs: 500 },
);

testWith(REDIS, "the end of a Redis Cluster ends its processes and removes its files", async () => {
  const cluster = await RedisCluster.start({ masters: 1, replicas: 1, nodeTimeoutMs: 500 });
  const pids = cluster.nodes.map(({ pid }) => pid);
  cluster.nodes[1]?.stop();
  await cluster[Symbol.asyncDispose]();
  for (const pid of pids) assert.throws(() => Deno.kill(pid, "SIGCONT"), Deno.errors.NotFound);
  for (const { folder } of cluster.nodes) assert.throws(() => Deno.statSync(folder));
});

testWith(
  [...REDIS, ...OPENSSL],
  "a Redis Cluster with TLS and a password moves slots",
  async () => {
    await using certificates = await Certificates.inFolder();
    const authority = await certificates.selfSigned(["DNS:authority"], true);
    const { certFile, keyFile } = await certificates.signedBy(authority, ["IP:127.0.0.1"]);
    await using cluster = await RedisCluster.start({
      password: "secret",
      tls: { certFile, keyFile, caFile: authority.certFile, caCert: authority.cert },
    });
    const from = await cluster.masterOf(SLOT);
    await from.ask("SET", "a", "1");
    const to = cluster.nodes[0];
    assert.ok(to && to !== from);
    await cluster.reshard([SLOT], from, to);
    assert.equal(await to.ask("GET", "a"), "1");
  },
);

testWith(REDIS, "a single Redis keeps its data over a kill", async () => {
  await using node = await startRedis({ password: "secret" });
  await node.ask("SET", "a", "1");
  await node.kill();
  await node.start();
  assert.equal(await node.ask("GET", "a"), "1");
  await assert.rejects(node.ask("HGET", "a", "b"), RespError);
});
