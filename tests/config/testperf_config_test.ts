/** Proves the accepted and rejected values of each flag of `testperf`, and its default. */
import assert from "assert";
import { parseTestPerfConfig, type TestPerfConfig } from "../../lib/config/testperf_config.ts";
import { checkFlags, type FlagCases, usageError } from "./command_lines.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("testperf_config");

const parse = (...args: string[]) => parseTestPerfConfig(args, {});

/** The defaults of `--sweep`. */
const SWEPT = { durationMs: 1_000, warmupMs: 200, scanLimitMs: 3_000 } as const;

const FLAGS: Record<string, FlagCases<TestPerfConfig>> = {
  "--ops": { good: [[["1"], { ops: 1 }]], bad: ["0", "-1", "1.5", "1e3", "100000001"] },
  "--duration": {
    good: [[["0.5"], { durationMs: 500 }], [["60"], { durationMs: 60_000 }]],
    bad: ["0", "-1", "long", "86401"],
  },
  "--warmup": { good: [[["1.5"], { warmupMs: 1_500 }], [["0"], {}]], bad: ["-1", "3601", "warm"] },
  "--rate": { good: [[["5000"], { ratePerS: 5_000 }]], bad: ["0", "0.5", "10000001", "fast"] },
  "--mix": {
    good: [
      [["lookup=90,insert=10"], { mix: { lookup: 90, insert: 10 }, keys: 10_000 }],
      [["scan=100"], { mix: { scan: 100 }, keys: 10_000 }],
      [["lookup=99.5,insert=0.5"], { mix: { lookup: 99.5, insert: 0.5 }, keys: 10_000 }],
    ],
    bad: [
      "lookup",
      "lookup=90",
      "lookup=90,insert=20",
      "lookup=50,lookup=50",
      "query=100",
      "lookup=80,insert=5,remove=15",
      "lookup=-10,insert=110",
      "toString=100",
    ],
  },
  "--keys": { good: [[["500"], { keys: 500 }]], bad: ["0", "1000000001", "many"] },
  "--distribution": {
    good: [
      [["uniform"], { distribution: { kind: "uniform" } }],
      [["zipf"], { distribution: { kind: "zipf", theta: 0.99 } }],
      [["zipf:1.2"], { distribution: { kind: "zipf", theta: 1.2 } }],
    ],
    bad: ["zipf:", "zipf:0", "zipf:11", "normal", "uniform:1"],
  },
  "--seed": {
    good: [[["0"], { seed: 0 }], [["17"], { seed: 17 }]],
    bad: ["-1", "4294967296", "x"],
  },
  "--key-prefix": {
    good: [[["run.1"], { keyPrefix: "run.1" }]],
    bad: ["", "a b", "a*", "caf\u00e9", "k".repeat(101)],
  },
  "--clients": { good: [[["10000"], { clients: 10_000 }]], bad: ["0", "10001", "two"] },
  "--processes": { good: [[["1"], { processes: 1 }]], bad: ["0", "257", "two"] },
  "--sweep": {
    good: [
      [[], { ...SWEPT, clients: 64, sweep: { maxClients: 64, repeats: 5 } }],
      [["16"], { ...SWEPT, clients: 16, sweep: { maxClients: 16, repeats: 5 } }],
    ],
    bad: ["0", "10001", "me-a4-x"],
  },
  "--operations": {
    good: [
      [["insert"], { operations: ["insert"] }],
      [["remove,insert"], { operations: ["insert", "remove"] }],
      [["lookup"], { operations: ["lookup"], keys: 10_000 }],
    ],
    bad: ["query", "insert,insert", "insert,", "insert lookup"],
  },
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
  "--csv": { good: [[["a.csv"], { csvFile: "a.csv" }]], bad: [] },
  "--plot": {
    good: [
      [["a.svg"], { plot: { file: "a.svg", form: "svg" } }],
      [["b/a.b.PNG"], { plot: { file: "b/a.b.PNG", form: "png" } }],
    ],
    bad: ["a.pdf", "a", "a.", ".svg", "a/.png", "a.svg/b", "svg"],
  },
  "--compare": { good: [[["a.json"], { compareFile: "a.json" }]], bad: [] },
  "--chart": { good: [[[], { chart: true }]], bad: [] },
  "--no-chart": { good: [[[], { chart: false }]], bad: [] },
  "--quiet": { good: [[[], { quiet: true }]], bad: [] },
  "--catalog": { good: [[["a:1"], { catalogs: [{ hostname: "a", port: 1 }] }]], bad: ["a b"] },
  "--no-catalog": { good: [[[], { catalogs: [] }]], bad: [] },
  "--local-catalog": { good: [[["off"], { localCatalogPort: undefined }]], bad: ["0", "on"] },
  "--token-in-clear": { good: [[[], { tokenInClear: true }]], bad: [] },
  "--token-file": { good: [[["t"], { tokenFile: "t" }]], bad: [] },
  "--ca": { good: [[["c"], { caFile: "c" }]], bad: [] },
  "--timeout": { good: [[["0.1"], { timeoutMs: 100 }]], bad: ["0", "86401", "soon"] },
};

test("every flag accepts its good values and rejects others, and help lists these flags", () => {
  checkFlags((...args) => parse("me-a4-x", ...args), FLAGS, ["--repeats"]);
});

test("without flags one client does 1,000 operations, one at a time, and checks each value", () => {
  const { catalogs, ...others } = parse("127.0.0.1:9999");
  assert.equal(catalogs.length, 2);
  assert.deepEqual(others, {
    target: "127.0.0.1:9999",
    mode: "performance",
    ops: 1_000,
    durationMs: undefined,
    warmupMs: 0,
    sweep: undefined,
    clients: 1,
    processes: 1,
    operations: ["insert", "lookup", "scan", "remove"],
    scanLimitMs: 15_000,
    pipeline: 1,
    ratePerS: undefined,
    keys: undefined,
    keyPrefix: undefined,
    distribution: undefined,
    mix: undefined,
    seed: undefined,
    valueBytes: 100,
    verify: true,
    json: false,
    csvFile: undefined,
    plot: undefined,
    compareFile: undefined,
    chart: undefined,
    quiet: false,
    localCatalogPort: 9_097,
    caFile: undefined,
    tokenFile: undefined,
    tokenInClear: false,
    timeoutMs: 60_000,
  });
});

test("a command line has one server, and one kind of test", () => {
  assert.match(usageError(() => parse()), /missing required argument/);
  assert.match(usageError(() => parse("a", "b")), /too many arguments/);
  assert.match(usageError(() => parse("a", "--basics", "--outliers")), /choose one/);
  for (
    const load of [["--clients", "2"], ["--rate", "9"], ["--duration", "1"], [
      "--mix",
      "lookup=100",
    ]]
  ) {
    const sentence = usageError(() => parse("a", "--basics", ...load));
    assert.ok(sentence.startsWith(`${load[0]} is for measuring`), sentence);
  }
  for (const flags of [["--csv", "a"], ["--plot", "a.svg"], ["--compare", "a"], ["--chart"]]) {
    const [flag = ""] = flags;
    const sentence = usageError(() => parse("a", "--outliers", ...flags));
    assert.equal(sentence, `${flag} is for measurements, not for --basics or --outliers`);
  }
});

test("flags that contradict each other are rejected", () => {
  assert.match(usageError(() => parse("a", "--ops", "5", "--duration", "1")), /choose one/);
  assert.match(usageError(() => parse("a", "--rate", "5", "--pipeline", "2")), /choose one/);
  assert.match(usageError(() => parse("a", "--clients", "3", "--keys", "2")), /too few/);
});

test("a sweep has its own number of clients and no rate; each process has a client", () => {
  const sweep = ["a", "--sweep", "8"];
  assert.match(usageError(() => parse(...sweep, "--clients", "3")), /--sweep 16/);
  assert.match(usageError(() => parse(...sweep, "--rate", "3")), /choose one/);
  assert.match(usageError(() => parse(...sweep, "--basics")), /for measuring/);
  assert.match(
    usageError(() => parse(...sweep, "--processes", "9")),
    /each process needs at least one/,
  );
  assert.match(usageError(() => parse(...sweep, "--keys", "7")), /too few/);
  assert.match(usageError(() => parse("a", "--repeats", "3")), /for --sweep/);
  assert.match(usageError(() => parse(...sweep, "--repeats", "1")), /--repeats/);
  assert.match(usageError(() => parse("a", "--processes", "2")), /more than the number of clients/);
  assert.match(
    usageError(() => parse("a", "--outliers", "--processes", "2", "--clients", "2")),
    /for measuring/,
  );
  assert.match(
    usageError(() => parse("a", "--mix", "lookup=100", "--operations", "scan")),
    /choose one/,
  );
  const { sweep: plan, ops, durationMs, warmupMs } = parse(
    ...sweep,
    ...["--ops", "50", "--repeats", "3", "--warmup", "0"],
  );
  assert.deepEqual([plan, ops, durationMs, warmupMs], [
    { maxClients: 8, repeats: 3 },
    50,
    undefined,
    0,
  ]);
});

test("a mix has 10,000 keys, and never fewer than clients", () => {
  const mix = ["--mix", "lookup=100"];
  assert.equal(parse("a", ...mix).keys, 10_000);
  assert.equal(parse("a", ...mix, "--keys", "7").keys, 7);
  assert.equal(parse("a", "--clients", "10000", ...mix).keys, 10_000);
});
