/** What the command lines of all programs share: usage errors, `--help`, `--version`, the catalog flags. */
import { Command, CommanderError, InvalidArgumentError } from "@commander-js/extra-typings";
import { parseAddress } from "../base/address.ts";
import type { CatalogEnvironment } from "../catalog/catalog_hosts.ts";
import { ExitError, UsageError } from "../base/errors.ts";
import { MAX_NAME_CHARS } from "../base/limits.ts";
import { VERSION } from "../base/version.ts";

/** The environment variables that are read, by any program. */
export interface Environment extends CatalogEnvironment {
  readonly USER?: string;
  readonly LOGNAME?: string;
}

/** Ends the program after `--help` or `--version` printed its text: exit code 0, nothing on stderr. */
export class TextPrinted extends ExitError {
  override name = "TextPrinted";

  constructor() {
    super("", 0);
  }
}

/**
 * Starts the description of a program's command line.
 *
 * @param name as typed
 * @param summary one sentence
 * @param examples lines for the end of `--help`
 */
export function program(name: string, summary: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(summary)
    .version(`${name} ${VERSION}`, "--version", "print the version")
    .helpOption("--help", "print this text")
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`)
    .exitOverride()
    .configureHelp({ helpWidth: 100 })
    // Errors are told by whoever runs the program; whether to colour is not asked of the environment.
    .configureOutput({
      writeErr: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/**
 * Runs a parse and turns what commander throws into this project's errors.
 *
 * @throws {UsageError} for anything typed wrong, in one sentence
 * @throws {TextPrinted} after `--help` and `--version`
 */
export function parsed<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new TextPrinted();
    const sentence = error.message.replace(/^error: /, "").replace(/\n/g, " ");
    throw new UsageError(
      sentence.endsWith("?)") ? sentence : `${sentence.replace(/\.$/, "")} (see ${name} --help)`,
    );
  }
}

/** Reads a name for the catalog: what the catalog would mangle or a file name cannot hold is refused. */
export function catalogName(what: string): (text: string) => string {
  return (text) => {
    if (text.length <= MAX_NAME_CHARS && /^[A-Za-z0-9][A-Za-z0-9._+@-]*$/.test(text)) return text;
    throw new InvalidArgumentError(
      `A ${what} has 1 to ${MAX_NAME_CHARS} ASCII letters, digits, '.', '_', '+', '@' or '-', and begins with a letter or digit.`,
    );
  };
}

/** Help of `--catalog`, the same for all programs. */
export const CATALOG_HELP =
  "catalogs, comma-separated (default: $CATALOG_HOST, else the two at Notre Dame)";

/** Help of `--local-catalog`, the same for all programs. */
export const LOCAL_CATALOG_HELP = "port of this machine's own catalog, or off";

/** Help of `--ca`, the same for all clients. */
export const CA_HELP =
  "connect by TLS only, and trust the certificates in this file, the server's own or authorities'";

/** Help of `--token-in-clear`, the same for all clients. */
export const TOKEN_IN_CLEAR_HELP =
  "also show it without TLS to a server found by name; else only with --ca or on this machine";

/** Help of `--timeout`, the same for all clients. */
export const TIMEOUT_HELP =
  "seconds that finding the server, and each request, may take before it fails";

/** Reads what a client is to connect to: a server's name, or HOST:PORT. */
export function serverTarget(text: string): string {
  return parseAddress(text) ? text : catalogName("name")(text);
}

/**
 * Checks that there is somebody to ask for a name.
 *
 * @throws {UsageError} where no catalog is named, the local one is off, and the target is no HOST:PORT
 */
export function checkCatalogs(
  target: string | undefined,
  catalogs: readonly unknown[],
  localCatalogPort: number | undefined,
): void {
  if (target !== undefined && parseAddress(target)) return;
  if (catalogs.length > 0 || localCatalogPort !== undefined) return;
  throw new UsageError(
    "With --no-catalog and --local-catalog off there is no catalog to ask: name the server by HOST:PORT",
  );
}

/** Reads `PORT` or `off`. */
export function portOrOff(text: string): number | "off" {
  if (text === "off") return text;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a port from 1 to 65535, or off.");
}
