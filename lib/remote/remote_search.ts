/**
 * Scans and queries over a shared store. They walk through the buckets: first the keys of a bucket, then the
 * values of those that match. So each value is one that its key had during the search. A scan for one key
 * needs one bucket only.
 *
 * A few searches run at the same time, and the others wait for their turn, so that all together hold a
 * bounded number of bytes (I5).
 */
import { Fifo } from "../base/fifo.ts";
import {
  MAX_STORE_SCAN_MS,
  MAX_STORE_SEARCHES,
  STORE_PART_PAIR_BYTES,
  STORE_SEARCH_BYTES,
} from "../base/limits.ts";
import { spanOf } from "../bytes/span.ts";
import { noMemory, notAnswered } from "../commands/failures.ts";
import { PAIR_FRAME_BYTES, PairWriter } from "../commands/pair_writer.ts";
import {
  endSearch,
  type SearchRequest,
  type SearchResult,
  startSearch,
} from "../commands/search_request.ts";
import type { RequestSource } from "../engine/engine.ts";
import type { Failure } from "../protocol/message.ts";
import type { Yielder } from "../runtime/yielding.ts";
import { type BucketKeys, BUCKETS } from "../store/bucket_keys.ts";
import type { Store } from "../store/store.ts";
import type { KeyHash } from "../table/key_hash.ts";
import { exactKey } from "./exact_key.ts";
import { SearchWalk } from "./search_walk.ts";

/** The connection that a search is for. */
export type SearchSource = Pick<RequestSource, "client" | "isClosed">;

/** What searches need. */
export interface RemoteSearchOptions {
  readonly store: Store;
  readonly bucketKeys: BucketKeys;
  /** Chooses the bucket of a key. */
  readonly bucketHash: KeyHash;
  readonly yielder: Yielder;
  /** Keys in the table, about. */
  readonly tableSize: () => number;
  /** Longest time of a search without `limit`, in milliseconds (default: 30 s). */
  readonly maxScanMs?: number | undefined;
}

/** Runs searches. */
export class RemoteSearch {
  readonly #options: RemoteSearchOptions;
  readonly #maxMs: number;
  readonly #wholes = new Turns(MAX_STORE_SEARCHES.whole);
  readonly #parts = new Turns(MAX_STORE_SEARCHES.parts);

  constructor(options: RemoteSearchOptions) {
    this.#options = options;
    this.#maxMs = options.maxScanMs ?? MAX_STORE_SCAN_MS;
  }

  /** Number of searches that wait for their turn. */
  get waiting(): number {
    return this.#wholes.waiting + this.#parts.waiting;
  }

  /**
   * Runs a search.
   *
   * @param source the connection, with its open cursors; the search ends early if it is closed
   * @param room longest text of the result, in bytes
   */
  async run(
    source: SearchSource,
    request: SearchRequest,
    room: number,
  ): Promise<SearchResult | Failure> {
    const bucket = this.#onlyBucket(request);
    const hasBound = request.limit !== undefined || bucket !== undefined;
    const turns = hasBound ? this.#parts : this.#wholes;
    await turns.enter();
    const pairs = new PairWriter(room);
    try {
      return await this.#run(source, request, bucket, pairs);
    } catch (error) {
      pairs.clear();
      if (!(error instanceof RangeError)) throw error;
      return noMemory(request.method);
    } finally {
      turns.leave();
    }
  }

  /** The only bucket that a search needs; undefined: all, or as the cursor says. */
  #onlyBucket(request: SearchRequest): number | undefined {
    if (request.method !== "scan" || request.limit !== undefined) return undefined;
    if (request.cursor !== undefined) return undefined;
    const key = exactKey(request.regex);
    if (key === undefined) return undefined;
    // The text of a key in JSON without its quotes is what the table has.
    const { bytes, start, end } = spanOf(JSON.stringify(key));
    return this.#options.bucketHash.of(bytes, start + 1, end - 1) & (BUCKETS - 1);
  }

  async #run(
    source: SearchSource,
    request: SearchRequest,
    bucket: number | undefined,
    pairs: PairWriter,
  ): Promise<SearchResult | Failure> {
    const { cursors } = source.client;
    const start = startSearch(cursors, request);
    if ("type" in start) {
      pairs.clear();
      return start;
    }
    const { limit, method } = request;
    const { store, bucketKeys, yielder, tableSize } = this.#options;
    const isWhole = limit === undefined && bucket === undefined;
    const walk = new SearchWalk({
      store,
      bucketKeys,
      yielder,
      source,
      search: start.search,
      at: bucket === undefined ? start.at : { slot: bucket },
      endBucket: bucket === undefined ? BUCKETS : bucket + 1,
      limit,
      pairs,
      maxPairBytes: STORE_PART_PAIR_BYTES,
      tableSize: tableSize(),
      maxMs: this.#maxMs,
      maxBytes: isWhole ? STORE_SEARCH_BYTES.whole : STORE_SEARCH_BYTES.part,
    });
    const end = await walk.run();
    if ("why" in end) {
      pairs.clear();
      return notAnswered(method, end.why);
    }
    const { ending, next, key, valueBytes } = end;
    const pairBytes = key.end - key.start + valueBytes + PAIR_FRAME_BYTES;
    const maxMs = this.#maxMs;
    return endSearch(cursors, request, start.digest, pairs, {
      ending,
      next,
      key,
      pairBytes,
      maxMs,
    });
  }
}

/** Lets a number of searches run at the same time, first in, first out. */
class Turns {
  #free: number;
  readonly #waiting = new Fifo<() => void>();

  constructor(max: number) {
    this.#free = max;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Waits for a turn; `leave` ends it. */
  async enter(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
