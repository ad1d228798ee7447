/** Proves the accepted and rejected values of each flag of `testperf`, and its default. */
import assert from "assert";
import { parseTestPerfConfig, type TestPerfConfig } from "../../lib/config/testperf_config.ts";
import { checkFlags, type FlagCases, usageError } from "./command_lines.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("testperf_config");

const parse = (...args: string[]) => parseTestPerfConfig(args, {});

/** The defaults of `--sweep`. */
const SWEPT = {
  durationMs: 1_000,
  edgeMs: 100,
  warmupMs: 200,
  scanLimitMs: 3_000,
  keys: 10_000,
} as const;

/** The length of a stage with `--ops`. */
const BY_OPS = { durationMs: undefined, edgeMs: 0, keys: undefined } as const;

const FLAGS: Record<string, FlagCases<TestPerfConfig>> = {
  "--ops": { good: [[["1"], { ops: 1, ...BY_OPS }]], bad: ["0", "-1", "1.5", "1e3", "100000001"] },
  "--duration": {
    good: [
      [["0.5"], { durationMs: 500, edgeMs: 50 }],
      [["60"], { durationMs: 60_000, edgeMs: 6_000 }],
    ],
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
      ...["lookup", "lookup=90", "lookup=90,insert=20", "lookup=50,lookup=50", "query=100"],
      ...["lookup=80,insert=5,remove=15", "lookup=-10,insert=110", "toString=100"],
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
  "--clients": {
    good: [[["10000"], { clients: 10_000, keys: 100_000 }]],
    bad: ["0", "10001", "two"],
  },
  "--processes": { good: [[["1"], { processes: 1 }]], bad: ["0", "257", "two"] },
  "--sweep": {
    good: [
      [[], { ...SWEPT, clients: 64, sweep: { maxClients: 64, repeats: 5, limitMs: undefined } }],
      [["16"], {
        ...SWEPT,
        clients: 16,
        sweep: { maxClients: 16, repeats: 5, limitMs: undefined },
      }],
    ],
    bad: ["0", "10001", "me-a4-x"],
  },
  "--operations": {
    good: [
      [["insert"], { operations: ["insert"] }],
      [["remove,insert"], { operations: ["insert", "remove"] }],
      [["lookup"], { operations: ["lookup"] }],
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
  checkFlags((...args) => parse("me-a4-x", ...args), FLAGS, ["--repeats", "--sum", "--time-limit"]);
});

test("--sum takes files instead of a server, and flags of results", () => {
  const { mode, sumFiles, json } = parse("--json", "--sum", "a.json", "b.json", "--quiet");
  assert.deepEqual([mode, sumFiles, json], ["sum", ["a.json", "b.json"], true]);
});

test("without flags one client measures for 2 s, one request at a time, and checks each value", () => {
  const { catalogs, ...others } = parse("127.0.0.1:9999");
  assert.equal(catalogs.length, 2);
  assert.deepEqual(others, {
    target: "127.0.0.1:9999",
    mode: "performance",
    sumFiles: [],
    ops: 1_000,
    durationMs: 2_000,
    edgeMs: 200,
    warmupMs: 0,
    sweep: undefined,
    clients: 1,
    processes: 1,
    operations: ["insert", "lookup", "scan", "remove"],
    scanLimitMs: 15_000,
    pipeline: 1,
    ratePerS: undefined,
    keys: 1_000,
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

/** Command lines that are rejected, and the sentence. */
const REJECTED: Record<string, RegExp> = {
  "a b": /too many arguments/,
  "a --basics --outliers": /choose one/,
  "a --basics --clients 2": /^--clients is for measuring/,
  "a --basics --rate 9": /^--rate is for measuring/,
  "a --basics --duration 1": /^--duration is for measuring/,
  "a --basics --mix lookup=100": /^--mix is for measuring/,
  "a --outliers --processes 2 --clients 2": /for measuring/,
  "a --outliers --csv a": /^--csv is for measurements, not for --basics or --outliers$/,
  "a --outliers --plot a.svg": /^--plot is for measurements, not for --basics or --outliers$/,
  "a --outliers --compare a": /^--compare is for measurements, not for --basics or --outliers$/,
  "a --outliers --chart": /^--chart is for measurements, not for --basics or --outliers$/,
  "a --ops 5 --duration 1": /choose one/,
  "a --rate 5 --pipeline 2": /choose one/,
  "a --mix lookup=100 --operations scan": /choose one/,
  "a --clients 3 --keys 2": /too few/,
  "a --processes 2": /more than the number of clients/,
  "a --repeats 3": /for --sweep/,
  "a --time-limit 3": /for --sweep/,
  "a --sweep 8 --repeats 1": /--repeats/,
  "a --sweep 8 --clients 3": /--sweep 16/,
  "a --sweep 8 --rate 3": /choose one/,
  "a --sweep 8 --basics": /for measuring/,
  "a --sweep 8 --processes 9": /each process needs at least one/,
  "a --sweep 8 --keys 7": /too few/,
  "a --sum b": /^--sum adds up files and measures nothing: remove 'a'$/,
  "--sum b --ops 5": /: remove --ops$/,
  "--sum b --sweep": /: remove --sweep$/,
  "--sum b --basics": /: remove the other test$/,
  "--sum": /--sum <files...>' argument missing/,
};

test("flags that contradict each other, and other than one server, are rejected", () => {
  assert.match(usageError(() => parse()), /missing required argument/);
  for (const [line, sentence] of Object.entries(REJECTED)) {
    assert.match(usageError(() => parse(...line.split(" "))), sentence, line);
  }
});

test("flags override the defaults of a sweep", () => {
  const flags = [
    "--sweep",
    "8",
    "--ops",
    "50",
    "--repeats",
    "3",
    "--warmup",
    "0",
    "--time-limit",
    "9",
  ];
  const { sweep, ops, durationMs, warmupMs } = parse("a", ...flags);
  assert.deepEqual(sweep, { maxClients: 8, repeats: 3, limitMs: 9_000 });
  assert.deepEqual([ops, durationMs, warmupMs], [50, undefined, 0]);
});

test("keys: 1,000 for each client of a run by time; 10,000 in all for others that need them", () => {
  assert.equal(parse("a", "--clients", "7").keys, 7_000);
  assert.equal(parse("a", "--clients", "7", "--operations", "lookup").keys, 7_000);
  assert.equal(parse("a", "--clients", "500").keys, 100_000);
  assert.equal(parse("a", "--clients", "7", "--keys", "9").keys, 9);
  assert.equal(parse("a", "--ops", "5").keys, undefined);
  assert.equal(parse("a", "--ops", "5", "--operations", "lookup").keys, 10_000);
  assert.equal(parse("a", "--sweep", "8", "--ops", "5").keys, undefined);
  const mix = ["--mix", "lookup=100"];
  assert.equal(parse("a", ...mix).keys, 10_000);
  assert.equal(parse("a", ...mix, "--keys", "7").keys, 7);
  assert.equal(parse("a", "--clients", "10000", ...mix).keys, 10_000);
});
