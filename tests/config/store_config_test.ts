/** Proves the accepted and rejected URLs of `--store`, and its contradictions with other flags. */
import assert from "assert";
import { parseServerConfig } from "../../lib/config/server_config.ts";
import type { StoreConfig } from "../../lib/config/store_config.ts";
import { usageError } from "./command_lines.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("store_config");

const parse = (...args: string[]) => parseServerConfig(["me-a4-x", ...args], {}, 4e9);

const store = (url: string, ...args: string[]) => parse("--store", url, ...args).store;

const USUAL: StoreConfig = {
  kind: "cluster",
  addresses: [{ hostname: "a", port: 6_379 }],
  isTls: false,
  user: undefined,
  needsReplicas: true,
  hasFencedReads: false,
  passwordFile: undefined,
  caFile: undefined,
};

test("URLs of clusters and of single nodes", () => {
  assert.deepEqual(store("redis-cluster://a"), USUAL);
  const single: StoreConfig = { ...USUAL, kind: "single", needsReplicas: false };
  assert.deepEqual(store("redis://a"), single);
  assert.deepEqual(store("rediss://a:1"), {
    ...single,
    isTls: true,
    addresses: [{ hostname: "a", port: 1 }],
  });
  assert.deepEqual(store("rediss-cluster://me%40x@10.0.0.1:7000,b,[::1]:7001,[fe80::1%eth0]"), {
    ...USUAL,
    isTls: true,
    user: "me@x",
    addresses: [
      { hostname: "10.0.0.1", port: 7_000 },
      { hostname: "b", port: 6_379 },
      { hostname: "::1", port: 7_001 },
      { hostname: "fe80::1%eth0", port: 6_379 },
    ],
  });
  assert.deepEqual(store("redis-cluster://a?replicas=0"), { ...USUAL, needsReplicas: false });
  assert.deepEqual(store("redis-cluster://a?reads=fenced"), { ...USUAL, hasFencedReads: true });
  assert.deepEqual(store("redis-cluster://a?reads=fenced&replicas=0"), {
    ...USUAL,
    hasFencedReads: true,
    needsReplicas: false,
  });
  const files = ["--store-password-file", "p", "--store-ca", "c"];
  assert.deepEqual(store("rediss-cluster://a", ...files), {
    ...USUAL,
    isTls: true,
    passwordFile: "p",
    caFile: "c",
  });
});

test("with a store, a scan may take longer", () => {
  assert.equal(parse().maxScanMs, 5_000);
  assert.equal(parse("--store", "redis://a").maxScanMs, 30_000);
  assert.equal(parse("--store", "redis://a", "--max-scan-time", "2").maxScanMs, 2_000);
});

test("with a store, the server has no data folder", () => {
  assert.equal(parse("--store", "redis://a").dataFolder, undefined);
});

test("other URLs are rejected in a sentence", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /has no scheme$/],
    ["a:6379", /has no scheme$/],
    ["http://a", /"http" as its scheme/],
    ["REDIS://a", /"REDIS" as its scheme/],
    ["redis-clusters://a", /as its scheme/],
    ["redis://", /one is ""/],
    ["redis://a b", /one is "a b"/],
    ["redis://a:0", /one is "a:0"/],
    ["redis://a:65536", /one is "a:65536"/],
    ["redis-cluster://a,,b", /one is ""/],
    ["redis-cluster://::1]:2", /one is/],
    ["redis://a,b", /for one node, and the URL of --store names 2/],
    ["redis://a/0", /without a path or database number/],
    ["redis://a/", /without a path/],
    ["redis-cluster://a#x", /without a path/],
    ["redis-cluster://a?replicas=1", /the option "replicas" with a value/],
    ["redis-cluster://a?replicas=0&db=2", /the option "db"/],
    ["redis-cluster://a?READS=fenced", /the option "READS"/],
    ["redis://a?replicas=0", /'replicas=0', which is for clusters/],
    ["redis://a?reads=fenced", /'reads=fenced', which is for clusters/],
    ["redis://@a", /The user in the URL/],
    ["redis://a%b@a", /%25 is a percent sign/],
    ["redis://a%20b@a", /no white space/],
  ];
  for (const [url, sentence] of cases) {
    const message = usageError(() => store(url));
    assert.match(message, sentence, url);
    assert.match(message, /--store/);
  }
});

test("a password in the URL is rejected, and no message repeats it", () => {
  const urls = [
    ...["redis://:SECRET@a", "redis://u:SECRET@a:1", "redis-cluster://u:SE/CRET@a,b?replicas=0"],
    ...[
      "redis://u:SECRET?x@a",
      "redis:/u:SECRET@a",
      "u:SECRET@a",
      "http://u:SECRET@a",
      "redis://u:@a",
    ],
    ...["redis://u:SEC@RET@a", "redis-cluster://a,u:SECRET@b", "redis://u:SECRET#@a"],
  ];
  for (const url of urls) {
    for (const args of [["--store", url], [`--store=${url}`], ["--store", url, "--memory"]]) {
      const message = usageError(() => parse(...args));
      assert.match(message, /must not have a password.*--store-password-file/, url);
      assert.doesNotMatch(message, /SEC|RET/);
    }
  }
  assert.doesNotMatch(usageError(() => store("redis-cluster://a?password=SECRET")), /SECRET/);
});

test("flags of a table in this process contradict --store, each in its own sentence", () => {
  const flags = [
    ...["--data d", "--memory", "--fsync always", "--fsync never", "--compact-entries 5"],
    ...["--compact-bytes 1MB", "--max-memory 100MB"],
  ];
  for (const flag of flags) {
    const message = usageError(() => store("redis://a", ...flag.split(" ")));
    assert.ok(message.startsWith(`${flag.split(" ")[0]} `), message);
    assert.match(message, /--store keeps the table elsewhere: choose one$/);
  }
});

test("flags beside --store need it, and --store-ca needs TLS", () => {
  assert.match(usageError(() => parse("--store-password-file", "p")), /needs --store/);
  assert.match(usageError(() => parse("--store-ca", "c")), /needs --store/);
  for (const scheme of ["redis", "redis-cluster"]) {
    const message = usageError(() => store(`${scheme}://a`, "--store-ca", "c"));
    assert.match(message, /--store-ca is for TLS.*rediss/);
  }
});
