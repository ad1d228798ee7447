/**
 * The searches `scan` and `query`: all pairs at one instant, or in bounded parts.
 *
 * A part visits a bounded number of keys for a bounded time. It stops at a slot number (`hash_table.ts`
 * explains why later parts visit every lasting key exactly once). The request for the next part contains
 * the search again, so a cursor is only that number and the search's digest.
 */
import {
  MAX_MATCH_STEPS,
  MAX_PART_MATCH_STEPS,
  MAX_SCAN_MS,
  SCAN_PART_KEYS,
  SCAN_PART_MS,
} from "../base/limits.ts";
import { hasMember } from "../json/atom.ts";
import type { Failure } from "../protocol/message.ts";
import { Entry, type HashTable } from "../table/hash_table.ts";
import type { Cursors } from "./cursors.ts";
import { pairBytes, PairWriter } from "./pair_writer.ts";
import {
  endSearch,
  type Search,
  type SearchEnding,
  type SearchRequest,
  type SearchResult,
  type SearchStart,
  startSearch,
} from "./search_request.ts";

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
  readonly ending: SearchEnding;
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
  const start = startSearch(cursors, request);
  if ("type" in start) return start;
  const { limit } = request;
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
    const { slot, ending, entry } = walk(table, start, bounds, pairs);
    return endSearch(cursors, request, start.digest, pairs, {
      ending,
      next: slot < table.slotsUsed ? { slot } : undefined,
      key: { bytes: entry.bytes, start: entry.keyStart, end: entry.keyEnd },
      pairBytes: pairBytes(entry),
      maxMs: maxScanMs,
    });
  } catch (error) {
    pairs.clear(); // out of memory
    throw error;
  }
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
  const endSlot = Math.min(table.slotsUsed, start.at.slot + bounds.slots);
  const deadline = performance.now() + bounds.ms;
  let slot = start.at.slot;
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
