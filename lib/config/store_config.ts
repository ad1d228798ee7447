/**
 * The flags of a shared store, `--store URL` and those beside it. The URL has the form
 *
 *     redis-cluster://[user@]host[:port][,host[:port]...][?replicas=0][&reads=fenced]
 *     redis://[user@]host[:port]
 *
 * and `rediss` instead of `redis` for TLS. It never has a password: all users of the machine can read the
 * command line. So no message repeats a URL before it is known that it has none.
 */
import { type Address, parseAddress } from "../base/address.ts";
import { UsageError } from "../base/errors.ts";
import { quoted } from "../base/quote.ts";

/** A shared store: plain data without secrets. */
export interface StoreConfig {
  /** A Redis or Valkey Cluster, or a single node. */
  readonly kind: "cluster" | "single";
  /** Nodes of the cluster, at least one; the first that answers names the others. Or the single node. */
  readonly addresses: readonly [Address, ...Address[]];
  readonly isTls: boolean;
  /** Undefined: the default user. */
  readonly user: string | undefined;
  /** Whether each change waits for a replica. False: `replicas=0`, or a single node. */
  readonly needsReplicas: boolean;
  /** Whether lookups come after a write, so that none is stale around a failover: `reads=fenced`. */
  readonly hasFencedReads: boolean;
  /** Undefined: the password is in `HTSERVER_STORE_PASSWORD`, or there is none. */
  readonly passwordFile: string | undefined;
  /** Certificates to trust (PEM); undefined: those of public authorities only. */
  readonly caFile: string | undefined;
}

/** What a connection to a store needs beside its `StoreConfig`. */
export interface StoreSecrets {
  /** Undefined: the store requires none. */
  readonly password: string | undefined;
  /** Certificates to trust (PEM); undefined: those of public authorities only. */
  readonly ca: string | undefined;
}

/** The parsed flags; undefined: not given. */
export interface StoreFlags {
  readonly store?: string | undefined;
  readonly storePasswordFile?: string | undefined;
  readonly storeCa?: string | undefined;
}

/** Flags of a table in this process, by their names in the parsed flags. */
const NOT_WITH_STORE = {
  data: "--data is the folder of a table on this machine",
  memory: "--memory keeps the table in this process",
  fsync: "--fsync is for the log of a table on this machine",
  compactEntries: "--compact-entries is for the log of a table on this machine",
  compactBytes: "--compact-bytes is for the log of a table on this machine",
  maxMemory: "--max-memory bounds a table in this process",
} as const;

/** The names of the flags that `--store` excludes. */
export const LOCAL_TABLE_FLAGS: readonly (keyof typeof NOT_WITH_STORE)[] = Object.keys(
  NOT_WITH_STORE,
) as (keyof typeof NOT_WITH_STORE)[];

const DEFAULT_PORT = 6_379;

const FORM = "redis-cluster://HOST:PORT,HOST:PORT,... or redis://HOST:PORT (rediss for TLS)";

const REFUSED_PASSWORD =
  "The URL of --store must not have a password, because other users can read it there: use --store-password-file or HTSERVER_STORE_PASSWORD";

/**
 * Checks the flags of a store.
 *
 * @param given the flags of `LOCAL_TABLE_FLAGS` that are on the command line
 * @returns undefined: the table is in this process
 * @throws {UsageError}
 */
export function storeConfigFrom(
  { store, storePasswordFile, storeCa }: StoreFlags,
  given: readonly (keyof typeof NOT_WITH_STORE)[],
): StoreConfig | undefined {
  if (store === undefined) {
    if (storePasswordFile !== undefined) {
      throw new UsageError("--store-password-file needs --store: it is the password of the store");
    }
    if (storeCa !== undefined) {
      throw new UsageError("--store-ca needs --store: it is for the certificates of the store");
    }
    return undefined;
  }
  const parsed = parseStoreUrl(store);
  const [excluded] = given;
  if (excluded !== undefined) {
    throw new UsageError(
      `${NOT_WITH_STORE[excluded]}, and --store keeps the table elsewhere: choose one`,
    );
  }
  if (storeCa !== undefined && !parsed.isTls) {
    throw new UsageError(
      "--store-ca is for TLS, and the URL of --store is not: use rediss:// or rediss-cluster://",
    );
  }
  return { ...parsed, passwordFile: storePasswordFile, caFile: storeCa };
}

/**
 * Parses the URL of a store.
 *
 * @throws {UsageError} without a secret in its message
 */
function parseStoreUrl(url: string): Omit<StoreConfig, "passwordFile" | "caFile"> {
  const [, scheme = "", rest = ""] = /^(?:([\w+.-]*):\/\/)?([^]*)$/.exec(url) ?? [];
  const loginEnd = rest.lastIndexOf("@");
  if (loginEnd >= 0 && rest.slice(0, loginEnd).includes(":")) {
    throw new UsageError(REFUSED_PASSWORD);
  }
  const [, tls, cluster] = /^redis(s?)(-cluster)?$/.exec(scheme) ?? [];
  if (tls === undefined) {
    const shown = scheme === "" ? "no scheme" : `${quoted(scheme)} as its scheme`;
    throw new UsageError(`The URL of --store must be ${FORM}; it has ${shown}`);
  }
  const kind = cluster === undefined ? "single" : "cluster";
  const user = loginEnd < 0 ? undefined : userIn(rest.slice(0, loginEnd));
  const [hosts = "", ...queries] = rest.slice(loginEnd + 1).split("?");
  if (/[/#]/.test(hosts)) {
    throw new UsageError(
      `The URL of --store must end with its hosts or options, without a path or database number: a table is in database 0 (${FORM})`,
    );
  }
  const [first, ...others] = hosts.split(",").map(nodeIn);
  if (first === undefined) throw new UsageError(`The URL of --store names no host (${FORM})`);
  if (kind === "single" && others.length > 0) {
    throw new UsageError(
      `redis:// is for one node, and the URL of --store names ${
        others.length + 1
      }: use redis-cluster:// for a cluster`,
    );
  }
  const options = optionsIn(queries);
  const [option] = options;
  if (kind === "single" && option !== undefined) {
    throw new UsageError(`The URL of --store has the option '${option}', which is for clusters`);
  }
  return {
    kind,
    addresses: [first, ...others],
    isTls: tls === "s",
    user,
    needsReplicas: kind === "cluster" && !options.has("replicas=0"),
    hasFencedReads: options.has("reads=fenced"),
  };
}

function userIn(text: string): string {
  let user: string | undefined;
  try {
    user = decodeURIComponent(text);
  } catch {
    // It has a percent sign that begins no encoded character.
  }
  if (user === undefined || !/^[^\s\p{Cc}]+$/u.test(user)) {
    throw new UsageError(
      "The user in the URL of --store must have at least one character and no white space; %25 is a percent sign",
    );
  }
  return user;
}

function nodeIn(text: string): Address {
  const address = parseAddress(text, DEFAULT_PORT);
  if (address !== undefined) return address;
  throw new UsageError(
    `The URL of --store must have hosts as HOST, HOST:PORT or [V6]:PORT, separated by commas; one is ${
      quoted(text)
    }`,
  );
}

function optionsIn(queries: readonly string[]): ReadonlySet<string> {
  const options = queries.join("?").split("&").filter((option) => option !== "");
  for (const option of options) {
    if (option === "replicas=0" || option === "reads=fenced") continue;
    // Its value may be a secret.
    throw new UsageError(
      `The URL of --store has the option ${
        quoted(option.split("=", 1)[0] ?? "")
      } with a value that is not known: there are replicas=0 and reads=fenced`,
    );
  }
  return new Set(options);
}
