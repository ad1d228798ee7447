/** The command line of `testperf`. */
import type { Address } from "../base/address.ts";
import { CATALOG_PORT, catalogsFrom } from "../catalog/catalog_hosts.ts";
import { UsageError } from "../base/errors.ts";
import { checkCombinations, checkResultFlags, type CombinedFlags } from "./flag_combinations.ts";
import { type PlotFile, plotFile } from "./plot_file.ts";
import {
  CA_HELP,
  CATALOG_HELP,
  checkCatalogs,
  type Environment,
  LOCAL_CATALOG_HELP,
  parsed,
  portOrOff,
  program,
  serverTarget,
  TIMEOUT_HELP,
  TOKEN_IN_CLEAR_HELP,
} from "./command_line.ts";
import { integer, seconds, size } from "./units.ts";
import {
  type KeyDistribution,
  keyDistribution,
  keyPrefix,
  type MeasuredOperation,
  type MixShares,
  mixShares,
  operationList,
  OPERATIONS,
} from "./workload_flags.ts";

/** What to measure. */
export type TestMode = "performance" | "basics" | "outliers";

/** Keys of a mixed load, and of stages without inserts, where `--keys` does not say. */
const MIX_KEYS = 10_000;

/**
 * Scans take longer the more keys there are: with `--ops`, their stage ends after this, in
 * milliseconds. A sweep has many of them.
 */
const SCAN_STAGE_MS = 15_000, SWEEP_SCAN_STAGE_MS = 3_000;

/** What holds for a sweep where no flag says otherwise. */
const SWEEP = { clients: 64, repeats: 5, durationMs: 1_000, warmupMs: 200 } as const;

/** Runs with more and more clients. */
export interface SweepConfig {
  /** Clients of the last step; fewer where throughput levels out before. */
  readonly maxClients: number;
  /** Of each step. */
  readonly repeats: number;
}

/** How to test a server. */
export interface TestPerfConfig {
  /** A name in the catalogs, or HOST:PORT. */
  readonly target: string;
  readonly mode: TestMode;
  /** For each client and stage; without effect where `durationMs` is given. */
  readonly ops: number;
  /** How long a stage is, instead of `ops`. */
  readonly durationMs: number | undefined;
  /** Load before each stage that is not measured, in milliseconds; 0: none. */
  readonly warmupMs: number;
  /** Undefined: one run, with `clients`. */
  readonly sweep: SweepConfig | undefined;
  /** In all processes together; of a sweep the most. */
  readonly clients: number;
  /** That the clients are spread over; no more than clients. */
  readonly processes: number;
  /** Requests in flight for each client. */
  readonly pipeline: number;
  /** Open loop: intended starts each second, of all clients; undefined: closed loop. */
  readonly ratePerS: number | undefined;
  /** Of all clients together; undefined: as many as are inserted. */
  readonly keys: number | undefined;
  /** What all keys begin with; undefined: something random. */
  readonly keyPrefix: string | undefined;
  /** Undefined: one key after the other in the stages, uniform in a mix. */
  readonly distribution: KeyDistribution | undefined;
  /** The stages, in their order. */
  readonly operations: readonly MeasuredOperation[];
  /** With `ops`, a stage with scans ends after this, in milliseconds. */
  readonly scanLimitMs: number;
  /** One mixed stage instead of the four. */
  readonly mix: MixShares | undefined;
  /** Undefined: a random one. */
  readonly seed: number | undefined;
  /** JSON text of a value, in bytes. */
  readonly valueBytes: number;
  readonly verify: boolean;
  readonly json: boolean;
  /** Where to write the raw data as CSV. */
  readonly csvFile: string | undefined;
  /** Where to draw. */
  readonly plot: PlotFile | undefined;
  /** What `--json` printed earlier. */
  readonly compareFile: string | undefined;
  /** Whether to draw a chart in characters; undefined: where somebody looks at a terminal. */
  readonly chart: boolean | undefined;
  readonly quiet: boolean;
  readonly catalogs: readonly Address[];
  readonly localCatalogPort: number | undefined;
  readonly tokenFile: string | undefined;
  /** Whether a server found by its name may see the token over a network without TLS. */
  readonly tokenInClear: boolean;
  /** PEM of whom to trust; undefined: no TLS. */
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
}

const NAME = "testperf";

const SECONDS_HELP = `seconds of each stage, instead of --ops (default with --sweep: ${
  SWEEP.durationMs / 1e3
})`;

/**
 * Reads the command line.
 *
 * @param args without the program's name
 * @throws {UsageError} or `TextPrinted`
 */
export function parseTestPerfConfig(args: readonly string[], env: Environment): TestPerfConfig {
  const command = program(
    NAME,
    "Finds a server by its name and measures it in four stages: insert, lookup, scan, remove.",
    [
      "testperf me-a4-x                          one client, one request at a time",
      "testperf me-a4-x --clients 4              four simultaneous clients and their sum",
      "testperf me-a4-x --clients 4 --processes 2   the same in two processes of two clients each",
      "testperf me-a4-x --sweep                  1, 2, 3, 4, 6, 8, ... clients until it levels out",
      "testperf me-a4-x --sweep 16 --operations insert,lookup --json >sweep.json",
      "testperf 127.0.0.1:9999 --pipeline 16     without a catalog, 16 requests in flight",
      "testperf me-a4-x --duration 10 --warmup 2 each stage for 10 s, after 2 s that do not count",
      "testperf me-a4-x --rate 5000 --duration 30   5,000 a second, whether answered or not",
      "testperf me-a4-x --mix lookup=90,insert=10 --keys 100000 --distribution zipf",
      "testperf me-a4-x --csv raw.csv --plot latency.svg",
      "testperf me-a4-x --compare before.json    faster or slower than --json said, or noise?",
      "testperf me-a4-x --basics                 does every operation do what it should?",
    ],
  )
    .argument("<name|host:port>", "the server", serverTarget)
    .option(
      "--ops <n>",
      "operations of each client in each stage (default: 1000)",
      integer(1, 100_000_000),
    )
    .option("--duration <s>", SECONDS_HELP, seconds(0.01, 86_400))
    .option(
      "--warmup <s>",
      `seconds of load before each stage, not measured (default: 0; with --sweep ${
        SWEEP.warmupMs / 1e3
      })`,
      seconds(0, 3_600),
    )
    .option(
      "--clients <n>",
      "simultaneous clients in all, a connection each (default: 1)",
      integer(1, 10_000),
    )
    .option(
      "--processes <n>",
      "spread the clients over so many processes, which start each stage together",
      integer(1, 256),
      1,
    )
    .option(
      "--sweep [max]",
      `runs with 1, 2, 3, 4, 6, 8, ... clients up to this many (default: ${SWEEP.clients}), until throughput levels out`,
      integer(1, 10_000),
    )
    .option(
      "--repeats <n>",
      `runs of each step of a sweep (default: ${SWEEP.repeats})`,
      integer(2, 1_000),
    )
    .option(
      "--operations <list>",
      `which stages to measure, such as insert,lookup (default: all; without insert, on ${MIX_KEYS} keys)`,
      operationList,
    )
    .option(
      "--pipeline <n>",
      "requests in flight for each client (default: 1)",
      integer(1, 10_000),
    )
    .option(
      "--rate <n>",
      "requests each second in all, sent when due; latency from the intended start",
      integer(1, 10_000_000),
    )
    .option(
      "--mix <shares>",
      "one mixed stage instead of the four, such as lookup=90,insert=10 (percent)",
      mixShares,
    )
    .option(
      "--keys <n>",
      `keys in all (default: as many as are inserted; with --mix ${MIX_KEYS})`,
      integer(1, 1_000_000_000),
    )
    .option(
      "--distribution <kind>",
      "which keys are looked up: uniform, zipf or zipf:THETA",
      keyDistribution,
    )
    .option("--seed <n>", "repeats a run's keys and choices", integer(0, 4_294_967_295))
    .option("--key-prefix <text>", "what all keys begin with (default: random)", keyPrefix)
    .option("--value-size <size>", "JSON text of each value", size(2, 16_000_000), 100)
    .option("--verify", "check each value that comes back (this is the default)", true)
    .option("--no-verify", "take what comes back unseen")
    .option("--basics", "try each operation in success and failure instead", false)
    .option("--outliers", "time single inserts and removes, show the slowest, instead", false)
    .option("--json", "results as one JSON object", false)
    .option("--csv <file>", "write the raw data of each client and operation there")
    .option("--plot <file>", "draw throughput and latencies there, as .svg or .png", plotFile)
    .option("--compare <file>", "what changed since --json printed this, and is it noise?")
    .option("--chart", "a small chart on stderr (default: if that is a terminal)")
    .option("--no-chart", "no such chart")
    .option("--quiet", "nothing but the results", false)
    .option("--catalog <list>", CATALOG_HELP)
    .option("--no-catalog", "ask no listed catalog")
    .option("--local-catalog <port>", LOCAL_CATALOG_HELP, portOrOff, CATALOG_PORT)
    .option("--token-file <file>", "show the token in this file to the server")
    .option("--token-in-clear", TOKEN_IN_CLEAR_HELP, false)
    .option("--ca <file>", CA_HELP)
    .option("--timeout <s>", TIMEOUT_HELP, seconds(0.1, 86_400), 60);
  parsed(NAME, () => command.parse([...args], { from: "user" }));
  const flags = command.opts();
  checkCombinations(flags);
  checkResultFlags(flags);
  const sweep = sweepOf(flags);
  const clients = sweep?.maxClients ?? flags.clients ?? 1;
  if (flags.processes > clients) {
    throw new UsageError(
      `--processes ${flags.processes} is more than there are clients (${clients}): each process needs one of its own`,
    );
  }
  const { mix } = flags;
  const operations = flags.operations ?? OPERATIONS;
  const needsKeys = mix !== undefined || !operations.includes("insert");
  const keys = flags.keys ?? (needsKeys ? Math.max(MIX_KEYS, clients) : undefined);
  if (keys !== undefined && keys < clients) {
    throw new UsageError(
      `--keys ${keys} is too few for ${clients} clients: each client needs a key of its own`,
    );
  }
  const usualMs = sweep && flags.ops === undefined ? SWEEP.durationMs : undefined;
  const [target] = command.processedArgs;
  const catalogs = catalogsFrom(flags.catalog, env);
  const localCatalogPort = flags.localCatalog === "off" ? undefined : flags.localCatalog;
  checkCatalogs(target, catalogs, localCatalogPort);
  return {
    target,
    mode: flags.basics ? "basics" : flags.outliers ? "outliers" : "performance",
    ops: flags.ops ?? 1_000,
    durationMs: flags.duration === undefined ? usualMs : flags.duration * 1_000,
    warmupMs: flags.warmup === undefined ? (sweep ? SWEEP.warmupMs : 0) : flags.warmup * 1_000,
    sweep,
    clients,
    processes: flags.processes,
    pipeline: flags.pipeline ?? 1,
    ratePerS: flags.rate,
    keys,
    keyPrefix: flags.keyPrefix,
    distribution: flags.distribution,
    operations,
    scanLimitMs: sweep ? SWEEP_SCAN_STAGE_MS : SCAN_STAGE_MS,
    mix,
    seed: flags.seed,
    valueBytes: flags.valueSize,
    verify: flags.verify,
    json: flags.json,
    csvFile: flags.csv,
    plot: flags.plot,
    compareFile: flags.compare,
    chart: flags.chart,
    quiet: flags.quiet,
    catalogs,
    localCatalogPort,
    tokenFile: flags.tokenFile,
    tokenInClear: flags.tokenInClear,
    caFile: flags.ca,
    timeoutMs: flags.timeout * 1_000,
  };
}

function sweepOf({ sweep, repeats = SWEEP.repeats }: CombinedFlags): SweepConfig | undefined {
  if (sweep === undefined) return undefined;
  return { maxClients: sweep === true ? SWEEP.clients : sweep, repeats };
}
