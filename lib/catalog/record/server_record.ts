/**
 * The record that lists a server in a catalog: a server encodes it, a client decodes it.
 *
 * A server sends it as one JSON object in one UDP datagram: ASCII, at most `MAX_ANNOUNCEMENT_BYTES`.
 * Its members are in this order. A client skips a record without a good `type`, `project` or `port`.
 *
 * | member           | type    | meaning                                                          |
 * | ---------------- | ------- | ---------------------------------------------------------------- |
 * | `type`           | string  | always `hashtable`                                               |
 * | `project`        | string  | the name that clients look for, printable ASCII                  |
 * | `owner`          | string  | the user that runs the server                                    |
 * | `port`           | integer | the port to connect to: the advertised one, if set               |
 * | `listen_port`    | integer | the port of the server's own addresses; only if `port` differs   |
 * | `advertise`      | string  | the host to connect to first; only if set                        |
 * | `version`        | string  | version of the server program                                    |
 * | `instance`       | string  | new at each start of a server                                    |
 * | `table`          | string  | identity of the table, stored with its data                      |
 * | `shared`         | boolean | true if several servers may serve the table; else left out       |
 * | `lifetime`       | integer | seconds until the record is stale; 1 in a goodbye                |
 * | `starttime`      | integer | Unix seconds                                                     |
 * | `clients`        | integer | connected clients                                                |
 * | `size`           | integer | keys in the table                                                |
 * | `durability`     | string  | the changes that survive a crash                                 |
 * | `requires_token` | boolean | whether clients need a token                                     |
 * | `tls`            | boolean | true if clients need TLS; else left out                          |
 * | `protocol`       | integer | version of the wire protocol                                     |
 * | `addresses`      | array   | the server's own addresses, strings; only those that fit         |
 *
 * The catalog adds these. A server never sends them: the catalog would keep both members of a name, and
 * readers differ in the one that they use.
 *
 * | member           | type    | meaning                                                          |
 * | ---------------- | ------- | ---------------------------------------------------------------- |
 * | `address`        | string  | the address that the record came from; a client needs it         |
 * | `lastheardfrom`  | integer | Unix seconds by the catalog's clock (default 0)                  |
 * | `name`           | string  | the catalog's name of that address                               |
 */
import {
  MAX_ANNOUNCED_ADDRESSES,
  MAX_ANNOUNCEMENT_BYTES,
  MAX_NAME_CHARS,
} from "../../base/limits.ts";
import { spanOf, textAt } from "../../bytes/span.ts";
import { visitElements } from "../../json/scan.ts";
import { isServerHost, MAX_HOST_CHARS } from "./host_name.ts";

/** `type` of every record of this project. */
const RECORD_TYPE = "hashtable";

/** Seconds until a record without a lifetime of its own is stale; the default of cctools. */
export const DEFAULT_LIFETIME_S = 900;

/** `lifetime` of a goodbye, in seconds: the shortest one that a catalog accepts. */
const GOODBYE_LIFETIME_S = 1;

/** The state of a server that its record shows. */
export interface ServerFacts {
  readonly project: string;
  readonly owner: string;
  /** The port that the server listens on. */
  readonly port: number;
  /** The address that clients should use instead. */
  readonly advertise?:
    | { readonly hostname: string; readonly port?: number | undefined }
    | undefined;
  readonly version: string;
  readonly instance: string;
  /** Identity of the table (default: not in the record). */
  readonly table?: string;
  /** Whether several servers may serve the table (default: false). */
  readonly shared?: boolean;
  /** Seconds after the last update until the record is stale. */
  readonly lifetimeS: number;
  /** Unix seconds. */
  readonly startTimeS: number;
  readonly clients: number;
  readonly size: number;
  readonly durability: string;
  readonly requiresToken: boolean;
  /** Whether the server accepts TLS only (default: false). */
  readonly tls?: boolean;
  readonly protocol: number;
}

/** A hash table server as a catalog lists it. */
export interface ServerRecord {
  readonly project: string;
  readonly owner: string;
  /** The address that the catalog got the record from. */
  readonly address: string;
  /** The catalog's name of that address. */
  readonly name: string;
  /** The port to connect to: the advertised one, if set. */
  readonly port: number;
  /** The port that the server listens on, if that is another one. */
  readonly listenPort?: number;
  readonly version?: string;
  readonly instance?: string;
  /** Identity of the table, if the record states that several servers may serve it. */
  readonly sharedTable?: string;
  /** Unix seconds. */
  readonly lastheardfrom: number;
  /** Seconds. */
  readonly lifetime: number;
  /** The host that the server asks clients to use. */
  readonly advertise?: string;
  /** The server's own addresses. */
  readonly addresses: readonly string[];
  readonly requiresToken: boolean;
  /** Whether the record states that the server accepts TLS only. */
  readonly tls?: true;
}

/** The members of a JSON object, each with the JSON text of its value. */
export type Members = ReadonlyMap<string, string>;

/**
 * Encodes a server's record.
 *
 * @param addresses the server's own addresses, best first
 * @returns JSON text, ASCII, at most `MAX_ANNOUNCEMENT_BYTES` long
 * @throws {RangeError} if a string is not ASCII, if a number is not an integer in its range, or if the
 * record is too long even without addresses
 */
export function encodeRecord(facts: ServerFacts, addresses: readonly string[] = []): string {
  const record = {
    type: RECORD_TYPE,
    project: ascii("project", facts.project),
    owner: ascii("owner", facts.owner),
    port: integer("port", facts.advertise?.port ?? facts.port, 1, 65_535),
    ...(facts.advertise?.port !== undefined && facts.advertise.port !== facts.port &&
      { "listen_port": integer("listen_port", facts.port, 1, 65_535) }),
    ...(facts.advertise && { advertise: ascii("advertise", facts.advertise.hostname) }),
    version: ascii("version", facts.version),
    instance: ascii("instance", facts.instance),
    ...(facts.table !== undefined && { table: ascii("table", facts.table) }),
    ...(facts.shared && { shared: true }),
    lifetime: integer("lifetime", facts.lifetimeS, 1),
    starttime: integer("starttime", facts.startTimeS, 0),
    clients: integer("clients", facts.clients, 0),
    size: integer("size", facts.size, 0),
    durability: ascii("durability", facts.durability),
    "requires_token": facts.requiresToken,
    ...(facts.tls && { tls: true }),
    protocol: integer("protocol", facts.protocol, 0),
  };
  const sent = addresses.slice(0, MAX_ANNOUNCED_ADDRESSES).map((text) => ascii("address", text));
  for (;; sent.pop()) {
    const text = JSON.stringify(sent.length > 0 ? { ...record, addresses: sent } : record);
    if (text.length <= MAX_ANNOUNCEMENT_BYTES) return text;
    if (sent.length === 0) {
      throw new RangeError(
        `Cannot announce '${facts.project}': its record must have at most ${MAX_ANNOUNCEMENT_BYTES} bytes, and has ${text.length}`,
      );
    }
  }
}

/** Encodes a goodbye: the record with a short lifetime, so that catalogs and readers soon skip it. */
export function encodeGoodbye(facts: ServerFacts): string {
  return encodeRecord({ ...facts, lifetimeS: GOODBYE_LIFETIME_S });
}

/** Checks a string: catalogs drop or damage records with other characters. */
function ascii(member: string, text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  throw new RangeError(
    `Cannot announce ${member}: it must be printable ASCII, and is ${JSON.stringify(text)}`,
  );
}

function integer(
  member: string,
  value: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(
    `Cannot announce ${member}: it must be an integer from ${min} to ${max}, and is ${value}`,
  );
}

/**
 * Decodes a record of a listing.
 *
 * @returns undefined if it is not a hash table server, or if a client cannot use it
 */
export function decodeRecord(members: Members): ServerRecord | undefined {
  if (asText(members.get("type"), RECORD_TYPE.length) !== RECORD_TYPE) return undefined;
  const project = asText(members.get("project"), MAX_NAME_CHARS);
  const address = asHost(members.get("address"));
  const port = asPort(members.get("port"));
  if (!project || address === undefined || port === undefined) return undefined;

  const lifetime = asNumber(members.get("lifetime")) ?? 0;
  const version = asText(members.get("version"), MAX_NAME_CHARS);
  const instance = asText(members.get("instance"), MAX_NAME_CHARS);
  const table = asText(members.get("table"), MAX_NAME_CHARS);
  const isShared = members.get("shared") === "true" && table !== undefined;
  const advertise = asHost(members.get("advertise"));
  const listenPort = asPort(members.get("listen_port"));
  return {
    project,
    owner: asText(members.get("owner"), MAX_NAME_CHARS) ?? "",
    address,
    name: asText(members.get("name"), MAX_HOST_CHARS) ?? address,
    port,
    ...(listenPort !== undefined && { listenPort }),
    ...(version !== undefined && { version }),
    ...(instance !== undefined && { instance }),
    ...(isShared && { sharedTable: table }),
    lastheardfrom: lastHeardS(members),
    lifetime: lifetime > 0 ? lifetime : DEFAULT_LIFETIME_S,
    ...(advertise !== undefined && { advertise }),
    addresses: asHosts(members.get("addresses")),
    requiresToken: members.get("requires_token") === "true",
    ...(members.get("tls") === "true" && { tls: true }),
  };
}

/** Returns the time of the last update of a record, in Unix seconds by the catalog's clock. */
export function lastHeardS(members: Members): number {
  return asNumber(members.get("lastheardfrom")) ?? 0;
}

/**
 * Whether a record is older than its lifetime: its server has ended, or cannot reach the catalog.
 *
 * @param nowS Unix seconds
 */
export function isStale(record: ServerRecord, nowS: number): boolean {
  return nowS - record.lastheardfrom > record.lifetime;
}

/** A short string of printable ASCII: programs print it on terminals, and any machine can send it. */
function asText(json: string | undefined, maxChars: number): string | undefined {
  if (json === undefined || !json.startsWith('"') || json.length > maxChars + 2) return undefined;
  const text: string = JSON.parse(json);
  return /^[\x20-\x7e]*$/.test(text) ? text : undefined;
}

/** A finite number. */
function asNumber(json: string | undefined): number | undefined {
  if (json === undefined || !/^-?\d/.test(json)) return undefined;
  const value = Number(json);
  return Number.isFinite(value) ? value : undefined;
}

/** A TCP port. */
function asPort(json: string | undefined): number | undefined {
  const port = asNumber(json);
  const isPort = port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65_535;
  return isPort ? port : undefined;
}

/** A host name or address. */
function asHost(json: string | undefined): string | undefined {
  const text = asText(json, MAX_HOST_CHARS);
  return text !== undefined && isServerHost(text) ? text : undefined;
}

function asHosts(json: string | undefined): string[] {
  if (json === undefined) return [];
  const { bytes, end } = spanOf(json);
  const hosts: string[] = [];
  visitElements(bytes, 0, end, (start, end) => {
    if (hosts.length === MAX_ANNOUNCED_ADDRESSES) return;
    const host = asHost(textAt(bytes, start, end));
    if (host !== undefined) hosts.push(host);
  });
  return hosts;
}
