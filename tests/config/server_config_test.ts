/** Proves the accepted and rejected values of each flag of `htserver`, and its default. */
import assert from "assert";
import { RUNTIME_BYTES } from "../../lib/base/limits.ts";
import type { Environment } from "../../lib/config/command_line.ts";
import { parseServerConfig, type ServerConfig } from "../../lib/config/server_config.ts";
import { checkFlags, type FlagCases, printed, usageError } from "./command_lines.ts";
import { testsOf } from "../helpers/pure.ts";

const MEMORY_BYTES = 4_000_000_000;

const test = testsOf("server_config");

function parse(args: string[], env: Environment = {}): ServerConfig {
  return parseServerConfig(args, env, MEMORY_BYTES);
}

const SIZES = ["3999", "256.1MB", "16MiB", "-1", "many"];

const FLAGS: Record<string, FlagCases<ServerConfig>> = {
  "--host": { good: [[["127.0.0.1"], { host: "127.0.0.1" }]], bad: [] },
  "--port": {
    good: [[["0"], { port: 0 }], [["65535"], { port: 65_535 }]],
    bad: ["65536", "-1", "http", "1.5", ""],
  },
  "--port-file": { good: [[["a b/port"], { portFile: "a b/port" }]], bad: [] },
  "--data": { good: [[["a b/data"], { dataFolder: "a b/data" }]], bad: [] },
  "--memory": { good: [[[], { dataFolder: undefined }]], bad: [] },
  "--fsync": {
    good: (["always", "interval", "never"] as const).map((fsync) => [[fsync], { fsync }]),
    bad: ["sometimes", "1"],
  },
  "--compact-entries": { good: [[["100"], { compactEntries: 100 }]], bad: ["0", "-1", "many"] },
  "--compact-bytes": { good: [[["1MB"], { compactBytes: 1_000_000 }]], bad: ["999", "many"] },
  "--catalog": {
    good: [
      [["a,b:80"], { catalogs: [{ hostname: "a", port: 9_097 }, { hostname: "b", port: 80 }] }],
    ],
    bad: ["http://x", "a:b:c d"],
  },
  "--no-catalog": { good: [[[], { catalogs: [] }]], bad: [] },
  "--catalog-interval": {
    good: [[["0.5"], { catalogIntervalMs: 500 }], [["86400"], { catalogIntervalMs: 86_400_000 }]],
    bad: ["0", "0.01", "1m", "-5", "86401"],
  },
  "--local-catalog": {
    good: [[["off"], { localCatalogPort: undefined }], [["9000"], { localCatalogPort: 9_000 }]],
    bad: ["on", "0", "65536"],
  },
  "--owner": { good: [[["me"], { owner: "me" }]], bad: ["a b", "\u00e9", "x".repeat(129)] },
  "--advertise": {
    good: [
      [["h.org"], { advertise: { hostname: "h.org", port: undefined } }],
      [["h.org:80"], { advertise: { hostname: "h.org", port: 80 } }],
      [["[::1]:80"], { advertise: { hostname: "::1", port: 80 } }],
      [["::1"], { advertise: { hostname: "::1", port: undefined } }],
    ],
    bad: ["h.org:0", "h.org:65536", "http://h", "a b"],
  },
  "--takeover": { good: [[[], { takeover: true }]], bad: [] },
  "--max-clients": {
    good: [[["1"], { maxClients: 1 }], [["1000000"], { maxClients: 1_000_000 }]],
    bad: ["0", "1000001", "1e3", "all"],
  },
  "--max-request": {
    good: [[["8KB"], { maxRequestBytes: 8_000 }], [["256MB"], { maxRequestBytes: 256_000_000 }]],
    bad: SIZES,
  },
  "--max-reply": {
    good: [
      [["4KB"], { maxReplyBytes: 4_000, maxOutputHardBytes: 1_004_000 }],
      [["1.5MB"], { maxReplyBytes: 1_500_000, maxOutputHardBytes: 2_500_000 }],
    ],
    bad: SIZES,
  },
  "--max-clients-per-address": {
    good: [[["5"], { maxClientsPerAddress: 5 }]],
    bad: ["0", "few"],
  },
  "--max-connect-rate": { good: [[["100"], { maxConnectsPerSecond: 100 }]], bad: ["0", "0.5"] },
  "--max-output-hard": {
    good: [[["8MB"], { maxOutputHardBytes: 8_000_000 }]],
    bad: ["3999", "999KB", "much"],
  },
  "--max-buffers": { good: [[["200MB"], { maxBufferBytes: 200_000_000 }]], bad: ["999KB", "some"] },
  "--max-in-flight": { good: [[["1"], { maxInFlight: 1 }]], bad: ["0", "all"] },
  "--max-cursors": { good: [[["10000"], { maxCursors: 10_000 }]], bad: ["0", "10001"] },
  "--max-scan-time": { good: [[["0.5"], { maxScanMs: 500 }]], bad: ["0", "off"] },
  "--idle-timeout": {
    good: [[["0.5"], { idleTimeoutMs: 500 }], [["off"], { idleTimeoutMs: Infinity }]],
    bad: ["0", "on", "-1", "1h"],
  },
  "--request-timeout": {
    good: [[["30"], { requestTimeoutMs: 30_000 }]],
    bad: ["0", "off", "never"],
  },
  "--max-output": { good: [[["1MB"], { maxOutputBytes: 1_000_000 }]], bad: SIZES },
  "--max-memory": {
    good: [[["500MB"], { maxTableBytes: 500_000_000 }], [["3GB"], { maxTableBytes: 3e9 }]],
    bad: ["99999", "34.4GB", "half"],
  },
  "--token-file": { good: [[["t"], { tokenFile: "t" }]], bad: [] },
  "--debug": { good: [[[], { isDebugging: true }]], bad: [] },
  "--log-format": { good: [[["json"], { logFormat: "json" }], [["text"], {}]], bad: ["xml", ""] },
};

test("every flag accepts its good values and rejects others, and help lists these flags", () => {
  // `check_repair_config.ts` reads the first two; the two of TLS need each other; `store_config_test.ts`
  // has those of the store.
  checkFlags(
    (...args) => parse(["me-a4-x", ...args]),
    FLAGS,
    [
      ...["--check", "--repair", "--tls-cert", "--tls-key"],
      ...["--store", "--store-password-file", "--store-ca"],
    ],
  );
});

Deno.test("fault: small: `--advertise 0.0.0.0` and other addresses that no client can reach are refused", () => {
  const unreachable = ["0.0.0.0", "0.0.0.0:80", "[::]:80", "::", "224.0.0.1", "255.255.255.255"];
  for (const text of [...unreachable, "ff02::1", "fe80::1", "[fe80::1%eth0]:80", "0x7f.1", "1"]) {
    assert.throws(
      () => parse(["me-a4-x", "--advertise", text]),
      /Clients cannot connect to it: it must be a host name, or an address of one machine/,
      text,
    );
  }
});

test("without flags, the defaults are those of the contract", () => {
  assert.deepEqual(parse(["me-a4-x"]), {
    project: "me-a4-x",
    owner: "unknown",
    host: undefined,
    port: 0,
    portFile: undefined,
    catalogs: [
      { hostname: "catalog.cse.nd.edu", port: 9_097 },
      { hostname: "backup-catalog.cse.nd.edu", port: 9_097 },
    ],
    catalogIntervalMs: 60_000,
    localCatalogPort: 9_097,
    advertise: undefined,
    takeover: false,
    store: undefined,
    dataFolder: "me-a4-x.ht",
    fsync: "always",
    compactEntries: undefined,
    compactBytes: undefined,
    maxClients: 12_000,
    maxClientsPerAddress: 11_000,
    maxConnectsPerSecond: 2_000,
    maxRequestBytes: 16 * 2 ** 20,
    maxReplyBytes: 64 * 2 ** 20,
    maxOutputBytes: 1_000_000,
    maxOutputHardBytes: 64 * 2 ** 20 + 1_000_000,
    maxBufferBytes: MEMORY_BYTES / 8,
    maxTableBytes: (MEMORY_BYTES - RUNTIME_BYTES) / 2,
    maxInFlight: 1_024,
    maxCursors: 16,
    maxScanMs: 5_000,
    idleTimeoutMs: 3_600_000,
    requestTimeoutMs: 120_000,
    tokenFile: undefined,
    tlsFiles: undefined,
    isDebugging: false,
    logFormat: "text",
  });
});

test("--memory and --data contradict each other", () => {
  assert.match(usageError(() => parse(["a", "--memory", "--data", "d"])), /choose one/);
});

test("a certificate and its key need each other", () => {
  const files = ["--tls-cert", "c", "--tls-key", "k"] as const;
  assert.deepEqual(parse(["a", ...files]).tlsFiles, { certFile: "c", keyFile: "k" });
  assert.match(usageError(() => parse(["a", "--tls-cert", "c"])), /--tls-key is missing/);
  assert.match(usageError(() => parse(["a", "--tls-key", "k"])), /--tls-cert is missing/);
});

test("a server has exactly one name, in characters that a catalog leaves unchanged", () => {
  assert.match(usageError(() => parse([])), /missing required argument 'name'/);
  assert.match(usageError(() => parse(["a", "b"])), /too many arguments/);
  for (const name of ["a b", "", "a/b", "caf\u00e9", "127.0.0.1:80", "x".repeat(129)]) {
    assert.match(usageError(() => parse([name])), /A name has 1 to 128 ASCII letters/);
  }
});

test("the owner is the user, without the characters that a catalog would change", () => {
  const owner = (env: Environment) => parse(["a"], env).owner;
  assert.equal(owner({ USER: "me", LOGNAME: "other" }), "me");
  assert.equal(owner({ USER: "", LOGNAME: "other" }), "other");
  assert.equal(owner({ USER: "a b\u00e9/c" }), "abc");
  assert.equal(owner({ USER: "\u00e9" }), "unknown");
  assert.equal(owner({ USER: "-x" }), "unknown");
  assert.equal(owner({ USER: "x".repeat(500) }), "x".repeat(128));
  assert.equal(parse(["a", "--owner", "you"], { USER: "me" }).owner, "you");
});

test("the environment names catalogs, and the flag overrides it", () => {
  const env = { CATALOG_HOST: "one.org", CATALOG_PORT: "9000" };
  assert.deepEqual(parse(["a"], env).catalogs, [{ hostname: "one.org", port: 9_000 }]);
  const { catalogs } = parse(["a", "--catalog", "two.org:1"], env);
  assert.deepEqual(catalogs, [{ hostname: "two.org", port: 1 }]);
  assert.deepEqual(parse(["a", "--no-catalog"], env).catalogs, []);
  assert.match(usageError(() => parse(["a"], { CATALOG_PORT: "x" })), /CATALOG_PORT.*'x'/);
});

test("flags may come before the name and with an equals sign", () => {
  const { port, project } = parse(["--port=80", "a"]);
  assert.deepEqual([port, project], [80, "a"]);
});

test("--help prints examples and defaults, and --version the version", () => {
  const help = printed(() => parse(["--help"])).replace(/\s+/g, " ");
  for (const words of ["Usage: htserver", "Examples:", "16 MiB", "64 MiB", "beyond 80MB"]) {
    assert.ok(help.includes(words), words);
  }
  assert.match(printed(() => parse(["--version"])), /^htserver \d+\.\d+\.\d+\n$/);
});

test("the limit on all buffers is enough for at least one client", () => {
  const { maxBufferBytes, maxRequestBytes, maxOutputHardBytes } = parseServerConfig(["a"], {}, 1e8);
  assert.equal(maxBufferBytes, maxRequestBytes + maxOutputHardBytes);
});
