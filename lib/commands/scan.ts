/**
 * `scan` and `query`: all pairs at one instant, or one bounded part after another.
 *
 * A part looks at a bounded number of keys for a bounded time; where it stopped is a slot number
 * (see `hash_table.ts` on why that meets every lasting key exactly once). The request that goes on brings the
 * search again, so a cursor keeps no more than that number and the search's digest.
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

/** The pairs found as JSON text, and the cursor where there is more. */
export interface SearchResult {
  /** To be taken out, or cleared. */
  readonly result: ByteChunks;
  readonly cursor?: string;
}

type SearchRequest = RequestOf<"scan"> | RequestOf<"query">;

/** What a search looks for, made ready. */
type Search =
  | { readonly method: "scan"; readonly regex: KeyRegex }
  | { readonly method: "query"; readonly subkey: string; readonly test: AtomTest };

/** A search, where it begins, and its digest where it is one in parts. */
interface SearchStart {
  readonly search: Search;
  readonly slot: number;
  readonly digest: number;
}

/** How far a walk may go. */
interface WalkBounds {
  readonly slots: number;
  readonly pairs: number;
  readonly ms: number;
  /** For one key, as `KeyPattern.workFor` gives it. */
  readonly matchSteps: number;
}

/** Where a walk ended, and why. */
interface WalkResult {
  /** The first slot that is not done. */
  readonly slot: number;
  /** Nothing more to do or to find, no time, no room for the entry, or an entry that takes too long. */
  readonly ending: "done" | "late" | "full" | "too hard";
  /** The last entry looked at. */
  readonly entry: Entry;
}

/** How many bytes are gone through between two looks at the clock. */
const BYTES_PER_CLOCK = 16_384;

/** How many entries are fetched from memory at once. */
const ENTRIES_AHEAD = 64;

/** What a slot counts besides the bytes that are gone through in it. */
const BYTES_PER_SLOT = 64;

/** What an instruction of a regex counts for each byte of a key. */
const BYTES_PER_STEP = 8;

/** How much of a key is shown that takes too long. */
const SHOWN_KEY_BYTES = 40;

/** Regexes of all clients. */
const regexes = new RegexCache();

/** Its seed is secret, so that nobody finds two searches that are alike. */
const searchHash = new KeyHash();

/** How much of a search's length is in its digest. */
const DIGEST_LENGTHS = 2 ** 21;

/**
 * Runs a search.
 *
 * @param cursors of the connection that asks
 * @param maxBytes most bytes of the result's text
 * @param maxScanMs most time for one without `limit`, in milliseconds
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
    const walked = walk(table, start, bounds, pairs);
    const failure = failureOf(request, walked, pairs.count, maxScanMs);
    if (failure !== undefined) {
      pairs.clear();
      return failure;
    }
    const { slot } = walked;
    if (cursor !== undefined) cursors.close(cursor);
    const result = pairs.finish();
    if (slot >= table.slotsUsed) return { result };
    return { result, cursor: cursors.open({ digest: start.digest, slot }) };
  } catch (error) {
    pairs.clear(); // there is no memory for more
    throw error;
  }
}

/** Why a search cannot be answered, where that is so. */
function failureOf(
  { method, limit }: SearchRequest,
  { ending, entry }: WalkResult,
  count: number,
  maxScanMs: number,
): Failure | undefined {
  if (ending === "too hard") return tooHard(method, entry, limit);
  if (limit === undefined) {
    if (ending === "late") {
      const why = `to look at the whole table takes more than ${maxScanMs / 1e3} s`;
      return tooLarge(method, `${why}; ask for it in parts with 'limit'`);
    }
    if (ending === "full") {
      const why = "one reply has no room for all the pairs";
      return tooLarge(method, `${why}; ask for them in parts with 'limit'`);
    }
  } else if (ending === "full" && count === 0) { // else it begins the next part
    const key = quoted(keyAt(entry.bytes, entry.keyStart, entry.keyEnd));
    return tooLarge(method, `the pair of key ${key} has ${pairBytes(entry)} bytes`);
  }
  return undefined;
}

function startOf(cursors: Cursors, request: SearchRequest): SearchStart | Failure {
  const { method, limit, cursor } = request;
  // Without a limit no cursor comes of it.
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
      `member 'regex' must be a regular expression in Python's syntax, as far as RE2 has it, not ${
        quoted(request.regex)
      }: ${regex.problem}`,
    );
  }
  return { method, regex };
}

/**
 * A number of 53 bits that tells a search from others: 32 of a hash, 21 of the length. More of them would
 * take longer for a long `subvalue`, only to tell a client that it took the wrong cursor.
 */
function searchDigest(request: SearchRequest): number {
  const text = request.method === "scan"
    ? JSON.stringify([request.regex])
    : JSON.stringify([request.subkey]) + request.subvalue;
  const { bytes, start, end } = spanOf(text);
  return (searchHash.of(bytes, start, end) >>> 0) * DIGEST_LENGTHS + end % DIGEST_LENGTHS;
}

/** Adds what is wanted to `pairs`, from slot to slot. */
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
      // Entries lie scattered. The processor waits for many of them at once no longer than for one.
      fetchedTo = Math.min(slot + ENTRIES_AHEAD, endSlot);
      for (let ahead = slot; ahead < fetchedTo; ahead++) table.read(ahead, entry);
    }
    bytes += BYTES_PER_SLOT;
    if (!table.read(slot, entry)) continue;
    bytes += entry.valueEnd - entry.keyStart;
    if (search.method === "scan") {
      bytes += search.regex.stepsFor(entry.keyEnd - entry.keyStart) * BYTES_PER_STEP;
    }
    const wanted = isWanted(entry, search, bounds.matchSteps);
    if (wanted === undefined) return { slot, ending: "too hard", entry };
    if (wanted && !pairs.add(entry)) return { slot, ending: "full", entry };
  }
  return { slot, ending: "done", entry };
}

/** Whether a search wants an entry; undefined where to find out might take too long. */
function isWanted(
  { bytes, keyStart, keyEnd, valueEnd }: Entry,
  search: Search,
  maxWork: number,
): boolean | undefined {
  return search.method === "scan"
    ? search.regex.matches(bytes, keyStart, keyEnd, maxWork)
    : hasMember(bytes, keyEnd, valueEnd, search.subkey, search.test);
}

function tooHard(
  method: string,
  { bytes, keyStart, keyEnd }: Entry,
  limit: number | undefined,
): Failure {
  // A key's beginning is enough, and as its text, which an escape may be cut from.
  const beginning = textAt(bytes, keyStart, Math.min(keyEnd, keyStart + SHOWN_KEY_BYTES));
  const which = `keys as long as the one of ${keyEnd - keyStart} bytes that begins with ${
    quoted(beginning)
  }`;
  const or = limit === undefined ? "" : ", or asked without 'limit'";
  return valueError(method, `member 'regex' must be simpler${or}, where there are ${which}`);
}

function tooLarge(method: string, why: string): Failure {
  return { type: "TooLarge", message: `Cannot ${method}: ${why}` };
}

function valueError(method: string, rule: string): Failure {
  return { type: "ValueError", message: `Cannot ${method}: ${rule}` };
}
