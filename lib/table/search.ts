/**
 * `scan` and `query`: all pairs at one instant, or one bounded part after another.
 *
 * A part looks at a bounded number of keys for a bounded time; where it stopped is a slot number
 * (see `hash_table.ts` on why that meets every lasting key exactly once).
 */
import type { ByteChunks } from "../base/byte_chunks.ts";
import { MAX_CURSOR_CHARS, SCAN_PART_KEYS, SCAN_PART_MS, SCAN_WHOLE_MS } from "../base/limits.ts";
import { quoted } from "../base/quoted.ts";
import type { Failure, RequestOf } from "../protocol/message.ts";
import type { Cursors, OpenCursor, Search } from "./cursors.ts";
import { Entry, type HashTable } from "./hash_table.ts";
import { equalsAtom, hasMember } from "./json_atom.ts";
import { compileKeyPattern } from "./key_pattern.ts";
import { keyAt } from "../protocol/key_text.ts";
import { pairBytes, Pairs } from "./pairs.ts";

/** The pairs found as JSON text, and the cursor where there is more. */
export interface Found {
  /** To be cleared when it is copied. */
  readonly result: ByteChunks;
  readonly cursor?: string;
}

type SearchRequest = RequestOf<"scan"> | RequestOf<"query">;

/** How far a walk may go. */
interface Bounds {
  readonly slots: number;
  readonly pairs: number;
  readonly ms: number;
}

/** Where a walk ended, and why. */
interface Walked {
  /** The first slot that is not done. */
  readonly slot: number;
  /** Nothing more to do or to find, no time, no room for the entry, or an entry that takes too long. */
  readonly ending: "done" | "late" | "full" | "too hard";
  /** The last entry looked at. */
  readonly entry: Entry;
}

const WHOLE: Bounds = { slots: Infinity, pairs: Infinity, ms: SCAN_WHOLE_MS };

/** How many bytes are gone through between two looks at the clock. */
const BYTES_PER_CLOCK = 16_384;

/** How many entries are fetched from memory at once. */
const ENTRIES_AHEAD = 64;

/** What a slot counts besides the bytes that are gone through in it. */
const BYTES_PER_SLOT = 64;

/**
 * Runs a search.
 *
 * @param cursors of the connection that asks
 * @param maxBytes most bytes of the result's text
 */
export function search(
  table: HashTable,
  cursors: Cursors,
  request: SearchRequest,
  maxBytes: number,
): Found | Failure {
  const start = startOf(cursors, request);
  if ("type" in start) return start;
  const { limit, cursor } = request;
  const bounds = limit === undefined
    ? WHOLE
    : { slots: SCAN_PART_KEYS, pairs: limit, ms: SCAN_PART_MS };
  const pairs = new Pairs(maxBytes);
  const walked = walk(table, start, bounds, pairs);
  const failure = failureOf(request, walked, pairs.count);
  if (failure !== undefined) {
    pairs.drop();
    return failure;
  }
  const { slot } = walked;
  if (cursor !== undefined) cursors.close(cursor);
  const result = pairs.end();
  if (slot >= table.slotsUsed) return { result };
  return { result, cursor: cursors.open({ search: start.search, slot }) };
}

/** Why a search cannot be answered, where that is so. */
function failureOf(
  { method, limit }: SearchRequest,
  { ending, entry }: Walked,
  count: number,
): Failure | undefined {
  if (ending === "too hard") return tooHard(method, entry);
  if (limit === undefined) {
    if (ending === "late") {
      const why = `to look at the whole table takes more than ${SCAN_WHOLE_MS} ms`;
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

function startOf(cursors: Cursors, request: SearchRequest): OpenCursor | Failure {
  if (request.cursor === undefined) {
    const made = searchOf(request);
    return "type" in made ? made : { search: made, slot: 0 };
  }
  const open = cursors.find(request.cursor);
  if (open === undefined || !isSameSearch(open.search, request)) {
    return valueError(
      request.method,
      `member 'cursor' must be one that this connection got from the same ${request.method} and that is still open, not ${
        quoted(request.cursor)
      }`,
    );
  }
  if (request.limit === undefined) {
    return valueError(request.method, "member 'cursor' goes with 'limit', which is missing");
  }
  return open;
}

function searchOf(request: SearchRequest): Search | Failure {
  if (request.method === "query") {
    const { method, subkey, subvalue, limit } = request;
    if (limit !== undefined && subkey.length + subvalue.length > MAX_CURSOR_CHARS) {
      return valueError(
        method,
        `members 'subkey' and 'subvalue' may have at most ${MAX_CURSOR_CHARS} characters together with 'limit'`,
      );
    }
    return { method, subkey, subvalue, test: equalsAtom(subvalue) };
  }
  const pattern = compileKeyPattern(request.regex);
  if ("problem" in pattern) {
    return valueError(
      "scan",
      `member 'regex' must be a regular expression in the syntax that RE2 and Python share, not ${
        quoted(request.regex)
      }: ${pattern.problem}`,
    );
  }
  return { method: "scan", regex: request.regex, pattern };
}

function isSameSearch(open: Search, request: SearchRequest): boolean {
  if (open.method === "scan") return request.method === "scan" && request.regex === open.regex;
  return request.method === "query" && request.subkey === open.subkey &&
    request.subvalue === open.subvalue;
}

/** Adds what is wanted to `pairs`, from slot to slot. */
function walk(table: HashTable, start: OpenCursor, bounds: Bounds, pairs: Pairs): Walked {
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
    const wanted = isWanted(entry, start.search);
    if (wanted === undefined) return { slot, ending: "too hard", entry };
    if (wanted && !pairs.add(entry)) return { slot, ending: "full", entry };
  }
  return { slot, ending: "done", entry };
}

/** Whether a search wants an entry; undefined where to find out might take too long. */
function isWanted(entry: Entry, search: Search): boolean | undefined {
  const { bytes, keyStart, keyEnd, valueEnd } = entry;
  return search.method === "scan"
    ? search.pattern.isFoundIn(keyAt(bytes, keyStart, keyEnd))
    : hasMember(bytes, keyEnd, valueEnd, search.subkey, search.test);
}

function tooHard(method: string, { bytes, keyStart, keyEnd }: Entry): Failure {
  const key = keyAt(bytes, keyStart, keyEnd);
  const which = `keys as long as ${quoted(key)} with ${key.length} characters`;
  return valueError(method, `member 'regex' must be simpler where there are ${which}`);
}

function tooLarge(method: string, why: string): Failure {
  return { type: "TooLarge", message: `Cannot ${method}: ${why}` };
}

function valueError(method: string, rule: string): Failure {
  return { type: "ValueError", message: `Cannot ${method}: ${rule}` };
}
