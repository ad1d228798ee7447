/** The command line of `htserver`: flags and environment into one checked configuration. */
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { type Address, isLinkLocal, parseAddress } from "../base/address.ts";
import { CATALOG_PORT, catalogsFrom } from "../catalog/catalog_hosts.ts";
import { isServerHost } from "../catalog/record/host_name.ts";
import { MAX_NAME_CHARS } from "../base/limits.ts";
import { UsageError } from "../base/errors.ts";
import type { LogFormat } from "../base/log.ts";
import { CHECK_HELP, REPAIR_HELP } from "./check_repair_config.ts";
import { addLimitFlags, type Limits, limitsFrom } from "./limit_flags.ts";
import {
  CATALOG_HELP,
  catalogName,
  type Environment,
  LOCAL_CATALOG_HELP,
  parsed,
  portOrOff,
  program,
} from "./command_line.ts";
import { integer, seconds, size } from "./units.ts";

/** Where clients are told to connect; the server's own port where none is named. */
export interface Advertised {
  readonly hostname: string;
  readonly port: number | undefined;
}

/** How to run a server. */
export interface ServerConfig extends Limits {
  readonly project: string;
  readonly owner: string;
  /** Undefined: all addresses, IPv4 and IPv6. */
  readonly host: string | undefined;
  /** 0: any free one. */
  readonly port: number;
  readonly portFile: string | undefined;
  readonly catalogs: readonly Address[];
  readonly catalogIntervalMs: number;
  readonly localCatalogPort: number | undefined;
  readonly advertise: Advertised | undefined;
  /** Serve the name although another live server has it. */
  readonly takeover: boolean;
  /** Undefined: keep nothing. */
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

/** Values of `--fsync`; the type check compares them with those of the storage. */
const FSYNC_CHOICES = ["always", "interval", "never"] as const;

/**
 * Reads the command line.
 *
 * @param args without the program's name
 * @param env of the process
 * @param memoryBytes that the machine has for this process
 * @throws {UsageError} or `TextPrinted`
 */
export function parseServerConfig(
  args: readonly string[],
  env: Environment,
  memoryBytes: number,
): ServerConfig {
  const base = program(
    NAME,
    "A hash table on the network that is found by name: starts a server and announces it to catalogs.",
    [
      "htserver me-a4-x                      any free port, found by its name",
      "htserver me-a4-x --debug              shows how the requests of clients interleave",
      "htserver me-a4-x --host 127.0.0.1     for this machine only",
      "htserver me-a4-x --catalog catalog.example.org,backup.example.org:9097",
    ],
  );
  const command = base
    .argument("<name>", "the name that clients look for; put your own in it", catalogName("name"))
    .option("--host <addr>", "listen address (default: all of this machine, IPv4 and IPv6)")
    .option("--port <n>", "TCP port; 0 is any free one", integer(0, 65_535), 0)
    .option("--port-file <file>", "write the port there, once the server listens")
    .option("--data <dir>", "where the table is kept (default: ./NAME.ht)")
    .option("--memory", "keep nothing on disk", false)
    .addOption(
      new Option("--fsync <when>", "force the log to disk: before each reply, once a second, never")
        .choices(FSYNC_CHOICES).default("always" as const),
    )
    .option("--compact-entries <n>", "write a checkpoint after so many changes", integer(1))
    .option(
      "--compact-bytes <size>",
      "write a checkpoint when the log has this size (default: that of the last one, or 64MB)",
      size(1_000),
    )
    .option("--catalog <list>", CATALOG_HELP)
    .option("--no-catalog", "announce to no listed catalog")
    .option("--catalog-interval <s>", "seconds between updates", seconds(0.05, 86_400), 60)
    .option("--local-catalog <port>", LOCAL_CATALOG_HELP, portOrOff, CATALOG_PORT)
    .option("--owner <id>", "owner in the catalog (default: $USER)", catalogName("owner"))
    .option(
      "--advertise <host[:port]>",
      "tell clients to try this address first, such as one that forwards to here",
      advertised,
    )
    .option("--takeover", "serve the name although another live server has it", false)
    .option("--check <dir>", CHECK_HELP)
    .option("--repair <dir>", REPAIR_HELP)
    .option("--token-file <file>", "clients must first show the token that is in this file")
    .option("--tls-cert <file>", "speak TLS only, with this certificate (PEM); needs --tls-key")
    .option("--tls-key <file>", "the certificate's private key (PEM)")
    .option("--debug", "one line per event: connect, request, disconnect", false)
    .addOption(
      new Option("--log-format <format>", "of the lines on stderr")
        .choices(["text", "json"] as const).default("text" as const),
    );
  addLimitFlags(base);
  parsed(NAME, () => command.parse([...args], { from: "user" }));
  const flags = command.opts();
  if (flags.memory && flags.data !== undefined) {
    throw new UsageError("--memory keeps nothing, and --data says where: choose one");
  }
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
    dataFolder: flags.memory ? undefined : flags.data ?? `${command.processedArgs[0]}.ht`,
    fsync: flags.fsync,
    compactEntries: flags.compactEntries,
    compactBytes: flags.compactBytes,
    ...limitsFrom(flags, memoryBytes),
    tokenFile: flags.tokenFile,
    tlsFiles: tlsFiles(flags.tlsCert, flags.tlsKey),
    isDebugging: flags.debug,
    logFormat: flags.logFormat,
  };
}

/** Both or none. */
function tlsFiles(
  certFile: string | undefined,
  keyFile: string | undefined,
): ServerConfig["tlsFiles"] {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  const missing = certFile === undefined ? "--tls-cert" : "--tls-key";
  throw new UsageError(`TLS needs both --tls-cert and --tls-key: ${missing} is missing`);
}

/** The user's login name, with what a catalog would mangle left out. */
function ownerFrom({ USER, LOGNAME }: Environment): string {
  const name = (USER || LOGNAME || "").replace(/[^A-Za-z0-9._+@-]/g, "").slice(0, MAX_NAME_CHARS);
  return /^[A-Za-z0-9]/.test(name) ? name : "unknown";
}

function advertised(text: string): Advertised {
  const address = parseAddress(text);
  const hostname = address?.hostname ?? parseAddress(text, 1)?.hostname;
  if (hostname === undefined) {
    throw new InvalidArgumentError("It must be HOST, HOST:PORT or [V6]:PORT.");
  }
  if (!isServerHost(hostname) || isLinkLocal(hostname)) {
    throw new InvalidArgumentError(
      "No client can connect to that: it must be a host name, or an address of one machine that other networks know.",
    );
  }
  return { hostname, port: address?.port };
}
