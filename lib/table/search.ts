/**
 * `scan` and `query`: all pairs at one instant, or one bounded part after another.
 *
 * A part looks at a bounded number of keys for a bounded time; where it stopped is a slot number
 * (see `hash_table.ts` on why that meets every lasting key exactly once).
 */
import { SCAN_PART_KEYS, SCAN_PART_MS, SCAN_WHOLE_MS } from "../base/limits.ts";
import { quoted } from "../base/quoted.ts";
import { fitsInUtf8, utf8Bytes } from "../base/utf8.ts";
import type { Failure, RequestOf } from "../protocol/message.ts";
import type { Cursors, OpenCursor, Search } from "./cursors.ts";
import type { HashTable } from "./hash_table.ts";
import { equalsAtom, hasMember } from "./json_atom.ts";
import { compileKeyPattern } from "./key_pattern.ts";

/** The pairs found as JSON text, and the cursor where there is more. */
export interface Found {
  readonly result: string;
  readonly cursor?: string;
}

type SearchRequest = RequestOf<"scan"> | RequestOf<"query">;

/** How many characters of keys and values are searched between two looks at the clock. */
const CHARS_PER_CLOCK = 16_384;

/** What a key that is looked at counts besides its characters. */
const CHARS_PER_KEY = 64;

/**
 * Runs a search.
 *
 * @param cursors of the connection that asks
 * @param maxBytes room for the result's text
 */
export function search(
  table: HashTable,
  cursors: Cursors,
  request: SearchRequest,
  maxBytes: number,
): Found | Failure {
  const start = startOf(cursors, request);
  if ("type" in start) return start;
  try {
    return request.limit === undefined
      ? wholeSearch(table, start.search, maxBytes)
      : partOfSearch(table, cursors, start, request.limit, request.cursor, maxBytes);
  } catch (error) {
    if (!(error instanceof MatchTooLong)) throw error;
    return valueError(
      request.method,
      `member 'regex' must be simpler where there are keys as long as ${
        quoted(error.key)
      } with ${error.key.length} characters`,
    );
  }
}

/** A key and a regex that may take too long together. */
class MatchTooLong extends Error {
  readonly key: string;

  constructor(key: string) {
    super("too long");
    this.key = key;
  }
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
    const { method, subkey, subvalue } = request;
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

function wholeSearch(table: HashTable, wanted: Search, maxBytes: number): Found | Failure {
  const pairs = new Pairs(maxBytes);
  const deadline = performance.now() + SCAN_WHOLE_MS;
  let searchedChars = 0;
  for (let slot = 0; slot < table.slotsUsed; slot++) {
    searchedChars += CHARS_PER_KEY + searchedAt(table, slot, wanted);
    if (searchedChars > CHARS_PER_CLOCK) {
      if (performance.now() > deadline) {
        return {
          type: "TooLarge",
          message:
            `Cannot ${wanted.method}: to look at the whole table takes more than ${SCAN_WHOLE_MS} ms; ask for it in parts with 'limit'`,
        };
      }
      searchedChars = 0;
    }
    const pair = pairAt(table, slot, wanted);
    if (pair !== undefined && !pairs.add(pair)) {
      return {
        type: "TooLarge",
        message:
          `Cannot ${wanted.method}: one reply has no room for all the pairs; ask for them in parts with 'limit'`,
      };
    }
  }
  return { result: pairs.text() };
}

function partOfSearch(
  table: HashTable,
  cursors: Cursors,
  start: OpenCursor,
  limit: number,
  name: string | undefined,
  maxBytes: number,
): Found | Failure {
  const pairs = new Pairs(maxBytes);
  const lastSlot = start.slot + SCAN_PART_KEYS;
  const deadline = performance.now() + SCAN_PART_MS;
  let slot = start.slot;
  let searchedChars = 0;
  for (; slot < table.slotsUsed && slot < lastSlot && pairs.count < limit; slot++) {
    if (searchedChars > CHARS_PER_CLOCK) {
      if (performance.now() > deadline) break;
      searchedChars = 0;
    }
    searchedChars += CHARS_PER_KEY + searchedAt(table, slot, start.search);
    const pair = pairAt(table, slot, start.search);
    if (pair !== undefined && !pairs.add(pair)) {
      if (pairs.count > 0) break; // it begins the next part
      return {
        type: "TooLarge",
        message: `Cannot ${start.search.method}: the pair of key ${
          quoted(table.keyAt(slot) ?? "")
        } has ${utf8Bytes(pair)} bytes`,
      };
    }
  }
  if (name !== undefined) cursors.close(name);
  if (slot >= table.slotsUsed) return { result: pairs.text() };
  return { result: pairs.text(), cursor: cursors.open({ search: start.search, slot }) };
}

/** The pair in a slot as JSON text, or undefined where there is none or it is not wanted. */
function pairAt(table: HashTable, slot: number, wanted: Search): string | undefined {
  const key = table.keyAt(slot);
  if (key === undefined) return undefined;
  if (wanted.method === "scan") {
    const isFound = wanted.pattern.isFoundIn(key);
    if (isFound === undefined) throw new MatchTooLong(key);
    return isFound ? pairText(key, table.valueAt(slot)) : undefined;
  }
  const value = table.valueAt(slot) ?? "";
  return hasMember(value, wanted.subkey, wanted.test) ? pairText(key, value) : undefined;
}

/** How many characters a search goes through in a slot. */
function searchedAt(table: HashTable, slot: number, wanted: Search): number {
  const text = wanted.method === "scan" ? table.keyAt(slot) : table.valueAt(slot);
  return text?.length ?? 0;
}

function pairText(key: string, value: string | undefined): string {
  return `[${JSON.stringify(key)},${value}]`;
}

/** Pairs as the text of a JSON array, up to a number of bytes. */
class Pairs {
  readonly #texts: string[] = [];
  readonly #maxBytes: number;
  #bytes = "[]".length;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#texts.length;
  }

  /** Adds a pair; false, and nothing added, where there is no room. */
  add(pair: string): boolean {
    const comma = this.count === 0 ? 0 : 1;
    if (!fitsInUtf8(pair, this.#maxBytes - this.#bytes - comma)) return false;
    this.#bytes += utf8Bytes(pair) + comma;
    this.#texts.push(pair);
    return true;
  }

  text(): string {
    return `[${this.#texts.join(",")}]`;
  }
}

function valueError(method: string, rule: string): Failure {
  return { type: "ValueError", message: `Cannot ${method}: ${rule}` };
}
