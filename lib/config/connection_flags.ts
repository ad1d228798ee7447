/** The flags of `htclient` and `testperf` for the search of a server and the connection to it. */
import type { Command } from "@commander-js/extra-typings";
import { type Address, parseAddress } from "../base/address.ts";
import { UsageError } from "../base/errors.ts";
import { CATALOG_PORT, type CatalogEnvironment, catalogsFrom } from "../catalog/catalog_hosts.ts";
import { CATALOG_HELP, LOCAL_CATALOG_HELP, portOrOff } from "./command_line.ts";
import { seconds } from "./units.ts";

/** The settings of a connection. */
export interface ConnectionConfig {
  readonly catalogs: readonly Address[];
  readonly localCatalogPort: number | undefined;
  readonly tokenFile: string | undefined;
  /** Whether to send the token without TLS to a server that was found by its name. */
  readonly tokenInClear: boolean;
  /** File of the certificates to trust (PEM); undefined: no TLS. */
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
}

/** Reads the settings of a parsed command line. @throws {UsageError} if `target` has no catalog */
type ConnectionReader = (target: string | undefined, env: CatalogEnvironment) => ConnectionConfig;

/** Adds the flags to a command. */
export function addConnectionFlags(command: Command): ConnectionReader {
  const withFlags = command
    .option("--catalog <list>", CATALOG_HELP)
    .option("--no-catalog", "ask no listed catalog")
    .option("--local-catalog <port>", LOCAL_CATALOG_HELP, portOrOff, CATALOG_PORT)
    .option("--token-file <file>", "send the token in this file to the server")
    .option(
      "--token-in-clear",
      "send the token without TLS, even to a server found by its name on another machine",
      false,
    )
    .option("--ca <file>", "require TLS, and trust this certificate, of the server or an authority")
    .option(
      "--timeout <s>",
      "seconds until the search for the server, or a request, fails",
      seconds(0.1, 86_400),
      60,
    );
  return (target, env) => {
    const { catalog, localCatalog, tokenFile, tokenInClear, ca, timeout } = withFlags.opts();
    const catalogs = catalogsFrom(catalog, env);
    const localCatalogPort = localCatalog === "off" ? undefined : localCatalog;
    const needsCatalog = target === undefined || parseAddress(target) === undefined;
    if (needsCatalog && catalogs.length === 0 && localCatalogPort === undefined) {
      throw new UsageError(
        "With --no-catalog and --local-catalog off there is no catalog: name the server by HOST:PORT",
      );
    }
    const timeoutMs = timeout * 1_000;
    return { catalogs, localCatalogPort, tokenFile, tokenInClear, caFile: ca, timeoutMs };
  };
}
