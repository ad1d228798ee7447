/**
 * The parts of a search that do not depend on where the table is: its request, its cursor, its words.
 */
import { quoted } from "../base/quote.ts";
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import { spanOf, textAt } from "../bytes/span.ts";
import { type AtomTest, equalsAtom } from "../json/atom.ts";
import { keyOf } from "../protocol/key_text.ts";
import type { Failure, KeyText } from "../protocol/message.ts";
import type { RequestOf } from "../protocol/requests.ts";
import { KeyHash } from "../table/key_hash.ts";
import type { Cursors, SearchPosition } from "./cursors.ts";
import type { KeyRegex } from "./key_regex.ts";
import type { PairWriter } from "./pair_writer.ts";
import { RegexCache } from "./regex_cache.ts";

/** A request for a search. */
export type SearchRequest = RequestOf<"scan"> | RequestOf<"query">;

/** A search with its regex compiled or its value parsed. */
export type Search =
  | { readonly method: "scan"; readonly regex: KeyRegex }
  | { readonly method: "query"; readonly subkey: string; readonly test: AtomTest };

/** A search, where it starts, and its digest if the search is in parts. */
export interface SearchStart {
  readonly search: Search;
  readonly at: SearchPosition;
  readonly digest: number;
}

/** The pairs as JSON text, and the cursor if there may be more. */
export interface SearchResult {
  /** The caller takes its chunks, or clears it. */
  readonly result: ByteChunks;
  readonly cursor?: string;
}

/** Why a search has ended: its bounds are done; out of time; no room for a pair; a key needs too many steps. */
export type SearchEnding = "done" | "late" | "full" | "too hard";

/** The end of a search. */
interface SearchEnd {
  readonly ending: SearchEnding;
  /** Where the next part begins; undefined: the whole table is searched. */
  readonly next: SearchPosition | undefined;
  /** The last key that was visited, and the bytes of its pair. */
  readonly key: KeyText;
  readonly pairBytes: number;
  /** Longest time of a search without `limit`, in milliseconds. */
  readonly maxMs: number;
}

/** Bytes of a key with too many steps that the message shows. */
const SHOWN_KEY_BYTES = 40;

/** The cache for all clients. */
const regexes = new RegexCache();

/** Its seed is secret, so that a client cannot find two searches with one digest. */
const searchHash = new KeyHash();

/** Number of different lengths in a search's digest. */
const DIGEST_LENGTHS = 2 ** 21;

/** Compiles a search, and finds where it starts. @param cursors open cursors of the connection */
export function startSearch(cursors: Cursors, request: SearchRequest): SearchStart | Failure {
  const { method, limit, cursor } = request;
  // A search without a limit opens no cursor.
  const digest = limit === undefined ? 0 : searchDigest(request);
  let at: SearchPosition = { slot: 0 };
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
    at = open;
  }
  const made = searchOf(request);
  return "type" in made ? made : { search: made, at, digest };
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

/**
 * Ends a search, and opens the cursor for its next part.
 *
 * @param pairs what the search found; its chunks become the result, or are cleared
 */
export function endSearch(
  cursors: Cursors,
  request: SearchRequest,
  digest: number,
  pairs: PairWriter,
  end: SearchEnd,
): SearchResult | Failure {
  const failure = failureOf(request, pairs.count, end);
  if (failure !== undefined) {
    pairs.clear();
    return failure;
  }
  if (request.cursor !== undefined) cursors.close(request.cursor);
  const result = pairs.finish();
  return end.next === undefined
    ? { result }
    : { result, cursor: cursors.open({ digest, ...end.next }) };
}

/** The failure of a search, if it has one. */
function failureOf(
  { method, limit }: SearchRequest,
  count: number,
  { ending, key, pairBytes, maxMs }: SearchEnd,
): Failure | undefined {
  if (ending === "too hard") return tooHard(method, key, limit);
  if (limit === undefined) {
    if (ending === "late") {
      const why = `the search of the whole table takes more than ${maxMs / 1e3} s`;
      return tooLarge(method, `${why}; ask for it in parts with 'limit'`);
    }
    if (ending === "full") {
      const why = "one reply has no room for all pairs";
      return tooLarge(method, `${why}; ask for them in parts with 'limit'`);
    }
  } else if (ending === "full" && count === 0) { // otherwise the pair begins the next part
    return tooLarge(method, `the pair of key ${quoted(keyOf(key))} has ${pairBytes} bytes`);
  }
  return undefined;
}

function tooHard(
  method: string,
  { bytes, start, end }: KeyText,
  limit: number | undefined,
): Failure {
  // The key's canonical text: its cut end may be a part of an escape.
  const beginning = textAt(bytes, start, Math.min(end, start + SHOWN_KEY_BYTES));
  const rule = `member 'regex' must be simpler for a key of ${
    end - start
  } bytes, which begins with ${quoted(beginning)}`;
  return valueError(method, limit === undefined ? rule : `${rule}; or search without 'limit'`);
}

function tooLarge(method: string, why: string): Failure {
  return { type: "TooLarge", message: `Cannot ${method}: ${why}` };
}

function valueError(method: string, rule: string): Failure {
  return { type: "ValueError", message: `Cannot ${method}: ${rule}` };
}
