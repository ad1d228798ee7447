/**
 * Reads what a catalog lists: the bytes of `/query.json` into the records of hash tables.
 *
 * The text is an array of objects, in thousands, of which most are other things. The catalog puts
 * its own members in front and keeps those of the same name that the sender wrote, so **the first
 * one counts**. A record that is odd, or no JSON at all, is skipped and hides no other one; a text
 * that is cut off is an error, because what is missing is not known. Bytes that are not UTF-8 are
 * read as U+FFFD: other people's records may hold them.
 *
 * | member            | needed | meaning                                                      |
 * | ----------------- | ------ | ------------------------------------------------------------ |
 * | `type`            | yes    | `hashtable`                                                  |
 * | `project`         | yes    | the server's name, printable ASCII                           |
 * | `port`            | yes    | integer from 1 to 65535                                      |
 * | `address`         | yes    | the host that the catalog saw, added by it                   |
 * | `lastheardfrom`   | no     | Unix seconds by the catalog's clock, added by it (default 0) |
 * | `lifetime`        | no     | seconds (default `DEFAULT_LIFETIME_S`)                       |
 * | `owner`, `name`, `version`, `instance`, `listen_port`, `advertise`, `addresses`, `requires_token`, `tls` | no | see `server_record.ts` |
 */
import { sleep } from "../../base/clock.ts";
import {
  LISTING_SLICE_MS,
  MAX_ANNOUNCED_ADDRESSES,
  MAX_BROKEN_RECORDS,
  MAX_LISTED_RECORD_BYTES,
  MAX_LISTED_SERVERS,
  MAX_NAME_CHARS,
} from "../../base/limits.ts";
import {
  skipString,
  skipValue,
  skipWhite,
  stringAt,
  visitElements,
  visitMembers,
} from "../../json/scan.ts";
import { spanOf, textAt } from "../../bytes/span.ts";
import { RECORD_TYPE } from "./server_record.ts";
import { isServerHost, MAX_HOST_CHARS } from "./host_name.ts";

const LF = 10, QUOTE = 34, COMMA = 44, OPEN_ARRAY = 91, CLOSE_ARRAY = 93, OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** Seconds after which a record is stale that names no lifetime of its own; cctools' default. */
export const DEFAULT_LIFETIME_S = 900;

/** A hash table server as a catalog lists it. */
export interface ServerRecord {
  readonly project: string;
  readonly owner: string;
  /** Where the catalog got the record from. */
  readonly address: string;
  /** The catalog's name for that address. */
  readonly name: string;
  /** Where to connect; the advertised port if there is one. */
  readonly port: number;
  /** The port that it listens on, if that is another one. */
  readonly listenPort?: number;
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
  /** Whether it says that it speaks TLS, and nothing else. */
  readonly tls?: true;
}

/** A catalog's reply that is no whole listing: the next catalog may do better. */
export class ListingError extends Error {
  override name = "ListingError";
}

/** The end of the listing is missing: the same catalog may send all of it the next time. */
export class CutOffError extends ListingError {
  override name = "CutOffError";
}

/** What is read of a listing, and by which clocks. */
export interface ListingOptions {
  /** Unix seconds by this machine's clock. */
  readonly nowS: number;
  /** Unix seconds by the catalog's clock, where it told them (default: `nowS`). */
  readonly catalogNowS?: number | undefined;
  /** Which records are wanted, of which there are at most `MAX_LISTED_SERVERS` (default: all). */
  readonly wanted?: RecordTest | undefined;
}

/** Tells whether a record is one that is looked for. */
export type RecordTest = (record: ServerRecord) => boolean;

/**
 * Reads a catalog's listing, in one go.
 *
 * @param bytes the reply's body
 * @returns the hash tables in it, in the catalog's order
 * @throws {ListingError} where it is no array, or is cut off
 */
export function parseListing(bytes: Uint8Array, options: ListingOptions): ServerRecord[] {
  const reading = listingSteps(bytes, options);
  for (;;) {
    const step = reading.next();
    if (step.done) return step.value;
  }
}

/**
 * Reads a catalog's listing bit by bit: what a catalog sends must not hold up a server that asks it
 * (I9).
 *
 * @param bytes the reply's body; left alone until then
 * @param signal calls it off
 * @returns as `parseListing`
 * @throws {ListingError} where it is no array, or is cut off; and the signal's reason
 */
export async function readListing(
  bytes: Uint8Array,
  options: ListingOptions,
  signal: AbortSignal,
): Promise<ServerRecord[]> {
  const reading = listingSteps(bytes, options);
  for (;;) {
    const endMs = performance.now() + LISTING_SLICE_MS;
    while (performance.now() < endMs) {
      const step = reading.next();
      if (step.done) return step.value;
    }
    await sleep(LISTING_SLICE_MS, signal);
    signal.throwIfAborted();
  }
}

/** Reads a listing; the time between two steps is short. */
function* listingSteps(
  bytes: Uint8Array,
  { nowS, catalogNowS = nowS, wanted = () => true }: ListingOptions,
): Generator<void, ServerRecord[]> {
  const records: ServerRecord[] = [];
  let newestS = -Infinity;
  for (const place of recordPlaces(bytes)) {
    if (place === undefined || place.end - place.start > MAX_LISTED_RECORD_BYTES) {
      yield;
      continue;
    }
    const members = firstMembers(bytes, place.start, place.end);
    const heardS = asNumber(members.get("lastheardfrom")) ?? 0;
    newestS = Math.max(newestS, heardS);
    const record = serverRecord(members, heardS);
    if (record && wanted(record) && records.length < MAX_LISTED_SERVERS) records.push(record);
    yield;
  }
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

/** Bytes of other values after which a step ends without a record. */
const STEP_BYTES = 4_096;

/** Gives where each readable object of the array lies, and now and then nothing. */
function* recordPlaces(
  bytes: Uint8Array,
): Generator<{ readonly start: number; readonly end: number } | undefined, void> {
  const end = bytes.length;
  let at = skipWhite(bytes, 0, end);
  if (bytes[at] !== OPEN_ARRAY) throw new ListingError("The reply is no JSON array");
  at = skipWhite(bytes, at + 1, end);
  let broken = 0;
  let stepAt = at;
  while (bytes[at] !== CLOSE_ARRAY) {
    if (at - stepAt > STEP_BYTES) {
      stepAt = at;
      yield;
    }
    const valueEnd = skipValue(bytes, at, end);
    const next = valueEnd < 0 ? ~valueEnd : skipWhite(bytes, valueEnd, end);
    if (next >= end) throw new CutOffError("The reply is cut off");
    if (valueEnd > 0 && (bytes[next] === COMMA || bytes[next] === CLOSE_ARRAY)) {
      if (bytes[at] === OPEN_OBJECT) yield { start: at, end: valueEnd };
      at = next;
    } else {
      if (++broken > MAX_BROKEN_RECORDS) throw new ListingError("The reply is mostly no JSON");
      at = skipBroken(bytes, at, next);
    }
    if (bytes[at] === COMMA) at = skipWhite(bytes, at + 1, end);
  }
  if (skipWhite(bytes, at + 1, end) < end) {
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
function skipBroken(bytes: Uint8Array, start: number, failedAt: number): number {
  const end = skipBalanced(bytes, start);
  if (end !== undefined) return end;
  // Its brackets or quotes do not pair: cctools writes each record on a line of its own.
  let comma = Math.max(start, failedAt - 2);
  while ((comma = bytes.indexOf(COMMA, comma)) >= 0) {
    if (bytes[comma + 1] === LF && bytes[comma + 2] === OPEN_OBJECT) return comma;
    comma++;
  }
  const last = bytes.lastIndexOf(CLOSE_ARRAY);
  if (bytes[last - 1] === LF && skipWhite(bytes, last + 1, bytes.length) === bytes.length) {
    return last;
  }
  throw new CutOffError("The reply is cut off");
}

/** The comma or bracket behind a value whose brackets pair, or undefined. */
function skipBalanced(bytes: Uint8Array, start: number): number | undefined {
  let depth = 0;
  const limit = Math.min(bytes.length, start + MAX_LISTED_RECORD_BYTES);
  for (let at = start; at < limit; at++) {
    const byte = bytes[at];
    if (depth === 0 && (byte === COMMA || byte === CLOSE_ARRAY)) return at;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth < 0) return undefined;
    else if (byte === QUOTE) {
      const end = skipString(bytes, at, bytes.length);
      if (end < 0) return undefined;
      at = end - 1;
    }
  }
  return undefined;
}

/** The first member of each name, as JSON text. */
function firstMembers(bytes: Uint8Array, start: number, end: number): Map<string, string> {
  const members = new Map<string, string>();
  visitMembers(bytes, start, end, (nameStart, nameEnd, valueStart, valueEnd) => {
    const name = stringAt(bytes, nameStart, nameEnd);
    if (!members.has(name)) members.set(name, textAt(bytes, valueStart, valueEnd));
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
  const port = asPort(members.get("port"));
  if (!project || address === undefined || port === undefined) return undefined;

  const lifetime = asNumber(members.get("lifetime")) ?? 0;
  const version = asText(members.get("version"), MAX_NAME_CHARS);
  const instance = asText(members.get("instance"), MAX_NAME_CHARS);
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
    lastheardfrom,
    lifetime: lifetime > 0 ? lifetime : DEFAULT_LIFETIME_S,
    ...(advertise !== undefined && { advertise }),
    addresses: asHosts(members.get("addresses")),
    requiresToken: members.get("requires_token") === "true",
    ...(members.get("tls") === "true" && { tls: true }),
  };
}

/** A short string of printable ASCII: what comes from strangers is shown on terminals. */
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
