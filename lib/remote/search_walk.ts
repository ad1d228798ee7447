/**
 * The walk of one search over the buckets of a table, in order.
 *
 * It asks for the keys of many buckets at once, matches them, and asks for the values of those that match, so
 * that all nodes have work. Memory is bounded: without room for the keys of two buckets, those of the later one
 * are dropped and asked for again; a bucket that is larger alone is searched in several passes, by the positions
 * of its keys (`found_keys.ts`). So each key that is in the table all the time comes exactly once, whatever
 * node serves its bucket.
 */
import { MAX_BUSY_MS } from "../base/limits.ts";
import type { SearchPosition } from "../commands/cursors.ts";
import type { PairWriter } from "../commands/pair_writer.ts";
import type { Search, SearchEnding } from "../commands/search_request.ts";
import type { KeyText } from "../protocol/message.ts";
import type { Yielder } from "../runtime/yielding.ts";
import { type BucketKeys, BUCKETS } from "../store/bucket_keys.ts";
import type { Store, StoreFailure } from "../store/store.ts";
import { type BucketOwner, BucketSearch } from "./bucket_search.ts";
import { KeyMatcher, positionBehind } from "./key_matcher.ts";

/** Buckets whose keys are asked for at once: enough that nodes do not wait, also if most are empty. */
const MAX_BUCKETS = 512;

/** Buckets whose values are asked for at once. */
const MAX_ASKING = 16;

/** Bytes of a key that is not known yet, about. */
const USUAL_KEY_BYTES = 64;

/** What a walk needs. */
export interface WalkOptions {
  readonly store: Store;
  readonly bucketKeys: BucketKeys;
  readonly yielder: Yielder;
  /** The connection that the search is for. */
  readonly source: { readonly isClosed: boolean };
  readonly search: Search;
  readonly at: SearchPosition;
  /** The bucket behind the last one to search; less than all buckets only without a limit. */
  readonly endBucket: number;
  /** Most pairs; undefined: all, of the whole table. */
  readonly limit: number | undefined;
  readonly pairs: PairWriter;
  /** Bytes of pairs with which a search with a limit ends; the last pair may pass it. */
  readonly maxPairBytes: number;
  /** Keys in the table, about. */
  readonly tableSize: number;
  /** Longest time of a search without a limit, in milliseconds. */
  readonly maxMs: number;
  /** Bytes of keys, and of values, that are held; one more of each may be. */
  readonly maxBytes: number;
}

/** How a walk has ended. */
export interface WalkEnd {
  readonly ending: SearchEnding;
  readonly next: SearchPosition | undefined;
  /** The last key that was visited, and the bytes of its value. */
  readonly key: KeyText;
  readonly valueBytes: number;
}

const NO_KEY: KeyText = { bytes: new Uint8Array(0), start: 0, end: 0 };

const CLOSED: StoreFailure = { kind: "unavailable", why: "the connection was closed" };

/** One search. */
export class SearchWalk implements BucketOwner {
  readonly search: Search;
  readonly store: Store;
  readonly bucketKeys: BucketKeys;
  isEnded = false;
  readonly #options: WalkOptions;
  readonly #matcher: KeyMatcher;
  /** Consecutive buckets, from the first one whose pairs are not all taken. */
  readonly #buckets: BucketSearch[] = [];
  readonly #spare: BucketSearch[] = [];
  #nextBucket: number;
  #keyBytes = 0;
  #valueBytes = 0;
  /** Bytes of keys of the buckets that were read, and their number. */
  #readBytes = 0;
  #readBuckets = 0;
  #doneBuckets = 0;
  #failure: StoreFailure | undefined;
  /** Whether something has come since the walk looked. */
  #hasNews = false;
  #wake: (() => void) | undefined;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#matcher = new KeyMatcher(options);
    this.search = options.search;
    this.store = options.store;
    this.bucketKeys = options.bucketKeys;
    this.#nextBucket = options.at.slot;
    this.#readBytes = options.tableSize / BUCKETS * USUAL_KEY_BYTES;
    this.#readBuckets = 1;
  }

  /**
   * Walks until the table or the bounds are done.
   *
   * @throws {RangeError} if there is no memory for the pairs
   */
  async run(): Promise<WalkEnd | StoreFailure> {
    const deadlineMs = performance.now() + this.#options.maxMs;
    try {
      for (;;) {
        if (this.#failure !== undefined) return this.#failure;
        if (this.#options.source.isClosed) return CLOSED;
        this.#hasNews = false;
        this.#readAhead();
        const first = this.#buckets[0];
        if (first === undefined) return this.#end("done", this.#matcher.next);
        const end = await this.#matchAhead() ?? this.#takePairs(first);
        if (typeof end === "object") return end;
        if (this.#options.limit === undefined && performance.now() > deadlineMs) {
          return this.#end("late", undefined);
        }
        if (end) await this.#options.yielder.yield();
        else if (!this.#hasNews) await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      this.isEnded = true;
    }
  }

  /** Bytes of keys and values that are held. */
  get heldBytes(): number {
    return this.#keyBytes + this.#valueBytes;
  }

  onKeyBytes(bucket: BucketSearch, bytes: number): void {
    this.#keyBytes += bytes;
    if (bytes > 0 && this.#keyBytes > this.#options.maxBytes) this.#makeRoom(bucket);
  }

  hasRoomFor(bucket: BucketSearch, valueBytes: number): boolean {
    return this.#buckets[0] === bucket || this.#valueBytes + valueBytes <= this.#options.maxBytes;
  }

  onValueBytes(bytes: number): void {
    this.#valueBytes += bytes;
  }

  onProgress(bucket: BucketSearch, failure: StoreFailure | undefined): void {
    this.#failure ??= failure;
    if (bucket.state === "read") {
      this.#readBytes += bucket.keyBytes;
      this.#readBuckets++;
    }
    // Buckets further behind are of use only after the first ones.
    if (failure === undefined && this.#buckets.indexOf(bucket) >= MAX_ASKING) return;
    this.#hasNews = true;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Drops keys until the others have room: those of the last bucket, or the last ones of the first bucket. */
  #makeRoom(bucket: BucketSearch): void {
    const { maxBytes } = this.#options;
    for (let at = this.#buckets.length - 1; at > 0 && this.#keyBytes > maxBytes; at--) {
      const last = this.#buckets[at];
      if (last === undefined || last.keyBytes === 0) continue;
      if (last.state === "reading" || last.state === "read") last.drop();
    }
    const isFirst = this.#buckets[0] === bucket;
    while (isFirst && this.#keyBytes > maxBytes && bucket.dropHalf());
  }

  /** Asks for the keys of the next buckets. */
  #readAhead(): void {
    const { limit, maxBytes, tableSize } = this.#options;
    const meanBytes = this.#readBytes / this.#readBuckets;
    let maxBuckets = MAX_BUCKETS;
    if (limit !== undefined) {
      const needed = Math.ceil(limit * BUCKETS / Math.max(tableSize, 1));
      maxBuckets = Math.min(maxBuckets, Math.max(needed, 2 * this.#doneBuckets) + 1);
    }
    let reading = 0;
    for (let at = 0; at < maxBuckets; at++) {
      let bucket = this.#buckets[at];
      if (bucket === undefined) {
        if (this.#matcher.isDone || this.#nextBucket === this.#options.endBucket) return;
        if (at > 0 && this.#keyBytes + (reading + 1) * meanBytes > maxBytes) return;
        bucket = this.#spare.pop() ?? new BucketSearch(this);
        const { slot, within } = this.#options.at;
        bucket.reset(this.#nextBucket, slot === this.#nextBucket ? within : 0);
        this.#nextBucket++;
        this.#buckets.push(bucket);
      }
      const mayRead = at === 0 || this.#keyBytes + (reading + 1) * meanBytes <= maxBytes;
      if (bucket.state === "idle" && mayRead) bucket.read();
      if (bucket.state === "reading") reading++;
    }
  }

  /**
   * Matches the keys that have come, in order, and asks for values.
   *
   * @returns the end of the walk if it cannot continue; undefined: continue
   */
  async #matchAhead(): Promise<WalkEnd | undefined> {
    const maxAsking = this.#options.limit === undefined || this.search.method === "scan"
      ? MAX_ASKING
      : Math.min(MAX_ASKING, 2 * this.#doneBuckets + 1);
    for (let at = 0; at < maxAsking; at++) {
      const bucket = this.#buckets[at];
      if (bucket === undefined || bucket.state === "idle" || bucket.state === "reading") break;
      if (bucket.state !== "read") continue;
      bucket.state = "matching";
      const hardKey = await this.#matcher.match(bucket);
      if (hardKey !== undefined) return this.#end("too hard", undefined, hardKey);
      bucket.ask(at === 0);
      if (!this.#matcher.isDone) continue;
      // The buckets behind it belong to the next part.
      for (const behind of this.#buckets.splice(at + 1)) behind.drop();
      break;
    }
    return undefined;
  }

  /**
   * Adds the pairs of the buckets that are answered, in order.
   *
   * @returns the end of the walk; else whether it has made progress
   */
  #takePairs(first: BucketSearch): WalkEnd | boolean {
    const startMs = performance.now();
    let bucket: BucketSearch | undefined = first, hasProgress = false;
    while (bucket?.state === "answered") {
      hasProgress = true;
      const { taken, answered } = bucket;
      const end = this.#addPairs(bucket);
      if (end !== undefined) return end;
      const isComplete = answered === bucket.matches.length;
      if (!isComplete && answered === taken && bucket.wasFirst) {
        this.#failure = { kind: "rejected", why: "a script of the store returned no value" };
        return true;
      }
      bucket.take();
      if (!isComplete) bucket.ask(true);
      else if (bucket.cut < Infinity && !this.#matcher.isDone) {
        bucket.reset(bucket.bucket, bucket.cut);
      } else this.#removeFirst();
      if (performance.now() - startMs > MAX_BUSY_MS) break;
      bucket = this.#buckets[0];
    }
    return hasProgress;
  }

  #removeFirst(): void {
    const bucket = this.#buckets.shift();
    if (bucket === undefined) return;
    bucket.reset(0);
    this.#spare.push(bucket);
    this.#doneBuckets++;
  }

  #addPairs(bucket: BucketSearch): WalkEnd | undefined {
    const { pairs, limit, maxPairBytes } = this.#options;
    const { keys, matches, values, taken, answered } = bucket;
    for (let match = taken, valueStart = 0; match < answered; match++) {
      const valueEnd = bucket.valueEnd(match);
      if (valueEnd === valueStart) continue;
      const index = matches[match] ?? 0;
      const start = keys.startOf(index), end = keys.endOf(index);
      if (!pairs.addTexts(keys.bytes, start, end, values.bytes, valueStart, valueEnd)) {
        const next = { slot: bucket.bucket, within: keys.positionAt(index) };
        return this.#end("full", next, { bytes: keys.bytes, start, end }, valueEnd - valueStart);
      }
      valueStart = valueEnd;
      if (limit === undefined || keys.isTied(index + 1)) continue;
      if (pairs.count < limit && pairs.bytes < maxPairBytes) continue;
      return this.#end("done", positionBehind(bucket, index));
    }
    return undefined;
  }

  #end(
    ending: SearchEnding,
    next: SearchPosition | undefined,
    key: KeyText = NO_KEY,
    valueBytes: number = 0,
  ): WalkEnd {
    return { ending, next, key, valueBytes };
  }
}
