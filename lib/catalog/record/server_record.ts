/**
 * The record by which a server is known to the catalog.
 *
 * One JSON object in one UDP datagram, ASCII only, of at most `MAX_ANNOUNCEMENT_BYTES`.
 * Members, in this order:
 *
 * | member           | type    | meaning                                                         |
 * | ---------------- | ------- | --------------------------------------------------------------- |
 * | `type`           | string  | always `hashtable`                                              |
 * | `project`        | string  | the name that clients look for                                  |
 * | `owner`          | string  | who runs the server                                             |
 * | `port`           | integer | where to connect; the advertised port where one is named        |
 * | `listen_port`    | integer | the port that it listens on, for its own addresses; only if `port` is another one |
 * | `advertise`      | string  | the host to connect to instead of the one the catalog sees; only when set |
 * | `version`        | string  | version of the server program                                   |
 * | `instance`       | string  | new at each start of a server                                   |
 * | `table`          | string  | identity of the table, kept with its data                       |
 * | `lifetime`       | integer | seconds after which the record is stale; 1 in a goodbye         |
 * | `starttime`      | integer | Unix seconds                                                    |
 * | `clients`        | integer | connected clients                                               |
 * | `size`           | integer | keys in the table                                               |
 * | `durability`     | string  | what survives a crash                                           |
 * | `requires_token` | boolean | whether clients need a token                                    |
 * | `tls`            | boolean | true where clients need TLS; else left out                      |
 * | `protocol`       | integer | version of the wire protocol                                    |
 * | `addresses`      | array   | the server's own addresses, strings; left out as far as too long |
 *
 * `address`, `lastheardfrom` and `name` are the catalog's to add, and never sent: it would
 * keep both, and readers differ in which one they believe.
 */
import { isLinkLocal, isLoopback, isWildcard, type ListenAddress } from "../../base/address.ts";
import { MAX_ANNOUNCED_ADDRESSES, MAX_ANNOUNCEMENT_BYTES } from "../../base/limits.ts";

/** `type` of every record of this project. */
export const RECORD_TYPE = "hashtable";

/** `lifetime` of a goodbye, in seconds: the shortest that a catalog knows. */
export const GOODBYE_LIFETIME_S = 1;

/** What a server says about itself. */
export interface ServerFacts {
  readonly project: string;
  readonly owner: string;
  /** The port it listens on. */
  readonly port: number;
  /** What clients shall connect to instead, where that is set. */
  readonly advertise?:
    | { readonly hostname: string; readonly port?: number | undefined }
    | undefined;
  readonly version: string;
  readonly instance: string;
  /** Identity of the table (default: the record has none). */
  readonly table?: string;
  /** Seconds after the last update from which on the record is stale. */
  readonly lifetimeS: number;
  /** Unix seconds. */
  readonly startTimeS: number;
  readonly clients: number;
  readonly size: number;
  readonly durability: string;
  readonly requiresToken: boolean;
  /** Whether it speaks TLS, and nothing else (default: false). */
  readonly tls?: boolean;
  readonly protocol: number;
}

/**
 * Writes a server's record.
 *
 * @param facts what to say
 * @param addresses the server's own addresses, best first
 * @returns JSON text, ASCII, at most `MAX_ANNOUNCEMENT_BYTES` long
 * @throws {RangeError} where a string is not ASCII, a number is no integer in its range, or the
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

/** The same record as a goodbye: the catalog drops it soon, and readers skip it at once. */
export function encodeGoodbye(facts: ServerFacts, addresses: readonly string[] = []): string {
  return encodeRecord({ ...facts, lifetimeS: GOODBYE_LIFETIME_S }, addresses);
}

/**
 * The addresses that other machines could connect to, IPv4 first.
 *
 * @param interfaces all addresses of the machine, without zone or mask
 * @param listening where the server listens (default: at all addresses)
 */
export function reachableAddresses(
  interfaces: readonly string[],
  listening?: Pick<ListenAddress, "hostname" | "isV4" | "isV6">,
): string[] {
  const { hostname = "::", isV4 = true, isV6 = true } = listening ?? {};
  const own = isWildcard(hostname) ? [...new Set(interfaces)] : [hostname];
  // Link-local IPv6 addresses mean nothing without the reader's own interface name.
  const useful = own.filter((text) => !isLoopback(text) && !isLinkLocal(text));
  const v6 = (text: string) => text.includes(":");
  return [
    ...(isV4 ? useful.filter((text) => !v6(text)) : []),
    ...(isV6 ? useful.filter(v6) : []),
  ];
}

/** The catalog drops or mangles all else. */
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
