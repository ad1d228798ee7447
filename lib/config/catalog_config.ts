/** The command line of `htcatalog`. */
import { Option } from "@commander-js/extra-typings";
import { CATALOG_PORT } from "../catalog/catalog_hosts.ts";
import type { LogFormat } from "../base/log.ts";
import { newProgram, runParser } from "./command_line.ts";
import { integer } from "./units.ts";

/** The settings of a catalog. */
export interface CatalogConfig {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Seconds until the record of a silent server expires. */
  readonly lifetimeS: number;
  readonly portFile: string | undefined;
  readonly logFormat: LogFormat;
  readonly isDebugging: boolean;
}

const EXAMPLES = [
  "htcatalog                        listen on port 9097, as cctools does",
  "htcatalog --port 0 --port-file F  listen on a free port, and write it to F",
  "CATALOG_HOST=that.host htserver me-a4-x  announce a server to it",
];

/**
 * Reads the command line.
 *
 * @param args without the program's own name
 * @throws {UsageError} for wrong arguments
 * @throws {TextExit} after `--help` and `--version`
 */
export function parseCatalogConfig(args: readonly string[]): CatalogConfig {
  const command = newProgram(
    "htcatalog",
    "A catalog: servers announce themselves to it, and clients find them by name.",
    EXAMPLES,
  )
    .option("--host <addr>", "address to listen on", "0.0.0.0")
    .option("--port <n>", "UDP and HTTP port; 0 is any free one", integer(0, 65_535), CATALOG_PORT)
    .option(
      "--lifetime <s>",
      "seconds until the record of a silent server expires",
      integer(1, 86_400),
      900,
    )
    .option("--port-file <file>", "write the port to this file")
    .addOption(
      new Option("--log-format <format>", "format of the lines on stderr")
        .choices(["text", "json"] as const).default("text" as const),
    )
    .option("--debug", "log a line for each update", false)
    .allowExcessArguments(false);
  return runParser("htcatalog", () => {
    const { host, port, lifetime, portFile, logFormat, debug } = command
      .parse(args as string[], { from: "user" }).opts();
    return { host, port, lifetimeS: lifetime, portFile, logFormat, isDebugging: debug };
  });
}
