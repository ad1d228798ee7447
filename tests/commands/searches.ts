/** Searches for the tests of scans and queries: requests, tables, and results as texts. */
import assert from "assert";
import type { Failure } from "../../lib/protocol/message.ts";
import type { RequestOf } from "../../lib/protocol/requests.ts";
import { Cursors } from "../../lib/commands/cursors.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { search } from "../../lib/commands/scan.ts";
import { insertText } from "../helpers/table_texts.ts";
import type { Random } from "../../bench/harness/random.ts";
import { textOfChunks } from "../helpers/streams.ts";

/** Maximum size of a result, in bytes: larger than any result here. */
const ROOM = 1e9;

/** The result of a search, as text. */
export interface ResultText {
  readonly result: string;
  readonly bytes: number;
  readonly cursor?: string;
}

export type SearchRequest = RequestOf<"scan"> | RequestOf<"query">;

export function tableOf(pairs: Iterable<readonly [string, string]>): HashTable {
  const table = new HashTable();
  for (const [key, value] of pairs) insertText(table, key, value);
  return table;
}

/** A random key for which an automaton needs many states. */
export function oddKey(random: Random, chars: number): string {
  return String.fromCharCode(...Array.from({ length: chars }, () => 0x400 + random.below(0x3800)));
}

export function numberedTable(count: number): HashTable {
  return tableOf(Array.from({ length: count }, (_, at) => [`k${at}`, String(at)] as const));
}

/** Runs a search, and releases its buffer. */
export function searchText(
  table: HashTable,
  request: SearchRequest,
  cursors: Cursors = new Cursors(),
  maxBytes: number = ROOM,
): ResultText | Failure {
  const outcome = search(table, cursors, request, maxBytes);
  if (!("result" in outcome)) return outcome;
  const { result, ...rest } = outcome;
  return { ...rest, result: textOfChunks(result), bytes: result.length };
}

/** Runs a search that must succeed. */
export function found(...search: Parameters<typeof searchText>): ResultText {
  const outcome = searchText(...search);
  return "type" in outcome ? assert.fail(outcome.message) : outcome;
}

export function assertFails(
  outcome: ResultText | Failure,
  type: Failure["type"],
  ...words: string[]
): void {
  assert.ok("type" in outcome, "it succeeded");
  assert.equal(outcome.type, type);
  for (const word of words) assert.ok(outcome.message.includes(word), outcome.message);
  assert.ok(outcome.message.length < 800);
}

export function pairsOf({ result }: ResultText): [string, unknown][] {
  return JSON.parse(result);
}

/** All parts of a search, with a callback between them. */
export function inParts(
  table: HashTable,
  request: SearchRequest,
  between: () => void = () => {},
): [string, unknown][] {
  const cursors = new Cursors();
  const pairs: [string, unknown][] = [];
  let cursor: string | undefined;
  let parts = 0;
  do {
    assert.ok(++parts < 10_000, "it ends");
    const part = found(table, { ...request, cursor }, cursors);
    assert.ok(pairsOf(part).length <= (request.limit ?? Infinity), "at most the limit");
    pairs.push(...pairsOf(part));
    cursor = part.cursor;
    between();
  } while (cursor !== undefined);
  return pairs;
}

/** Sorts pairs by key. */
export function sorted(pairs: [string, unknown][]): [string, unknown][] {
  return pairs.toSorted(([a], [b]) => a < b ? -1 : 1);
}
