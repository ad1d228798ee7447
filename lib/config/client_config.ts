/** The command line of `htclient`. */
import type { Address } from "../base/address.ts";
import { CATALOG_PORT, catalogsFrom } from "../catalog/catalog_hosts.ts";
import { UsageError } from "../base/errors.ts";
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
import { seconds } from "./units.ts";

/** What to do with a server, or with the catalogs. */
export interface ClientConfig {
  /** A name in the catalogs, or HOST:PORT; undefined with `--list`. */
  readonly target: string | undefined;
  /** The words of one command; none: the prompt. */
  readonly words: readonly string[];
  readonly catalogs: readonly Address[];
  readonly localCatalogPort: number | undefined;
  readonly tokenFile: string | undefined;
  /** Whether a server found by its name may see the token over a network without TLS. */
  readonly tokenInClear: boolean;
  /** PEM of whom to trust; undefined: no TLS. */
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
}

const NAME = "htclient";

/**
 * Reads the command line.
 *
 * @param args without the program's name
 * @param commands lines for `--help` about what can be done
 * @throws {UsageError} or `TextPrinted`
 */
export function parseClientConfig(
  args: readonly string[],
  env: Environment,
  commands: readonly string[],
): ClientConfig {
  const command = program(
    NAME,
    "Finds a hash table by its name and works with it: one command, or a prompt without one.",
    [
      `htclient me-a4-x insert zebra '{"weight":100,"name":"fred"}'`,
      "htclient me-a4-x lookup zebra",
      "htclient me-a4-x scan '^z'",
      "htclient me-a4-x query name fred",
      "htclient me-a4-x export > table.jsonl",
      "htclient me-a4-x                      a prompt, with history and completion",
      "htclient --list                       the tables that the catalogs know",
    ],
  )
    .argument("[name|host:port]", "the server", serverTarget)
    .argument("[command...]", "what to do")
    .option("--list", "show the hash tables that the catalogs know", false)
    .option("--catalog <list>", CATALOG_HELP)
    .option("--no-catalog", "ask no listed catalog")
    .option("--local-catalog <port>", LOCAL_CATALOG_HELP, portOrOff, CATALOG_PORT)
    .option("--token-file <file>", "show the token in this file to the server")
    .option("--token-in-clear", TOKEN_IN_CLEAR_HELP, false)
    .option("--ca <file>", CA_HELP)
    .option("--timeout <s>", TIMEOUT_HELP, seconds(0.1, 86_400), 60)
    .addHelpText("after", `\nCommands:\n${commands.map((line) => `  ${line}`).join("\n")}`)
    .addHelpText(
      "after",
      "\nA KEY that begins with - goes behind --: htclient me-a4-x lookup -- -key\n\nExit codes: 0 done, 1 the operation failed, 2 usage, 3 no server found or reached.",
    );
  parsed(NAME, () => command.parse([...args], { from: "user" }));
  const flags = command.opts();
  const [target, words] = command.processedArgs;
  if ((target === undefined) !== flags.list) {
    throw new UsageError(
      target === undefined
        ? "Name a server, or use --list to see which there are (see htclient --help)"
        : "--list goes without a server's name (see htclient --help)",
    );
  }
  const catalogs = catalogsFrom(flags.catalog, env);
  const localCatalogPort = flags.localCatalog === "off" ? undefined : flags.localCatalog;
  checkCatalogs(target, catalogs, localCatalogPort);
  return {
    target,
    words,
    catalogs,
    localCatalogPort,
    tokenFile: flags.tokenFile,
    tokenInClear: flags.tokenInClear,
    caFile: flags.ca,
    timeoutMs: flags.timeout * 1_000,
  };
}
