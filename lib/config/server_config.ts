/** The command line of `htserver`: converts flags and environment to a checked configuration. */
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { type Address, isLinkLocal, parseAddress } from "../base/address.ts";
import { CATALOG_PORT, catalogsFrom } from "../catalog/catalog_hosts.ts";
import { isServerHost } from "../catalog/record/host_name.ts";
import { MAX_NAME_CHARS, MAX_STORE_SCAN_MS } from "../base/limits.ts";
import { UsageError } from "../base/errors.ts";
import type { LogFormat } from "../base/log.ts";
import { CHECK_HELP, REPAIR_HELP } from "./check_repair_config.ts";
import { addLimitFlags, type Limits, limitsFrom } from "./limit_flags.ts";
import {
  CATALOG_HELP,
  catalogName,
  type Environment,
  LOCAL_CATALOG_HELP,
  newProgram,
  portOrOff,
  runParser,
} from "./command_line.ts";
import { LOCAL_TABLE_FLAGS, type StoreConfig, storeConfigFrom } from "./store_config.ts";
import { integer, seconds, size } from "./units.ts";

/** Defaults of limit flags with `--store`, by the names of commander. */
const STORE_LIMITS = { maxScanTime: MAX_STORE_SCAN_MS } as const;

/** The address that clients try first. */
interface AdvertisedAddress {
  readonly hostname: string;
  /** Undefined: the server's own port. */
  readonly port: number | undefined;
}

/** The settings of a server. */
export interface ServerConfig extends Limits {
  readonly project: string;
  readonly owner: string;
  /** Undefined for all addresses, IPv4 and IPv6. */
  readonly host: string | undefined;
  /** 0 for any free port. */
  readonly port: number;
  readonly portFile: string | undefined;
  readonly catalogs: readonly Address[];
  readonly catalogIntervalMs: number;
  readonly localCatalogPort: number | undefined;
  readonly advertise: AdvertisedAddress | undefined;
  /** Whether to serve the name although another live server has it. */
  readonly takeover: boolean;
  /** Undefined: the table is in this process, or in its data folder. */
  readonly store: StoreConfig | undefined;
  /** Undefined: keep the table in memory only, or in the store. */
  readonly dataFolder: string | undefined;
  readonly fsync: typeof FSYNC_CHOICES[number];
  readonly compactEntries: number | undefined;
  readonly compactBytes: number | undefined;
  readonly tokenFile: string | undefined;
  /** Undefined: no TLS. */
  readonly tlsFiles: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly isDebugging: boolean;
  readonly logFormat: LogFormat;
}

const NAME = "htserver";

/** Values of `--fsync`. A value that the storage does not have is a type error. */
const FSYNC_CHOICES = ["always", "interval", "never"] as const;

/**
 * Reads the command line.
 *
 * @param args without the program's name
 * @param env of the process
 * @param memoryBytes memory of the machine for this process
 * @throws {UsageError} or `TextExit`
 */
export function parseServerConfig(
  args: readonly string[],
  env: Environment,
  memoryBytes: number,
): ServerConfig {
  const base = newProgram(
    NAME,
    "Serves a hash table on the network, and announces its name to catalogs.",
    [
      "htserver me-a4-x                    serve on any free port",
      "htserver me-a4-x --debug            log each request",
      "htserver me-a4-x --host 127.0.0.1   accept clients of this machine only",
      "htserver me-a4-x --store redis-cluster://10.0.0.1,10.0.0.2,10.0.0.3",
      "htserver me-a4-x --catalog catalog.example.org,backup.example.org:9097",
    ],
  );
  const command = base
    .argument("<name>", "name of the table, such as me-a4-x", catalogName("name"))
    .option("--host <addr>", "address to listen on (default: all, IPv4 and IPv6)")
    .option("--port <n>", "TCP port; 0 is any free one", integer(0, 65_535), 0)
    .option("--port-file <file>", "write the port to this file")
    .option("--data <dir>", "folder of the table (default: ./NAME.ht)")
    .option("--memory", "keep the table in memory only", false)
    .addOption(
      new Option(
        "--fsync <when>",
        "when to force the log to disk: before each reply, once a second, or never",
      )
        .choices(FSYNC_CHOICES).default("always" as const),
    )
    .option("--compact-entries <n>", "write a checkpoint after this number of changes", integer(1))
    .option(
      "--compact-bytes <size>",
      "write a checkpoint when the log has this size (default: size of the last checkpoint, or 64MB)",
      size(1_000),
    )
    .option(
      "--store <url>",
      "keep the table in a shared store: redis-cluster://HOST:PORT,... or redis://HOST:PORT; rediss for TLS",
    )
    .option(
      "--store-password-file <file>",
      "password of the store (default: $HTSERVER_STORE_PASSWORD)",
    )
    .option("--store-ca <file>", "trust this certificate of the store's authority (PEM)")
    .option("--catalog <list>", CATALOG_HELP)
    .option("--no-catalog", "announce to no listed catalog")
    .option(
      "--catalog-interval <s>",
      "seconds between updates of the catalogs",
      seconds(0.05, 86_400),
      60,
    )
    .option("--local-catalog <port>", LOCAL_CATALOG_HELP, portOrOff, CATALOG_PORT)
    .option("--owner <id>", "owner in the catalog (default: $USER)", catalogName("owner"))
    .option(
      "--advertise <host[:port]>",
      "address that clients try first, such as one that forwards to this server",
      advertised,
    )
    .option("--takeover", "serve the name although another live server has it", false)
    .option("--check <dir>", CHECK_HELP)
    .option("--repair <dir>", REPAIR_HELP)
    .option("--token-file <file>", "require the token in this file from clients")
    .option("--tls-cert <file>", "require TLS, with this certificate (PEM); needs --tls-key")
    .option("--tls-key <file>", "the certificate's private key (PEM)")
    .option("--debug", "log a line for each connect, request and disconnect", false)
    .addOption(
      new Option("--log-format <format>", "format of the lines on stderr")
        .choices(["text", "json"] as const).default("text" as const),
    );
  addLimitFlags(base);
  runParser(NAME, () => command.parse([...args], { from: "user" }));
  const flags = command.opts();
  if (flags.memory && flags.data !== undefined) {
    throw new UsageError("--memory keeps no files, and --data sets their folder: choose one");
  }
  const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
  const store = storeConfigFrom(flags, LOCAL_TABLE_FLAGS.filter(isGiven));
  const isLocal = store === undefined && !flags.memory;
  return {
    project: command.processedArgs[0],
    owner: flags.owner ?? ownerFrom(env),
    host: flags.host,
    port: flags.port,
    portFile: flags.portFile,
    catalogs: catalogsFrom(flags.catalog, env),
    catalogIntervalMs: flags.catalogInterval * 1_000,
    localCatalogPort: flags.localCatalog === "off" ? undefined : flags.localCatalog,
    advertise: flags.advertise,
    takeover: flags.takeover,
    store,
    dataFolder: isLocal ? flags.data ?? `${command.processedArgs[0]}.ht` : undefined,
    fsync: flags.fsync,
    compactEntries: flags.compactEntries,
    compactBytes: flags.compactBytes,
    ...limitsFrom(store === undefined ? flags : { ...STORE_LIMITS, ...flags }, memoryBytes),
    tokenFile: flags.tokenFile,
    tlsFiles: tlsFiles(flags.tlsCert, flags.tlsKey),
    isDebugging: flags.debug,
    logFormat: flags.logFormat,
  };
}

/** The two files, or none. @throws {UsageError} if one is missing */
function tlsFiles(
  certFile: string | undefined,
  keyFile: string | undefined,
): ServerConfig["tlsFiles"] {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  const missing = certFile === undefined ? "--tls-cert" : "--tls-key";
  throw new UsageError(`TLS needs both --tls-cert and --tls-key: ${missing} is missing`);
}

/** The user's login name, without the characters that a catalog would change. */
function ownerFrom({ USER, LOGNAME }: Environment): string {
  const name = (USER || LOGNAME || "").replace(/[^A-Za-z0-9._+@-]/g, "").slice(0, MAX_NAME_CHARS);
  return /^[A-Za-z0-9]/.test(name) ? name : "unknown";
}

function advertised(text: string): AdvertisedAddress {
  const address = parseAddress(text);
  const hostname = address?.hostname ?? parseAddress(text, 1)?.hostname;
  if (hostname === undefined) {
    throw new InvalidArgumentError("It must be HOST, HOST:PORT or [V6]:PORT.");
  }
  if (!isServerHost(hostname) || isLinkLocal(hostname)) {
    throw new InvalidArgumentError(
      "Clients cannot connect to it: it must be a host name, or an address of one machine that other networks can reach.",
    );
  }
  return { hostname, port: address?.port };
}
