/** The command line of `htcatalog`. */
import { Option } from "@commander-js/extra-typings";
import { CATALOG_PORT } from "../catalog/catalog_hosts.ts";
import type { LogFormat } from "../base/log.ts";
import { parsed, program } from "./command_line.ts";
import { integer } from "./units.ts";

/** What `htcatalog` was told. */
export interface CatalogConfig {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Seconds. */
  readonly lifetimeS: number;
  readonly portFile: string | undefined;
  readonly logFormat: LogFormat;
  readonly isDebugging: boolean;
}

const EXAMPLES = [
  "htcatalog                                    listen on port 9097, as cctools does",
  "htcatalog --port 0 --port-file catalog.port  any free port, written to a file",
  "CATALOG_HOST=host.of.htcatalog htserver me-a4-x",
];

/**
 * Reads the command line.
 *
 * @param args without the program's own name
 * @throws {UsageError} for anything typed wrong
 * @throws {TextPrinted} after `--help` and `--version`
 */
export function parseCatalogConfig(args: readonly string[]): CatalogConfig {
  const command = program(
    "htcatalog",
    "A catalog of one's own: servers announce themselves to it, and clients find them by name.",
    EXAMPLES,
  )
    .option("--host <addr>", "address to listen on", "0.0.0.0")
    .option("--port <n>", "UDP and HTTP port, 0 for any free one", integer(0, 65_535), CATALOG_PORT)
    .option("--lifetime <s>", "seconds after which a silent server goes", integer(1, 86_400), 900)
    .option("--port-file <file>", "write the port there once it listens")
    .addOption(
      new Option("--log-format <format>", "of lines on stderr")
        .choices(["text", "json"] as const).default("text" as const),
    )
    .option("--debug", "a line for each update", false)
    .allowExcessArguments(false);
  return parsed("htcatalog", () => {
    const { host, port, lifetime, portFile, logFormat, debug } = command
      .parse(args as string[], { from: "user" }).opts();
    return { host, port, lifetimeS: lifetime, portFile, logFormat, isDebugging: debug };
  });
}
