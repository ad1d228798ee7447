/** The shared part of all command lines: usage errors, `--help`, `--version`, the catalog flags. */
import {
  Command,
  CommanderError,
  Help,
  InvalidArgumentError,
  type Option,
} from "@commander-js/extra-typings";
import { parseAddress } from "../base/address.ts";
import type { CatalogEnvironment } from "../catalog/catalog_hosts.ts";
import { ExitError, UsageError } from "../base/errors.ts";
import { MAX_NAME_CHARS } from "../base/limits.ts";
import { VERSION } from "../base/version.ts";

/** The environment variables that a program may read. */
export interface Environment extends CatalogEnvironment {
  readonly USER?: string;
  readonly LOGNAME?: string;
}

/** Ends the program after `--help` or `--version` printed its text: exit code 0, nothing on stderr. */
export class TextExit extends ExitError {
  override name = "TextExit";

  constructor() {
    super("", 0);
  }
}

/** Width of `--help`: that of the narrowest usual terminal, in characters. */
const HELP_COLUMNS = 80;

/** Returns the help of a flag. A switch shows no default, because it is always false. */
function optionDescription(option: Option): string {
  return new Help().optionDescription(option).replace(" (default: false)", "");
}

/**
 * Starts the description of a program's command line.
 *
 * @param name as typed
 * @param summary one sentence
 * @param examples the last lines of `--help`
 */
export function newProgram(name: string, summary: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(summary)
    .version(`${name} ${VERSION}`, "--version", "print the version")
    .helpOption("--help", "print this text")
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`)
    .exitOverride()
    .configureHelp({ helpWidth: HELP_COLUMNS, optionDescription })
    // `main` prints errors. The runtime would need a permission to read NO_COLOR and such variables.
    .configureOutput({
      writeErr: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/**
 * Runs a parse, and converts the errors of commander to those of this project.
 *
 * @throws {UsageError} for wrong arguments, in one sentence
 * @throws {TextExit} after `--help` and `--version`
 */
export function runParser<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new TextExit();
    const sentence = error.message.replace(/^error: /, "").replace(/\n/g, " ");
    throw new UsageError(
      sentence.endsWith("?)") ? sentence : `${sentence.replace(/\.$/, "")} (see ${name} --help)`,
    );
  }
}

/** Makes a reader of names for the catalog, of characters that catalogs and files leave unchanged. */
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
  "catalogs, separated by commas (default: $CATALOG_HOST, else the two at Notre Dame)";

/** Help of `--local-catalog`, the same for all programs. */
export const LOCAL_CATALOG_HELP = "port of the local catalog, or off";

/** Reads the target of a client: a server's name, or HOST:PORT. */
export function serverTarget(text: string): string {
  return parseAddress(text) ? text : catalogName("name")(text);
}

/** Reads `PORT` or `off`. */
export function portOrOff(text: string): number | "off" {
  if (text === "off") return text;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a port from 1 to 65535, or off.");
}
