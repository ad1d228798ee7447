/** Gateways with stores that cannot be used: exit codes and messages of the program, and a store that fills up. */
import assert from "assert";
import { KeyError } from "../../../lib/client/errors.ts";
import { startRedis } from "../../../bench/harness/redis/redis_node.ts";
import { HtClient, TableFullError } from "../../../mod.ts";
import { isLong } from "../../helpers/long.ts";
import { testWith } from "../../helpers/needs.ts";
import { REDIS, RedisCluster, testWithCluster } from "../../helpers/redis_cluster.ts";
import { Gateway, type GatewayOptions, NAME, spawnGateway } from "./gateways.ts";

/** Asserts that a gateway does not start, and that its message is one sentence. */
async function assertRefused(
  url: string,
  exitCode: number,
  sentence: RegExp,
  options?: GatewayOptions,
): Promise<void> {
  await using program = spawnGateway(url, options);
  assert.equal(await program.exitCode(), exitCode, program.stderr);
  assert.equal(program.stdout, "");
  assert.match(program.stderr, /^htserver: [^\n]+\n$/, "one line");
  assert.match(program.stderr, sentence);
  assert.doesNotMatch(program.stderr, /secret|undefined| {4}at |Error:/);
}

const META = `ht:{${NAME}:meta}`;

testWith(REDIS, "cluster: the program refuses a single store that it cannot use", async () => {
  await using node = await startRedis();
  const url = `redis://${node.name}`;
  await assertRefused(`redis://default:secret@${node.name}`, 2, /must not have a password/);
  await assertRefused(`http://${node.name}`, 2, /must be redis-cluster:/);
  await assertRefused(`redis-cluster://${node.name}`, 1, /is not a node of a cluster/);
  await node.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
  await assertRefused(url, 1, /set it to noeviction/);
  await node.ask("CONFIG", "SET", "maxmemory-policy", "noeviction");
  await node.ask("REPLICAOF", "127.0.0.1", "1");
  await assertRefused(url, 1, /is a replica/);
  await node.ask("REPLICAOF", "NO", "ONE");
  const other = { format: 1, name: "other", table: crypto.randomUUID(), seed: "0".repeat(16) };
  for (
    const content of [
      "not JSON",
      "{}",
      JSON.stringify({ ...other, buckets: 16_384, created: "2026-01-01T00:00:00.000Z" }),
      JSON.stringify({ ...other, name: NAME, format: 2, buckets: 16_384 }),
      JSON.stringify({ ...other, name: NAME, buckets: 7 }),
    ]
  ) {
    await node.ask("SET", META, content);
    await assertRefused(url, 1, /^htserver: Cannot serve .* nothing was changed\n$/);
    assert.equal(await node.ask("GET", META), content, "nothing is changed");
  }
  await node.ask("DEL", META);
  await node.ask("RPUSH", META, "a list");
  await assertRefused(url, 1, /^htserver: Cannot serve .* cannot be read or made .*WRONGTYPE/);
  assert.deepEqual(await node.ask("LRANGE", META, 0, -1), ["a list"], "nothing is changed");
  await node.kill();
  await assertRefused(url, 1, /cannot connect to/);
});

testWith(REDIS, "cluster: the program refuses a store with another password", async () => {
  await using node = await startRedis({ password: "right-secret" });
  const url = `redis://${node.name}`;
  await assertRefused(url, 1, /requires a password/);
  const env = { HTSERVER_STORE_PASSWORD: "wrong-secret" };
  await assertRefused(url, 1, /rejects the password/, { env });
  await using gateway = await Gateway.start(url, {
    env: { HTSERVER_STORE_PASSWORD: "right-secret" },
  });
  const command = await Deno.readTextFile(`/proc/${gateway.program.pid}/cmdline`);
  assert.doesNotMatch(command, /secret/);
  const client = await HtClient.connect(`127.0.0.1:${gateway.address.port}`);
  await client.insert("a", 1);
  assert.doesNotMatch(JSON.stringify(await client.request({ method: "info" })), /secret/);
  await client.close();
  assert.doesNotMatch(gateway.program.stderr, /secret/);
});

testWith(REDIS, "cluster: the program refuses a cluster without replicas", async () => {
  await using cluster = await RedisCluster.start({ masters: 1, replicas: 0 });
  await assertRefused(cluster.url, 1, /has no replica/);
  await using gateway = await Gateway.start(`${cluster.url}?replicas=0`);
  const client = await HtClient.connect(`127.0.0.1:${gateway.address.port}`);
  await client.insert("a", 1);
  assert.equal(await client.lookup("a"), 1);
  await client.close();
});

/** Fills a store until it refuses, and asserts that reads and removes still work and nothing is lost. */
async function assertFullStoreWorks(url: string, fill: () => Promise<void>): Promise<void> {
  await using gateway = await Gateway.start(url);
  const client = await HtClient.connect(`127.0.0.1:${gateway.address.port}`);
  try {
    const value = "x".repeat(10_000);
    for (let number = 0; number < 100; number++) await client.insert(`key ${number}`, value);
    await fill();
    await assert.rejects(client.insert("one more", value), TableFullError);
    await assert.rejects(client.insert("key 0", "other"), TableFullError);
    await assert.rejects(client.lookup("one more"), KeyError);
    await assert.rejects(client.remove("one more"), KeyError);
    assert.equal(await client.size(), 100);
    for (let number = 0; number < 100; number++) {
      assert.equal(await client.lookup(`key ${number}`), value);
    }
    for (let number = 0; number < 100; number += 2) {
      assert.equal(await client.remove(`key ${number}`), value);
    }
    assert.equal(await client.size(), 50);
    const keys = (await client.scan("")).map(([key]) => key).sort();
    const expected = Array.from({ length: 50 }, (_, at) => `key ${2 * at + 1}`).sort();
    assert.deepEqual(keys, expected);
    assert.equal(client.connections, 1, "the client stays connected");
  } finally {
    await client.close();
  }
}

testWith(REDIS, "cluster: a full single store refuses inserts only", async () => {
  await using node = await startRedis();
  await assertFullStoreWorks(`redis://${node.name}`, async () => {
    await node.ask("CONFIG", "SET", "maxmemory", 1);
  });
});

// With fenced reads in the long form: `tests/store/cluster/real_cluster_test.ts` has a short one.
for (const reads of isLong ? ["plain", "fenced"] : ["plain"]) {
  testWithCluster(
    `cluster: a full store with ${reads} reads refuses inserts only`,
    async (cluster) => {
      const url = `${cluster.url}${reads === "fenced" ? "?reads=fenced" : ""}`;
      await assertFullStoreWorks(url, async () => {
        for (const node of cluster.nodes) await node.ask("CONFIG", "SET", "maxmemory", 1);
      });
    },
  );
}
