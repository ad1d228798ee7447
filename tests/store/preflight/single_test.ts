/** Proves the sentence for each single node that cannot be used, with real nodes where possible. */
import assert from "assert";
import { addressText } from "../../../lib/base/address.ts";
import { Certificates, OPENSSL } from "../../helpers/certificates.ts";
import { testWith } from "../../helpers/needs.ts";
import { REDIS, startRedis } from "../../helpers/redis_cluster.ts";
import { FakeNode } from "../fake_node.ts";
import { assertRefused, check } from "./stores.ts";

testWith(
  REDIS,
  "preflight of one node: a durable one is used, and its settings matter",
  async () => {
    await using node = await startRedis();
    const url = `redis://${node.name}`;
    const { warnings, ...facts } = await check(url);
    assert.match(facts.product, /^Redis \d+\.\d+\.\d+$/);
    assert.deepEqual(facts.masters, [node.address]);
    assert.deepEqual(facts.replicas, []);
    assert.equal(warnings, "");
    await assertRefused(
      `redis-cluster://${node.name}`,
      /is not a node of a cluster: use redis:\/\//,
    );
    const set = (name: string, value: string) => node.ask("CONFIG", "SET", name, value);
    await set("maxmemory-policy", "allkeys-lru");
    await assertRefused(url, /has maxmemory-policy allkeys-lru, .*: set it to noeviction$/);
    await set("maxmemory-policy", "noeviction");
    for (const when of ["everysec", "no"]) {
      await set("appendfsync", when);
      await assertRefused(url, new RegExp(`has appendfsync ${when}, .*: set it to always$`));
    }
    await set("appendfsync", "always");
    await set("appendonly", "no");
    await assertRefused(url, /has appendonly no, .*: set appendonly yes and appendfsync always$/);
    await set("appendonly", "yes");
    await node.ask("REPLICAOF", "127.0.0.1", "1");
    await assertRefused(
      url,
      /is a replica, .*: use its master, which it knows as "127\.0\.0\.1:1"$/,
    );
    await node.ask("REPLICAOF", "NO", "ONE");
    assert.equal((await check(url)).warnings, "");
    await node.kill();
    await assertRefused(
      url,
      /cannot connect to .*: check the URL of --store, and that the store runs$/,
    );
  },
);

testWith(REDIS, "preflight of one node: users, passwords and permissions", async () => {
  const config = [
    "user table on >table-pass ~* +@all",
    "user cautious on >cautious-pass ~* +@all -config",
    "user hasty on >hasty-pass ~* +@all -wait",
    "user blind on >blind-pass ~* +@all -info",
  ];
  await using node = await startRedis({ password: "right-pass", config });
  const { name } = node;
  await assertRefused(`redis://${name}`, /requires a password: set it with --store-password-file/);
  const wrong = { password: "wrong-pass" };
  await assertRefused(`redis://${name}`, /rejects the password: check the user in the URL/, wrong);
  await assertRefused(`redis://table@${name}`, /rejects user "table": check the user/, wrong);
  for (const [user, password] of [["", "right-pass"], ["table@", "table-pass"]] as const) {
    assert.equal((await check(`redis://${user}${name}`, { password })).warnings, "");
  }
  const cautious = await check(`redis://cautious@${name}`, { password: "cautious-pass" });
  assert.match(cautious.warnings, /CONFIG is forbidden, so it is not known/);
  const hasty = { password: "hasty-pass" };
  await assertRefused(`redis://hasty@${name}`, /'wait'.*: the user of --store needs/, hasty);
  const blind = { password: "blind-pass" };
  await assertRefused(`redis://blind@${name}`, /'info'.*: the user of --store needs/, blind);
});

testWith(REDIS, "preflight of one node: a node of a cluster needs another URL", async () => {
  await using node = await startRedis({ nodeTimeoutMs: 2_000 });
  await assertRefused(`redis://${node.name}`, /is a node of a cluster: use redis-cluster:\/\//);
});

testWith([...REDIS, ...OPENSSL], "preflight of one node: TLS", async () => {
  await using certificates = await Certificates.inFolder();
  const authority = await certificates.selfSigned(["DNS:authority"], true);
  const own = await certificates.signedBy(authority, ["IP:127.0.0.1"]);
  const other = await certificates.selfSigned(["DNS:other"], true);
  const { certFile, keyFile } = own;
  const tls = { certFile, keyFile, caFile: authority.certFile, caCert: authority.cert };
  await using node = await startRedis({ tls });
  assert.equal((await check(`rediss://${node.name}`, { ca: authority.cert })).warnings, "");
  await assertRefused(`rediss://${node.name}`, /no public authority signed: .*--store-ca$/);
  const wrong = { ca: other.cert };
  await assertRefused(`rediss://${node.name}`, /whose issuer --store-ca does not trust$/, wrong);
  await assertRefused(`redis://${node.name}`, /does it require TLS\?/);
});

const USUAL = [
  ...["redis_version:7.2.4", "redis_mode:standalone", "role:master", "loading:0", "aof_enabled:1"],
  "maxmemory_policy:noeviction",
];

/** A node with these lines in its reply to `INFO`. Of two lines with a name, the later counts. */
function nodeWith(...lines: string[]): FakeNode {
  const text = `# Server\r\n${lines.join("\r\n")}\r\n`;
  return new FakeNode(([name, second]) => {
    if (name === "HELLO") return undefined;
    if (name === "INFO") return `$${text.length}\r\n${text}\r\n`;
    if (name === "CONFIG") return "*2\r\n$11\r\nappendfsync\r\n$6\r\nalways\r\n";
    return name === "SCRIPT" && second === "LOAD" ? "+sha\r\n" : ":0\r\n";
  });
}

Deno.test("preflight of one node: versions, Valkey, and nodes that say little or wrong things", async () => {
  const cases: readonly [string[], RegExp][] = [
    [[...USUAL, "redis_version:6.2.14"], /is "Redis 6\.2\.14", .*needs Redis 7 or later/],
    [[...USUAL, "redis_version:x\u001b[2J"], /is "Redis x\\u001b/],
    [[], /is "Redis ", and a table needs/],
    [[...USUAL, "loading:1"], /still loads its data: start again when it is done$/],
  ];
  for (const [lines, sentence] of cases) {
    await using node = nodeWith(...lines);
    await assertRefused(`redis://${addressText(node.address)}`, sentence);
  }
  await using valkey = nodeWith(...USUAL, "server_name:valkey", "valkey_version:8.0.1");
  const facts = await check(`redis://${addressText(valkey.address)}`);
  assert.equal(facts.product, "Valkey 8.0.1");
  await using quiet = nodeWith(...USUAL.slice(0, -1));
  const { warnings } = await check(`redis://${addressText(quiet.address)}`);
  assert.match(warnings, /does not report its maxmemory-policy/);
});

Deno.test("preflight of one node: (I9) a node that replies nonsense, or ends, is refused", async () => {
  for (
    const reply of ["*-1\r\n", "*1\r\n*0\r\n", ":1\r\n", "$3\r\nabc\r\n", "-ERR x\r\n", "nonsense"]
  ) {
    await using node = new FakeNode(([name]) => name === "HELLO" ? undefined : reply);
    await assertRefused(`redis://${addressText(node.address)}`, /./);
  }
  await using ending = new FakeNode(([name], peer) => {
    if (name !== "HELLO") peer.hangUp();
    return undefined;
  });
  await assertRefused(`redis://${addressText(ending.address)}`, /does not answer/);
});
