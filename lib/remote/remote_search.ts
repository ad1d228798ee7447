/**
 * Scans and queries over a shared store. A search without `limit` sees each bucket at one instant, and the
 * table while it walks.
 *
 * A few searches run at the same time, and the others wait for their turn, so that all together hold a
 * bounded number of bytes (I5).
 */
import { Fifo } from "../base/fifo.ts";
import { noMemory, notAnswered } from "../commands/failures.ts";
import type { Cursors } from "../commands/cursors.ts";
import { PAIR_FRAME_BYTES, PairWriter } from "../commands/pair_writer.ts";
import {
  endSearch,
  type SearchRequest,
  type SearchResult,
  startSearch,
} from "../commands/search_request.ts";
import type { Failure } from "../protocol/message.ts";
import type { Yielder } from "../runtime/yielding.ts";
import type { BucketKeys } from "../store/bucket_keys.ts";
import type { Store } from "../store/store.ts";
import { SearchWalk } from "./search_walk.ts";

/** Searches without and with `limit` that run at the same time. */
const MAX_WHOLE = 2, MAX_PARTS = 16;

/** Bytes of keys, and of values, that a search without and with `limit` holds. */
const WHOLE_BYTES = 4_000_000, PART_BYTES = 1_000_000;

/**
 * Default for the longest time of a search without `limit`, in milliseconds. It is longer than that of a table
 * in memory: all keys and many values cross the network, and other clients are served meanwhile.
 */
const MAX_REMOTE_SCAN_MS = 30_000;

/** What searches need. */
export interface RemoteSearchOptions {
  readonly store: Store;
  readonly bucketKeys: BucketKeys;
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
  readonly #wholes = new Turns(MAX_WHOLE);
  readonly #parts = new Turns(MAX_PARTS);

  constructor(options: RemoteSearchOptions) {
    this.#options = options;
    this.#maxMs = options.maxScanMs ?? MAX_REMOTE_SCAN_MS;
  }

  /** Number of searches that wait for their turn. */
  get waiting(): number {
    return this.#wholes.waiting + this.#parts.waiting;
  }

  /**
   * Runs a search.
   *
   * @param cursors open cursors of the connection
   * @param room longest text of the result, in bytes
   */
  async run(
    cursors: Cursors,
    request: SearchRequest,
    room: number,
  ): Promise<SearchResult | Failure> {
    const turns = request.limit === undefined ? this.#wholes : this.#parts;
    await turns.enter();
    const pairs = new PairWriter(room);
    try {
      return await this.#run(cursors, request, pairs);
    } catch (error) {
      pairs.clear();
      if (!(error instanceof RangeError)) throw error;
      return noMemory(request.method);
    } finally {
      turns.leave();
    }
  }

  async #run(
    cursors: Cursors,
    request: SearchRequest,
    pairs: PairWriter,
  ): Promise<SearchResult | Failure> {
    const start = startSearch(cursors, request);
    if ("type" in start) {
      pairs.clear();
      return start;
    }
    const { limit, method } = request;
    const { store, bucketKeys, yielder, tableSize } = this.#options;
    const walk = new SearchWalk({
      store,
      bucketKeys,
      yielder,
      search: start.search,
      at: start.at,
      limit,
      pairs,
      tableSize: tableSize(),
      maxMs: this.#maxMs,
      maxBytes: limit === undefined ? WHOLE_BYTES : PART_BYTES,
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
