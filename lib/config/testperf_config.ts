/** The command line of `testperf`. */
import type { Address } from "../base/address.ts";
import { CATALOG_PORT, catalogsFrom } from "../base/catalog_hosts.ts";
import { UsageError } from "../base/errors.ts";
import {
  CATALOG_HELP,
  checkCatalogs,
  type Environment,
  LOCAL_CATALOG_HELP,
  parsed,
  portOrOff,
  program,
  serverTarget,
} from "./program.ts";
import { integer, seconds, size } from "./units.ts";

/** What to measure. */
export type TestMode = "performance" | "basics" | "outliers";

/** How to test a server. */
export interface TestPerfConfig {
  /** A name in the catalogs, or HOST:PORT. */
  readonly target: string;
  readonly mode: TestMode;
  /** For each client and stage. */
  readonly ops: number;
  readonly clients: number;
  /** Requests in flight for each client. */
  readonly pipeline: number;
  /** JSON text of a value, in bytes. */
  readonly valueBytes: number;
  readonly verify: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly catalogs: readonly Address[];
  readonly localCatalogPort: number | undefined;
  readonly tokenFile: string | undefined;
  readonly timeoutMs: number;
}

const NAME = "testperf";

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
      "testperf me-a4-x & testperf me-a4-x & wait   the same with processes",
      "testperf 127.0.0.1:9999 --pipeline 16     without a catalog, 16 requests in flight",
      "testperf me-a4-x --basics                 does every operation do what it should?",
    ],
  )
    .argument("<name|host:port>", "the server", serverTarget)
    .option("--ops <n>", "operations of each client in each stage", integer(1, 100_000_000), 1_000)
    .option("--clients <n>", "simultaneous clients, a connection each", integer(1, 10_000), 1)
    .option("--pipeline <n>", "requests in flight for each client", integer(1, 10_000), 1)
    .option("--value-size <size>", "JSON text of each value", size(2, 16_000_000), 100)
    .option("--verify", "check each value that comes back (this is the default)", true)
    .option("--no-verify", "take what comes back unseen")
    .option("--basics", "try each operation in success and failure instead", false)
    .option("--outliers", "time single inserts and removes, show the slowest, instead", false)
    .option("--json", "results as one JSON object", false)
    .option("--quiet", "nothing but the results", false)
    .option("--catalog <list>", CATALOG_HELP)
    .option("--no-catalog", "ask no listed catalog")
    .option("--local-catalog <port>", LOCAL_CATALOG_HELP, portOrOff, CATALOG_PORT)
    .option("--token-file <file>", "show the token in this file to the server")
    .option("--timeout <s>", "seconds to look for the server", seconds(0.1, 86_400), 60);
  parsed(NAME, () => command.parse([...args], { from: "user" }));
  const flags = command.opts();
  if (flags.basics && flags.outliers) {
    throw new UsageError("--basics and --outliers are two tests: choose one (see testperf --help)");
  }
  const [target] = command.processedArgs;
  const catalogs = catalogsFrom(flags.catalog, env);
  const localCatalogPort = flags.localCatalog === "off" ? undefined : flags.localCatalog;
  checkCatalogs(target, catalogs, localCatalogPort);
  return {
    target,
    mode: flags.basics ? "basics" : flags.outliers ? "outliers" : "performance",
    ops: flags.ops,
    clients: flags.clients,
    pipeline: flags.pipeline,
    valueBytes: flags.valueSize,
    verify: flags.verify,
    json: flags.json,
    quiet: flags.quiet,
    catalogs,
    localCatalogPort,
    tokenFile: flags.tokenFile,
    timeoutMs: flags.timeout * 1_000,
  };
}
