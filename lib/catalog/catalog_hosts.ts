/** The list of catalogs to use, in the format of cctools, from a flag or the environment. */
import { type Address, isLinkLocal, parseAddress } from "../base/address.ts";
import { UsageError } from "../base/errors.ts";

/** Default port of a catalog. */
export const CATALOG_PORT = 9097;

/** Default catalogs, without a flag and `CATALOG_HOST`. */
const DEFAULT_CATALOGS = "catalog.cse.nd.edu,backup-catalog.cse.nd.edu";

/**
 * Hosts of the local catalog, in the order in which servers try to serve it. A stopped process (Ctrl-Z)
 * holds its port, so the next server needs another address. On Linux all of 127.0.0.0/8 is this machine.
 */
const LOCAL_HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] as const;

/**
 * Lists the addresses of the local catalog: servers announce themselves to all, and clients query all.
 *
 * @param port undefined without a local catalog
 */
export function localCatalogs(port: number | undefined): readonly Address[] {
  return port === undefined ? [] : LOCAL_HOSTS.map((hostname) => ({ hostname, port }));
}

/** The environment variables with the list of catalogs. */
export interface CatalogEnvironment {
  /** Catalogs, separated by commas: HOST, HOST:PORT or [V6]:PORT. */
  readonly CATALOG_HOST?: string | undefined;
  /** The port of each entry without a port (default: 9097). */
  readonly CATALOG_PORT?: string | undefined;
}

/**
 * Parses the list of catalogs: of the flag, else of `CATALOG_HOST`, else the two at Notre Dame.
 * `CATALOG_PORT` is the port of entries without a port.
 *
 * @param flag the value of `--catalog`; undefined if it is missing, false for `--no-catalog`
 * @throws {UsageError} if the flag or the environment is not a list of catalogs
 */
export function catalogsFrom(
  flag: string | boolean | undefined,
  env: CatalogEnvironment,
): readonly Address[] {
  if (flag === false) return [];
  const port = env.CATALOG_PORT ? Number(env.CATALOG_PORT) : CATALOG_PORT;
  const isNumber = /^\d*$/.test(env.CATALOG_PORT ?? "");
  if (!(isNumber && port >= 1 && port <= 65_535)) {
    throw new UsageError(`CATALOG_PORT must be a port from 1 to 65535, not '${env.CATALOG_PORT}'`);
  }
  const [source, list] = typeof flag === "string"
    ? ["--catalog", flag]
    : ["CATALOG_HOST", env.CATALOG_HOST || DEFAULT_CATALOGS];
  // Scripts write lists with an extra comma, so empty entries are ignored.
  const entries = list.split(",").filter((text) => text.trim() !== "");
  if (entries.length === 0) throw new UsageError(`${source} must name a catalog, not '${list}'`);
  return entries.map((text) => {
    const address = parseAddress(text.trim(), port);
    if (address && isLinkLocal(address.hostname)) {
      throw new UsageError(
        `Each catalog of ${source} must have an address that other networks can reach, not the link-local '${text.trim()}': use another address of that machine, or its name`,
      );
    }
    if (address) return address;
    throw new UsageError(
      `Each catalog of ${source} must be HOST, HOST:PORT or [V6]:PORT, not '${text.trim()}'`,
    );
  });
}
