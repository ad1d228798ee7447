/** Finds the keys of buckets that match a search, and where one part of a search ends. */
import { MAX_MATCH_STEPS, MAX_PART_MATCH_STEPS, SCAN_PART_KEYS } from "../base/limits.ts";
import type { SearchPosition } from "../commands/cursors.ts";
import type { Search } from "../commands/search_request.ts";
import type { KeyText } from "../protocol/message.ts";
import type { Yielder } from "../runtime/yielding.ts";
import { BUCKETS } from "../store/bucket_keys.ts";
import type { BucketSearch } from "./bucket_search.ts";

/** Keys that a bucket counts as, so that one part searches all buckets of a small table. */
const BUCKET_COST = 0.125;

/** Longest time of matching for one part of a search, in milliseconds. */
const PART_MATCH_MS = 20;

/** Bytes of keys that are matched between two reads of the clock; a step of a regex counts some. */
const BYTES_PER_CLOCK = 16_384, BYTES_PER_STEP = 8;

/** Matches keys of one bucket after the other. */
export class KeyMatcher {
  /** Where the next part begins, if this one is done; undefined: nowhere, the table ends there. */
  next: SearchPosition | undefined;
  /** Whether this part has its last match. */
  isDone = false;
  readonly #search: Search;
  readonly #limit: number | undefined;
  readonly #yielder: Yielder;
  /** Keys that were visited. */
  #visited = 0;
  /** Matches of a scan. */
  #matches = 0;
  #matchMs = 0;

  /** @param options.limit most matches of a scan in this part; undefined: the search has no parts */
  constructor(options: { search: Search; limit: number | undefined; yielder: Yielder }) {
    this.#search = options.search;
    this.#limit = options.limit;
    this.#yielder = options.yielder;
  }

  /**
   * Finds the keys of a bucket that match; of a query, all of them. Yields after some milliseconds.
   *
   * @returns a key for which the regex would need too many steps
   */
  async match(bucket: BucketSearch): Promise<KeyText | undefined> {
    const { keys, matches } = bucket;
    const isPart = this.#limit !== undefined;
    const maxSteps = isPart ? MAX_PART_MATCH_STEPS : MAX_MATCH_STEPS;
    const regex = this.#search.method === "scan" ? this.#search.regex : undefined;
    if (isPart) keys.sort();
    this.#visited += BUCKET_COST;
    let bytes = 0, startMs = performance.now();
    for (let index = 0; index < keys.count; index++) {
      if (this.#isPartDone() && !keys.isTied(index)) {
        this.isDone = true;
        this.next = { slot: bucket.bucket, within: keys.positionAt(index) };
        return undefined;
      }
      this.#visited++;
      const start = keys.startOf(index), end = keys.endOf(index);
      const isMatch = regex === undefined || regex.matches(keys.bytes, start, end, maxSteps);
      if (isMatch === undefined) return { bytes: keys.bytes, start, end };
      if (isMatch) {
        matches.push(index);
        if (regex !== undefined) this.#matches++;
      }
      bytes += end - start + (regex?.stepsFor(end - start) ?? 0) * BYTES_PER_STEP;
      if (bytes < BYTES_PER_CLOCK) continue;
      bytes = 0;
      this.#matchMs += performance.now() - startMs;
      await this.#yielder.yield();
      startMs = performance.now();
    }
    this.#matchMs += performance.now() - startMs;
    if (this.#isPartDone()) {
      this.isDone = true;
      this.next = positionBehind(bucket);
    }
    return undefined;
  }

  #isPartDone(): boolean {
    return this.#limit !== undefined &&
      (this.#matches >= this.#limit || this.#visited >= SCAN_PART_KEYS ||
        this.#matchMs > PART_MATCH_MS);
  }
}

/**
 * The position behind a key.
 *
 * @param index of the key (default: of the last one that the bucket holds)
 * @returns undefined: the table ends there
 */
export function positionBehind(
  { bucket, cut, keys }: BucketSearch,
  index: number = keys.count,
): SearchPosition | undefined {
  const within = Math.min(keys.positionAt(index + 1), cut);
  if (within < Infinity) return { slot: bucket, within };
  return bucket + 1 < BUCKETS ? { slot: bucket + 1 } : undefined;
}
