/** The command line of `testperf`. */
import { UsageError } from "../base/errors.ts";
import { checkCombinations, type CombinedFlags } from "./flag_combinations.ts";
import { type PlotFile, plotFile } from "./plot_file.ts";
import { type Environment, newProgram, runParser, serverTarget } from "./command_line.ts";
import { addConnectionFlags, type ConnectionConfig } from "./connection_flags.ts";
import { defaultKeys, KEYS_HELP, SECONDS_HELP, stageLength, SWEEP } from "./stage_defaults.ts";
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

/** The kind of test. */
type TestMode = "performance" | "basics" | "outliers" | "sum";

/**
 * With `--ops`, the longest stage with scans, in milliseconds, because a scan of more keys takes longer.
 * A sweep has many such stages.
 */
const SCAN_STAGE_MS = 15_000, SWEEP_SCAN_STAGE_MS = 3_000;

/** A series of runs with more and more clients. */
interface SweepConfig {
  /** Clients of the last step, unless throughput reaches its plateau before. */
  readonly maxClients: number;
  /** Rounds, each with one run of each step. */
  readonly repeats: number;
  /** Time after which no further round begins, in milliseconds; undefined: no limit. */
  readonly limitMs: number | undefined;
}

/** The settings of a test. */
export interface TestPerfConfig extends ConnectionConfig {
  /** A name in the catalogs, or HOST:PORT; empty for mode `sum`. */
  readonly target: string;
  readonly mode: TestMode;
  /** Outputs of `--json` to add up, for mode `sum`. */
  readonly sumFiles: readonly string[];
  /** Operations of each client in each stage; ignored if `durationMs` is set. */
  readonly ops: number;
  /** Length of a stage in milliseconds; undefined: `ops` limits it. */
  readonly durationMs: number | undefined;
  /** Time at each end of a stage that does not count, in milliseconds; 0 if `ops` limits it. */
  readonly edgeMs: number;
  /** Time of load before each stage, which is not measured, in milliseconds; 0: none. */
  readonly warmupMs: number;
  /** Undefined for one run with `clients`. */
  readonly sweep: SweepConfig | undefined;
  /** Clients of all processes together; of a sweep, the maximum. */
  readonly clients: number;
  /** Processes that share the clients; at most one per client. */
  readonly processes: number;
  /** Requests in flight for each client. */
  readonly pipeline: number;
  /** Intended starts of all clients per second (open loop); undefined for a closed loop. */
  readonly ratePerS: number | undefined;
  /** Keys of all clients together; undefined: one for each insert. */
  readonly keys: number | undefined;
  /** Prefix of all keys; undefined for a random one. */
  readonly keyPrefix: string | undefined;
  /** Undefined: keys in their order in the stages, uniform in a mix. */
  readonly distribution: KeyDistribution | undefined;
  /** The stages, in their order. */
  readonly operations: readonly MeasuredOperation[];
  /** With `ops`, the longest stage with scans, in milliseconds. */
  readonly scanLimitMs: number;
  /** One mixed stage instead of the four. */
  readonly mix: MixShares | undefined;
  /** Undefined for a random one. */
  readonly seed: number | undefined;
  /** Size of the JSON text of a value, in bytes. */
  readonly valueBytes: number;
  readonly verify: boolean;
  readonly json: boolean;
  /** File for the raw data as CSV. */
  readonly csvFile: string | undefined;
  /** File for the picture. */
  readonly plot: PlotFile | undefined;
  /** File with an earlier output of `--json`. */
  readonly compareFile: string | undefined;
  /** Whether to print a chart in characters; undefined: that of a sweep, on a terminal. */
  readonly chart: boolean | undefined;
  readonly quiet: boolean;
}

const NAME = "testperf";

/**
 * Reads the command line.
 *
 * @param args without the program's name
 * @throws {UsageError} or `TextExit`
 */
export function parseTestPerfConfig(args: readonly string[], env: Environment): TestPerfConfig {
  const base = newProgram(
    NAME,
    "Measures a server in four stages: insert, lookup, scan, remove.",
    [
      "testperf me-a4-x                    one client, one request at a time",
      "testperf me-a4-x --clients 4        four simultaneous clients",
      "testperf me-a4-x --clients 4 --processes 2   the same in two processes",
      "testperf me-a4-x --sweep            more and more clients, up to the plateau",
      "testperf me-a4-x --sweep 16 --operations insert,lookup --json >sweep.json",
      "testperf 127.0.0.1:9999 --pipeline 16        an address, 16 requests in flight",
      "testperf me-a4-x --duration 10 --warmup 2    each stage for 10 s, after 2 s",
      "testperf me-a4-x --rate 5000 --duration 30   5,000 requests per second",
      "testperf me-a4-x --mix lookup=90,insert=10 --keys 100000 --distribution zipf",
      "testperf me-a4-x --csv raw.csv --plot latency.svg",
      "testperf me-a4-x --compare before.json       changes since that run",
      "testperf me-a4-x --json >a.json & testperf me-a4-x --json >b.json & wait",
      "testperf --sum a.json b.json        adds up what they measured together",
      "testperf me-a4-x --basics           test each operation",
    ],
  );
  const command = base
    .argument("[name|host:port]", "name or address of the server", serverTarget)
    .option(
      "--ops <n>",
      "operations of each client in each stage, instead of a time",
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
      "simultaneous clients, one connection each (default: 1)",
      integer(1, 10_000),
    )
    .option(
      "--processes <n>",
      "processes that share the clients, and start each stage together",
      integer(1, 256),
      1,
    )
    .option(
      "--sweep [max]",
      `runs with 1, 2, 3, 4, 6, 8, ... clients until throughput reaches its plateau, at most this number (default: ${SWEEP.clients})`,
      integer(1, 10_000),
    )
    .option(
      "--repeats <n>",
      `rounds of a sweep, each with one run of each step (default: ${SWEEP.repeats})`,
      integer(2, 1_000),
    )
    .option(
      "--time-limit <s>",
      "seconds of a sweep after which no round begins, except the first two (default: none)",
      seconds(1, 86_400),
    )
    .option(
      "--operations <list>",
      `stages to measure, such as insert,lookup (default: all)`,
      operationList,
    )
    .option(
      "--pipeline <n>",
      "requests in flight for each client (default: 1)",
      integer(1, 10_000),
    )
    .option(
      "--rate <n>",
      "requests per second of all clients; latency counts from the intended start",
      integer(1, 10_000_000),
    )
    .option(
      "--mix <shares>",
      "one mixed stage, such as lookup=90,insert=10 (percent)",
      mixShares,
    )
    .option(
      "--keys <n>",
      KEYS_HELP,
      integer(1, 1_000_000_000),
    )
    .option(
      "--distribution <kind>",
      "distribution of lookups: uniform, zipf or zipf:THETA",
      keyDistribution,
    )
    .option(
      "--seed <n>",
      "seed of keys and random choices (default: random)",
      integer(0, 4_294_967_295),
    )
    .option("--key-prefix <text>", "prefix of all keys (default: random)", keyPrefix)
    .option("--value-size <size>", "JSON text of each value", size(2, 16_000_000), 100)
    .option("--verify", "check each value in a reply (this is the default)", true)
    .option("--no-verify", "do not check values")
    .option("--basics", "instead, test each operation in success and failure", false)
    .option("--outliers", "instead, list the slowest of single inserts and removes", false)
    .option("--sum <files...>", "instead, add up results of --json of several processes")
    .option("--json", "print the results as one JSON object", false)
    .option("--csv <file>", "write the raw data of each client and operation to this file")
    .option("--plot <file>", "draw throughput and latencies to this file, .svg or .png", plotFile)
    .option("--compare <file>", "compare with this output of --json, and detect noise")
    .option("--chart", "print a small chart (default: of a sweep, on a terminal)")
    .option("--no-chart", "print no chart")
    .option("--quiet", "print only the result lines, and failures on stderr", false);
  const readConnection = addConnectionFlags(base);
  runParser(NAME, () => command.parse([...args], { from: "user" }));
  const flags = command.opts();
  const [target] = command.processedArgs;
  checkCombinations(flags, target);
  const sweep = sweepOf(flags);
  const clients = sweep?.maxClients ?? flags.clients ?? 1;
  if (flags.processes > clients) {
    throw new UsageError(
      `--processes ${flags.processes} is more than the number of clients (${clients}): each process needs at least one`,
    );
  }
  const { mix } = flags;
  const operations = flags.operations ?? OPERATIONS;
  const length = stageLength(flags);
  const keys = flags.keys ?? defaultKeys({ ...length, clients, operations, mix, sweep });
  if (keys !== undefined && keys < clients) {
    throw new UsageError(
      `--keys ${keys} is too few for ${clients} clients: each client needs a key of its own`,
    );
  }
  return {
    ...readConnection(target, env),
    target: target ?? "",
    mode: flags.sum ? "sum" : flags.basics ? "basics" : flags.outliers ? "outliers" : "performance",
    sumFiles: flags.sum ?? [],
    ops: flags.ops ?? 1_000,
    ...length,
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
  };
}

function sweepOf(
  { sweep, repeats = SWEEP.repeats, timeLimit }: CombinedFlags,
): SweepConfig | undefined {
  if (sweep === undefined) return undefined;
  const limitMs = timeLimit === undefined ? undefined : 1e3 * timeLimit;
  return { maxClients: sweep === true ? SWEEP.clients : sweep, repeats, limitMs };
}
