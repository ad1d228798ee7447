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
  newProgram,
  portOrOff,
  runParser,
  serverTarget,
  TIMEOUT_HELP,
  TOKEN_IN_CLEAR_HELP,
} from "./command_line.ts";
import { seconds } from "./units.ts";

/** The settings of `htclient`: a task for a server, or for the catalogs. */
export interface ClientConfig {
  /** A name in the catalogs, or HOST:PORT; undefined with `--list`. */
  readonly target: string | undefined;
  /** The words of one command; empty for the prompt. */
  readonly words: readonly string[];
  readonly catalogs: readonly Address[];
  readonly localCatalogPort: number | undefined;
  readonly tokenFile: string | undefined;
  /** Whether to send the token without TLS to a server that was found by its name. */
  readonly tokenInClear: boolean;
  /** File of the certificates to trust (PEM); undefined: no TLS. */
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
}

const NAME = "htclient";

/**
 * Reads the command line.
 *
 * @param args without the program's name
 * @param commands help lines of the commands
 * @throws {UsageError} or `TextExit`
 */
export function parseClientConfig(
  args: readonly string[],
  env: Environment,
  commands: readonly string[],
): ClientConfig {
  const command = newProgram(
    NAME,
    "Finds a hash table by its name, and runs one command or a prompt.",
    [
      `htclient me-a4-x insert zebra '{"weight":100,"name":"fred"}'`,
      "htclient me-a4-x lookup zebra",
      "htclient me-a4-x scan '^z'",
      "htclient me-a4-x query name fred",
      "htclient me-a4-x export > table.jsonl",
      "htclient me-a4-x            open a prompt, with history and completion",
      "htclient --list             list the tables in the catalogs",
    ],
  )
    .argument("[name|host:port]", "name or address of the server", serverTarget)
    .argument("[command...]", "command to run; without it, a prompt")
    .option("--list", "list the hash tables in the catalogs", false)
    .option("--catalog <list>", CATALOG_HELP)
    .option("--no-catalog", "ask no listed catalog")
    .option("--local-catalog <port>", LOCAL_CATALOG_HELP, portOrOff, CATALOG_PORT)
    .option("--token-file <file>", "send the token in this file to the server")
    .option("--token-in-clear", TOKEN_IN_CLEAR_HELP, false)
    .option("--ca <file>", CA_HELP)
    .option("--timeout <s>", TIMEOUT_HELP, seconds(0.1, 86_400), 60)
    .addHelpText("after", `\nCommands:\n${commands.map((line) => `  ${line}`).join("\n")}`)
    .addHelpText(
      "after",
      "\nA KEY that begins with - must follow --: htclient me-a4-x lookup -- -key\n\nExit codes: 0 done, 1 the operation failed, 2 wrong usage, 3 no server found.",
    );
  runParser(NAME, () => command.parse([...args], { from: "user" }));
  const flags = command.opts();
  const [target, words] = command.processedArgs;
  if ((target === undefined) !== flags.list) {
    throw new UsageError(
      target === undefined
        ? "Name a server, or list the servers with --list (see htclient --help)"
        : "--list takes no name of a server (see htclient --help)",
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
