/**
 * Reads what a catalog lists: the text of `/query.json` into the records of hash tables.
 *
 * The text is an array of objects, in thousands, of which most are other things. The catalog puts
 * its own members in front and keeps those of the same name that the sender wrote, so **the first
 * one counts**. A record that is odd, or no JSON at all, is skipped and hides no other one; a text
 * that is cut off is an error, because what is missing is not known.
 *
 * | member            | needed | meaning                                                      |
 * | ----------------- | ------ | ------------------------------------------------------------ |
 * | `type`            | yes    | `hashtable`                                                  |
 * | `project`         | yes    | the server's name, printable ASCII                           |
 * | `port`            | yes    | integer from 1 to 65535                                      |
 * | `address`         | yes    | the host that the catalog saw, added by it                   |
 * | `lastheardfrom`   | no     | Unix seconds by the catalog's clock, added by it (default 0) |
 * | `lifetime`        | no     | seconds (default `DEFAULT_LIFETIME_S`)                       |
 * | `owner`, `name`, `version`, `instance`, `advertise`, `addresses`, `requires_token` | no | see `announcement.ts` |
 */
import {
  MAX_ANNOUNCED_ADDRESSES,
  MAX_BROKEN_RECORDS,
  MAX_LISTED_RECORD_CHARS,
  MAX_NAME_CHARS,
} from "../base/limits.ts";
import { skipString, skipValue, skipWhite, visitMembers } from "../base/json_scan.ts";
import { RECORD_TYPE } from "./announcement.ts";

/** Seconds after which a record is stale that names no lifetime of its own; cctools' default. */
export const DEFAULT_LIFETIME_S = 900;

/** Longest host name there is (RFC 1035). */
const MAX_HOST_CHARS = 255;

/** A hash table server as a catalog lists it. */
export interface ServerRecord {
  readonly project: string;
  readonly owner: string;
  /** Where the catalog got the record from. */
  readonly address: string;
  /** The catalog's name for that address. */
  readonly name: string;
  readonly port: number;
  readonly version?: string;
  readonly instance?: string;
  /** Unix seconds by this machine's clock, never in the future. */
  readonly lastheardfrom: number;
  /** Seconds. */
  readonly lifetime: number;
  /** The host that the server asks to be reached at. */
  readonly advertise?: string;
  /** The server's own addresses. */
  readonly addresses: readonly string[];
  readonly requiresToken: boolean;
}

/** A catalog's reply that is no whole listing: the next catalog may do better. */
export class ListingError extends Error {
  override name = "ListingError";
}

/**
 * Reads a catalog's listing.
 *
 * @param text the reply's body
 * @param nowS Unix seconds by this machine's clock
 * @param catalogNowS Unix seconds by the catalog's clock, where it told them (default: `nowS`)
 * @returns the hash tables in it, in the catalog's order
 * @throws {ListingError} where it is no array, or is cut off
 */
export function parseListing(
  text: string,
  nowS: number,
  catalogNowS: number = nowS,
): ServerRecord[] {
  const records: ServerRecord[] = [];
  let newestS = -Infinity;
  visitRecords(text, (start, end) => {
    if (end - start > MAX_LISTED_RECORD_CHARS) return;
    const members = firstMembers(text.slice(start, end));
    const heardS = asNumber(members.get("lastheardfrom")) ?? 0;
    newestS = Math.max(newestS, heardS);
    const record = serverRecord(members, heardS);
    if (record) records.push(record);
  });
  // Where even the newest record of all looks stale, the clocks disagree, not the servers.
  const referenceS = newestS < catalogNowS - DEFAULT_LIFETIME_S ? newestS : catalogNowS;
  return records.map((record) => ({
    ...record,
    lastheardfrom: nowS - Math.max(0, Math.round(referenceS - record.lastheardfrom)),
  }));
}

/**
 * Whether a record is older than its lifetime: its server has ended, or cannot reach the catalog.
 *
 * @param nowS Unix seconds
 */
export function isStale(record: ServerRecord, nowS: number): boolean {
  return nowS - record.lastheardfrom > record.lifetime;
}

/** Reports where each readable object of the array lies. */
function visitRecords(text: string, visit: (start: number, end: number) => void): void {
  let at = skipWhite(text, 0);
  if (text[at] !== "[") throw new ListingError("The reply is no JSON array");
  at = skipWhite(text, at + 1);
  let broken = 0;
  while (text[at] !== "]") {
    const end = skipValue(text, at);
    const next = end < 0 ? ~end : skipWhite(text, end);
    if (next >= text.length) throw new ListingError("The reply is cut off");
    if (end > 0 && (text[next] === "," || text[next] === "]")) {
      if (text[at] === "{") visit(at, end);
      at = next;
    } else {
      if (++broken > MAX_BROKEN_RECORDS) throw new ListingError("The reply is mostly no JSON");
      at = skipBroken(text, at, next);
    }
    if (text[at] === ",") at = skipWhite(text, at + 1);
  }
  if (skipWhite(text, at + 1) < text.length) {
    throw new ListingError("The reply goes on behind its JSON array");
  }
}

/**
 * Skips a record that is no JSON, such as one with a member `nan`.
 *
 * @param failedAt where it ceases to be JSON; the search for its end begins there, and not at its
 * start, lest many such records take quadratic time
 * @returns the position of the comma or bracket behind it
 */
function skipBroken(text: string, start: number, failedAt: number): number {
  const end = skipBalanced(text, start);
  if (end !== undefined) return end;
  // Its brackets or quotes do not pair: cctools writes each record on a line of its own.
  const separator = text.indexOf(",\n{", Math.max(start, failedAt - 2));
  if (separator >= 0) return separator;
  const last = text.trimEnd().length - 1;
  if (text.startsWith("\n]", last - 1)) return last;
  throw new ListingError("The reply is cut off");
}

/** The comma or bracket behind a value whose brackets pair, or undefined. */
function skipBalanced(text: string, start: number): number | undefined {
  let depth = 0;
  const limit = Math.min(text.length, start + MAX_LISTED_RECORD_CHARS);
  for (let at = start; at < limit; at++) {
    const char = text[at];
    if (depth === 0 && (char === "," || char === "]")) return at;
    if (char === "{" || char === "[") depth++;
    else if ((char === "}" || char === "]") && --depth < 0) return undefined;
    else if (char === '"') {
      const end = skipString(text, at);
      if (end < 0) return undefined;
      at = end - 1;
    }
  }
  return undefined;
}

/** The first member of each name, as JSON text. */
function firstMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  visitMembers(text, 0, (nameStart, nameEnd, start, end) => {
    const name: string = JSON.parse(text.slice(nameStart, nameEnd));
    if (!members.has(name)) members.set(name, text.slice(start, end));
  });
  return members;
}

function serverRecord(
  members: ReadonlyMap<string, string>,
  lastheardfrom: number,
): ServerRecord | undefined {
  if (asText(members.get("type"), RECORD_TYPE.length) !== RECORD_TYPE) return undefined;
  const project = asText(members.get("project"), MAX_NAME_CHARS);
  const address = asHost(members.get("address"));
  const port = asNumber(members.get("port"));
  if (!project || address === undefined || port === undefined) return undefined;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;

  const lifetime = asNumber(members.get("lifetime")) ?? 0;
  const version = asText(members.get("version"), MAX_NAME_CHARS);
  const instance = asText(members.get("instance"), MAX_NAME_CHARS);
  const advertise = asHost(members.get("advertise"));
  return {
    project,
    owner: asText(members.get("owner"), MAX_NAME_CHARS) ?? "",
    address,
    name: asText(members.get("name"), MAX_HOST_CHARS) ?? address,
    port,
    ...(version !== undefined && { version }),
    ...(instance !== undefined && { instance }),
    lastheardfrom,
    lifetime: lifetime > 0 ? lifetime : DEFAULT_LIFETIME_S,
    ...(advertise !== undefined && { advertise }),
    addresses: asHosts(members.get("addresses")),
    requiresToken: members.get("requires_token") === "true",
  };
}

/** A short string of printable ASCII: what comes from strangers is shown on terminals. */
function asText(json: string | undefined, maxChars: number): string | undefined {
  // Parsed rather than sliced, so that it does not keep the whole reply in memory.
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

/** A host name or address, as far as its characters tell. */
function asHost(json: string | undefined): string | undefined {
  const text = asText(json, MAX_HOST_CHARS);
  return text !== undefined && isHost(text) ? text : undefined;
}

function isHost(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(text);
}

function asHosts(json: string | undefined): string[] {
  if (json === undefined || !json.startsWith("[")) return [];
  const hosts: string[] = [];
  let at = skipWhite(json, 1);
  while (hosts.length < MAX_ANNOUNCED_ADDRESSES && at < json.length - 1) {
    const end = skipValue(json, at);
    const host = asHost(json.slice(at, end));
    if (host !== undefined) hosts.push(host);
    at = skipWhite(json, skipWhite(json, end) + 1);
  }
  return hosts;
}
