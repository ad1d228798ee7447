/**
 * The reader of a catalog's listing: decodes the bytes of `/query.json` to records of hash table servers.
 *
 * The text is an array of thousands of objects; most are of other programs. The catalog puts its own
 * members first and keeps members of the same name that the sender wrote: **the first member counts**.
 * A damaged record is skipped and hides no other record. A truncated text is an error, because nothing
 * shows which records are missing. Bytes that are not UTF-8 are read as U+FFFD: records of other
 * programs may contain them.
 */
import { sleep } from "../../base/clock.ts";
import {
  LISTING_SLICE_MS,
  MAX_BROKEN_RECORDS,
  MAX_LISTED_RECORD_BYTES,
  MAX_LISTED_SERVERS,
} from "../../base/limits.ts";
import { textAt } from "../../bytes/span.ts";
import { skipString, skipValue, skipWhite, stringAt, visitMembers } from "../../json/scan.ts";
import {
  decodeRecord,
  DEFAULT_LIFETIME_S,
  lastHeardS,
  type Members,
  type ServerRecord,
} from "./server_record.ts";

const LF = 10, QUOTE = 34, COMMA = 44, OPEN_ARRAY = 91, CLOSE_ARRAY = 93, OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** The error of a reply that is not a complete listing. */
export class ListingError extends Error {
  override name = "ListingError";
}

/** The error of a listing without its end: another attempt may get all of it. */
export class TruncatedError extends ListingError {
  override name = "TruncatedError";
}

/** The records to read, and the clocks for their times. */
interface ListingOptions {
  /** Unix seconds by this machine's clock. */
  readonly nowS: number;
  /** Unix seconds by the catalog's clock, if its reply has a date (default: `nowS`). */
  readonly catalogNowS?: number | undefined;
  /** Selects records; at most `MAX_LISTED_SERVERS` are read (default: all). */
  readonly isWanted?: RecordTest | undefined;
}

/** Whether a caller wants a record. */
export type RecordTest = (record: ServerRecord) => boolean;

/**
 * Reads a catalog's listing at once.
 *
 * @param bytes the reply's body
 * @returns the hash tables in it, in the catalog's order
 * @throws {ListingError} if the body is not an array, or is truncated
 */
export function parseListing(bytes: Uint8Array, options: ListingOptions): ServerRecord[] {
  const reading = listingSteps(bytes, options);
  for (;;) {
    const step = reading.next();
    if (step.done) return step.value;
  }
}

/**
 * Reads a catalog's listing in slices of time: a large one must not delay the requests of a server
 * that reads it (I9).
 *
 * @param bytes the reply's body; must not change until the promise settles
 * @param signal cancels the reading
 * @returns as `parseListing`
 * @throws {ListingError} as `parseListing`; and the signal's reason
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
  { nowS, catalogNowS = nowS, isWanted = () => true }: ListingOptions,
): Generator<void, ServerRecord[]> {
  const records: ServerRecord[] = [];
  let newestS = -Infinity;
  for (const position of recordPositions(bytes)) {
    if (position === undefined || position.end - position.start > MAX_LISTED_RECORD_BYTES) {
      yield;
      continue;
    }
    const members = readMembers(bytes, position.start, position.end);
    newestS = Math.max(newestS, lastHeardS(members));
    const record = decodeRecord(members);
    if (record && isWanted(record) && records.length < MAX_LISTED_SERVERS) records.push(record);
    yield;
  }
  // If even the newest record of all looks stale, the two clocks disagree.
  const referenceS = newestS < catalogNowS - DEFAULT_LIFETIME_S ? newestS : catalogNowS;
  return records.map((record) => ({
    ...record,
    lastheardfrom: nowS - Math.max(0, Math.round(referenceS - record.lastheardfrom)),
  }));
}

/** Maximum number of bytes in a step without a record. */
const STEP_BYTES = 4_096;

/** Yields the position of each readable object of the array; undefined ends a step without an object. */
function* recordPositions(
  bytes: Uint8Array,
): Generator<{ readonly start: number; readonly end: number } | undefined, void> {
  const end = bytes.length;
  let at = skipWhite(bytes, 0, end);
  if (bytes[at] !== OPEN_ARRAY) throw new ListingError("The reply is not a JSON array");
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
    if (next >= end) throw new TruncatedError("The reply is truncated");
    if (valueEnd > 0 && (bytes[next] === COMMA || bytes[next] === CLOSE_ARRAY)) {
      if (bytes[at] === OPEN_OBJECT) yield { start: at, end: valueEnd };
      at = next;
    } else {
      if (++broken > MAX_BROKEN_RECORDS) {
        throw new ListingError("Too many records of the reply are not JSON");
      }
      at = skipBroken(bytes, at, next);
    }
    if (bytes[at] === COMMA) at = skipWhite(bytes, at + 1, end);
  }
  if (skipWhite(bytes, at + 1, end) < end) {
    throw new ListingError("The reply has text after its JSON array");
  }
}

/**
 * Skips a record that is not JSON, for example one with a member `nan`.
 *
 * @param failedAt position of its first byte that is not JSON. The search for its end begins there:
 * from its start, many such records would take quadratic time
 * @returns the position of the comma or bracket after the record
 */
function skipBroken(bytes: Uint8Array, start: number, failedAt: number): number {
  const end = skipBalanced(bytes, start);
  if (end !== undefined) return end;
  // Its brackets or quotes do not match. cctools writes each record on a line of its own.
  let comma = Math.max(start, failedAt - 2);
  while ((comma = bytes.indexOf(COMMA, comma)) >= 0) {
    if (bytes[comma + 1] === LF && bytes[comma + 2] === OPEN_OBJECT) return comma;
    comma++;
  }
  const last = bytes.lastIndexOf(CLOSE_ARRAY);
  if (bytes[last - 1] === LF && skipWhite(bytes, last + 1, bytes.length) === bytes.length) {
    return last;
  }
  throw new TruncatedError("The reply is truncated");
}

/** The position of the comma or bracket after a value, or undefined if its brackets do not match. */
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

/** Reads the first member of each name. */
function readMembers(bytes: Uint8Array, start: number, end: number): Members {
  const members = new Map<string, string>();
  visitMembers(bytes, start, end, (nameStart, nameEnd, valueStart, valueEnd) => {
    const name = stringAt(bytes, nameStart, nameEnd);
    if (!members.has(name)) members.set(name, textAt(bytes, valueStart, valueEnd));
  });
  return members;
}
