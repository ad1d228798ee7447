/** Which catalogs to use: a list as cctools writes it, from a flag or the environment. */
import { type Address, isLinkLocal, parseAddress } from "../base/address.ts";
import { UsageError } from "../base/errors.ts";

/** Port of a catalog where none is named. */
export const CATALOG_PORT = 9097;

/** Catalogs used where neither a flag nor `CATALOG_HOST` names any. */
export const DEFAULT_CATALOGS = "catalog.cse.nd.edu,backup-catalog.cse.nd.edu";

/**
 * Hosts of the local catalog, in the order in which servers try to serve it. A stopped process (Ctrl-Z)
 * keeps its port, so the next server needs another address; on Linux all of 127.0.0.0/8 is this machine.
 */
const LOCAL_HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] as const;

/**
 * The addresses of the local catalog: servers announce themselves to all, and clients ask all.
 *
 * @param port undefined: no local catalog
 */
export function localCatalogs(port: number | undefined): readonly Address[] {
  return port === undefined ? [] : LOCAL_HOSTS.map((hostname) => ({ hostname, port }));
}

/** The environment variables that say where catalogs are. */
export interface CatalogEnvironment {
  /** Catalogs, separated by commas: HOST, HOST:PORT or [V6]:PORT. */
  readonly CATALOG_HOST?: string | undefined;
  /** The port of each catalog that names none (default: 9097). */
  readonly CATALOG_PORT?: string | undefined;
}

/**
 * The catalogs to use: those of the flag, else of `CATALOG_HOST`, else the two at Notre Dame;
 * `CATALOG_PORT` is the port of entries that name none.
 *
 * @param flag what `--catalog` said; undefined where it was not given, false for `--no-catalog`
 * @throws {UsageError} when flag or environment hold something else
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
  // An empty entry is a comma too many, as at the end of a list that a script wrote.
  const entries = list.split(",").filter((text) => text.trim() !== "");
  if (entries.length === 0) throw new UsageError(`${source} must name a catalog, not '${list}'`);
  return entries.map((text) => {
    const address = parseAddress(text.trim(), port);
    if (address && isLinkLocal(address.hostname)) {
      throw new UsageError(
        `Each catalog of ${source} must have an address that other networks know, not the link-local '${text.trim()}': use another address of that machine, or its name`,
      );
    }
    if (address) return address;
    throw new UsageError(
      `Each catalog of ${source} must be HOST, HOST:PORT or [V6]:PORT, not '${text.trim()}'`,
    );
  });
}
