/** Proves what each flag of `testperf` takes, what it refuses, and what holds without it. */
import assert from "assert";
import { parseTestPerfConfig, type TestPerfConfig } from "../../lib/config/testperf_config.ts";
import { checkFlags, type FlagCases, usageError } from "../helpers/command_lines.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `testperf_config: ${name}`, permissions: "none", fn });
}

const parse = (...args: string[]) => parseTestPerfConfig(args, {});

const FLAGS: Record<string, FlagCases<TestPerfConfig>> = {
  "--ops": { good: [[["1"], { ops: 1 }]], bad: ["0", "-1", "1.5", "1e3", "100000001"] },
  "--clients": { good: [[["10000"], { clients: 10_000 }]], bad: ["0", "10001", "two"] },
  "--pipeline": { good: [[["16"], { pipeline: 16 }]], bad: ["0", "10001", "deep"] },
  "--value-size": {
    good: [[["2"], { valueBytes: 2 }], [["1MB"], { valueBytes: 1_000_000 }]],
    bad: ["1", "17MB", "1MiB", "large"],
  },
  "--verify": { good: [[[], { verify: true }]], bad: [] },
  "--no-verify": { good: [[[], { verify: false }]], bad: [] },
  "--basics": { good: [[[], { mode: "basics" }]], bad: [] },
  "--outliers": { good: [[[], { mode: "outliers" }]], bad: [] },
  "--json": { good: [[[], { json: true }]], bad: [] },
  "--quiet": { good: [[[], { quiet: true }]], bad: [] },
  "--catalog": { good: [[["a:1"], { catalogs: [{ hostname: "a", port: 1 }] }]], bad: ["a b"] },
  "--no-catalog": { good: [[[], { catalogs: [] }]], bad: [] },
  "--local-catalog": { good: [[["off"], { localCatalogPort: undefined }]], bad: ["0", "on"] },
  "--token-file": { good: [[["t"], { tokenFile: "t" }]], bad: [] },
  "--timeout": { good: [[["0.1"], { timeoutMs: 100 }]], bad: ["0", "86401", "soon"] },
};

test("every flag takes its good values and refuses others, and help lists these flags", () => {
  checkFlags((...args) => parse("me-a4-x", ...args), FLAGS);
});

test("without flags one client does 1,000 operations, one at a time, and checks each value", () => {
  const { catalogs, ...others } = parse("127.0.0.1:9999");
  assert.equal(catalogs.length, 2);
  assert.deepEqual(others, {
    target: "127.0.0.1:9999",
    mode: "performance",
    ops: 1_000,
    clients: 1,
    pipeline: 1,
    valueBytes: 100,
    verify: true,
    json: false,
    quiet: false,
    localCatalogPort: 9_097,
    tokenFile: undefined,
    timeoutMs: 60_000,
  });
});

test("one server, and one test of it", () => {
  assert.match(usageError(() => parse()), /missing required argument/);
  assert.match(usageError(() => parse("a", "b")), /too many arguments/);
  assert.match(usageError(() => parse("a", "--basics", "--outliers")), /choose one/);
});
