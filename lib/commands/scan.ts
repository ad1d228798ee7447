/**
 * The searches `scan` and `query`: all pairs at one instant, or in bounded parts.
 *
 * A part visits a bounded number of keys for a bounded time. It stops at a slot number (`hash_table.ts`
 * explains why later parts visit every lasting key exactly once). The request for the next part contains
 * the search again, so a cursor is only that number and the search's digest.
 */
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import {
  MAX_MATCH_STEPS,
  MAX_PART_MATCH_STEPS,
  MAX_SCAN_MS,
  SCAN_PART_KEYS,
  SCAN_PART_MS,
} from "../base/limits.ts";
import { quoted } from "../base/quote.ts";
import { spanOf, textAt } from "../bytes/span.ts";
import type { Failure } from "../protocol/message.ts";
import type { RequestOf } from "../protocol/requests.ts";
import type { Cursors } from "./cursors.ts";
import { Entry, type HashTable } from "../table/hash_table.ts";
import { type AtomTest, equalsAtom, hasMember } from "../json/atom.ts";
import { KeyHash } from "../table/key_hash.ts";
import type { KeyRegex } from "./key_regex.ts";
import { RegexCache } from "./regex_cache.ts";
import { keyAt } from "../protocol/key_text.ts";
import { pairBytes, PairWriter } from "./pair_writer.ts";

/** The pairs as JSON text, and the cursor if there may be more. */
interface SearchResult {
  /** The caller takes its chunks, or clears it. */
  readonly result: ByteChunks;
  readonly cursor?: string;
}

type SearchRequest = RequestOf<"scan"> | RequestOf<"query">;

/** A search with its regex compiled or its value parsed. */
type Search =
  | { readonly method: "scan"; readonly regex: KeyRegex }
  | { readonly method: "query"; readonly subkey: string; readonly test: AtomTest };

/** A search, its first slot, and its digest if the search is in parts. */
interface SearchStart {
  readonly search: Search;
  readonly slot: number;
  readonly digest: number;
}

/** The bounds of a walk. */
interface WalkBounds {
  readonly slots: number;
  readonly pairs: number;
  readonly ms: number;
  /** Maximum steps for one key, see `KeyRegex.stepsFor`. */
  readonly matchSteps: number;
}

/** The end of a walk. */
interface WalkResult {
  /** The first slot that was not visited. */
  readonly slot: number;
  /** Slots or pairs of the bounds are done; out of time; no room for a pair; a key needs too many steps. */
  readonly ending: "done" | "late" | "full" | "too hard";
  /** The last entry that was visited. */
  readonly entry: Entry;
}

/** Bytes of visited entries between two reads of the clock. */
const BYTES_PER_CLOCK = 16_384;

/** Entries that are prefetched from memory at once. */
const ENTRIES_AHEAD = 64;

/** Bytes that a slot counts, beside those of its entry. */
const BYTES_PER_SLOT = 64;

/** Bytes that a step of a regex counts. */
const BYTES_PER_STEP = 8;

/** Bytes of a key with too many steps that the message shows. */
const SHOWN_KEY_BYTES = 40;

/** The cache for all clients. */
const regexes = new RegexCache();

/** Its seed is secret, so that a client cannot find two searches with one digest. */
const searchHash = new KeyHash();

/** Number of different lengths in a search's digest. */
const DIGEST_LENGTHS = 2 ** 21;

/**
 * Runs a search.
 *
 * @param cursors open cursors of the connection
 * @param maxBytes longest text of the result, in bytes
 * @param maxScanMs longest time of a search without `limit`, in milliseconds
 */
export function search(
  table: HashTable,
  cursors: Cursors,
  request: SearchRequest,
  maxBytes: number,
  maxScanMs: number = MAX_SCAN_MS,
): SearchResult | Failure {
  const start = startOf(cursors, request);
  if ("type" in start) return start;
  const { limit, cursor } = request;
  const bounds: WalkBounds = limit === undefined
    ? { slots: Infinity, pairs: Infinity, ms: maxScanMs, matchSteps: MAX_MATCH_STEPS }
    : {
      slots: SCAN_PART_KEYS,
      pairs: limit,
      ms: SCAN_PART_MS,
      matchSteps: MAX_PART_MATCH_STEPS,
    };
  const pairs = new PairWriter(maxBytes);
  try {
    const end = walk(table, start, bounds, pairs);
    const failure = failureOf(request, end, pairs.count, maxScanMs);
    if (failure !== undefined) {
      pairs.clear();
      return failure;
    }
    const { slot } = end;
    if (cursor !== undefined) cursors.close(cursor);
    const result = pairs.finish();
    if (slot >= table.slotsUsed) return { result };
    return { result, cursor: cursors.open({ digest: start.digest, slot }) };
  } catch (error) {
    pairs.clear(); // out of memory
    throw error;
  }
}

/** The failure of a search, if it has one. */
function failureOf(
  { method, limit }: SearchRequest,
  { ending, entry }: WalkResult,
  count: number,
  maxScanMs: number,
): Failure | undefined {
  if (ending === "too hard") return tooHard(method, entry, limit);
  if (limit === undefined) {
    if (ending === "late") {
      const why = `the search of the whole table takes more than ${maxScanMs / 1e3} s`;
      return tooLarge(method, `${why}; ask for it in parts with 'limit'`);
    }
    if (ending === "full") {
      const why = "one reply has no room for all pairs";
      return tooLarge(method, `${why}; ask for them in parts with 'limit'`);
    }
  } else if (ending === "full" && count === 0) { // otherwise the pair begins the next part
    const key = quoted(keyAt(entry.bytes, entry.keyStart, entry.keyEnd));
    return tooLarge(method, `the pair of key ${key} has ${pairBytes(entry)} bytes`);
  }
  return undefined;
}

function startOf(cursors: Cursors, request: SearchRequest): SearchStart | Failure {
  const { method, limit, cursor } = request;
  // A search without a limit opens no cursor.
  const digest = limit === undefined ? 0 : searchDigest(request);
  let slot = 0;
  if (cursor !== undefined) {
    const open = cursors.find(cursor);
    if (open === undefined || (limit !== undefined && open.digest !== digest)) {
      return valueError(
        method,
        `member 'cursor' must be one that this connection got from the same ${method} and that is still open, not ${
          quoted(cursor)
        }`,
      );
    }
    if (limit === undefined) {
      return valueError(method, "member 'cursor' goes with 'limit', which is missing");
    }
    slot = open.slot;
  }
  const made = searchOf(request);
  return "type" in made ? made : { search: made, slot, digest };
}

function searchOf(request: SearchRequest): Search | Failure {
  if (request.method === "query") {
    const { method, subkey, subvalue } = request;
    return { method, subkey, test: equalsAtom(subvalue) };
  }
  const { method } = request;
  const regex = regexes.get(request.regex);
  if ("problem" in regex) {
    return valueError(
      method,
      `member 'regex' must be a regular expression in Python's syntax that RE2 supports, not ${
        quoted(request.regex)
      }: ${regex.problem}`,
    );
  }
  return { method, regex };
}

/**
 * A number of 53 bits that identifies a search: 32 of a hash, 21 of its length. A longer hash would take
 * longer for a long `subvalue`; it only has to detect a client's mistake with a cursor.
 */
function searchDigest(request: SearchRequest): number {
  const text = request.method === "scan"
    ? JSON.stringify([request.regex])
    : JSON.stringify([request.subkey]) + request.subvalue;
  const { bytes, start, end } = spanOf(text);
  return (searchHash.of(bytes, start, end) >>> 0) * DIGEST_LENGTHS + end % DIGEST_LENGTHS;
}

/** Visits slots and adds matching entries to `pairs`. */
function walk(
  table: HashTable,
  start: SearchStart,
  bounds: WalkBounds,
  pairs: PairWriter,
): WalkResult {
  const { search } = start;
  const entry = new Entry();
  const endSlot = Math.min(table.slotsUsed, start.slot + bounds.slots);
  const deadline = performance.now() + bounds.ms;
  let slot = start.slot;
  let fetchedTo = slot;
  let bytes = 0;
  for (; slot < endSlot && pairs.count < bounds.pairs; slot++) {
    if (bytes > BYTES_PER_CLOCK) {
      if (performance.now() > deadline) return { slot, ending: "late", entry };
      bytes = 0;
    }
    if (slot === fetchedTo) {
      // Entries are scattered in memory. The processor loads many at once in the time of one.
      fetchedTo = Math.min(slot + ENTRIES_AHEAD, endSlot);
      for (let ahead = slot; ahead < fetchedTo; ahead++) table.read(ahead, entry);
    }
    bytes += BYTES_PER_SLOT;
    if (!table.read(slot, entry)) continue;
    bytes += entry.valueEnd - entry.keyStart;
    if (search.method === "scan") {
      bytes += search.regex.stepsFor(entry.keyEnd - entry.keyStart) * BYTES_PER_STEP;
    }
    const isMatch = matches(entry, search, bounds.matchSteps);
    if (isMatch === undefined) return { slot, ending: "too hard", entry };
    if (isMatch && !pairs.add(entry)) return { slot, ending: "full", entry };
  }
  return { slot, ending: "done", entry };
}

/** Whether an entry matches a search; undefined: the regex would need too many steps. */
function matches(
  { bytes, keyStart, keyEnd, valueEnd }: Entry,
  search: Search,
  maxSteps: number,
): boolean | undefined {
  return search.method === "scan"
    ? search.regex.matches(bytes, keyStart, keyEnd, maxSteps)
    : hasMember(bytes, keyEnd, valueEnd, search.subkey, search.test);
}

function tooHard(
  method: string,
  { bytes, keyStart, keyEnd }: Entry,
  limit: number | undefined,
): Failure {
  // The key's canonical text: its cut end may be a part of an escape.
  const beginning = textAt(bytes, keyStart, Math.min(keyEnd, keyStart + SHOWN_KEY_BYTES));
  const rule = `member 'regex' must be simpler for a key of ${
    keyEnd - keyStart
  } bytes, which begins with ${quoted(beginning)}`;
  return valueError(method, limit === undefined ? rule : `${rule}; or search without 'limit'`);
}

function tooLarge(method: string, why: string): Failure {
  return { type: "TooLarge", message: `Cannot ${method}: ${why}` };
}

function valueError(method: string, rule: string): Failure {
  return { type: "ValueError", message: `Cannot ${method}: ${rule}` };
}
