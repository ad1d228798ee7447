/** The search of one bucket: its keys, those of them that match, and their values. */
import { ByteBuilder } from "../bytes/byte_builder.ts";
import { hasMember } from "../json/atom.ts";
import type { Search } from "../commands/search_request.ts";
import type { BucketKeys } from "../store/bucket_keys.ts";
import type { Store, StoreFailure } from "../store/store.ts";
import { FoundKeys, positionOf } from "./found_keys.ts";
import { KeysCommand, type KeysReceiver } from "./keys_command.ts";
import { ValuesCommand, type ValuesReceiver } from "./values_command.ts";

/** Longest buffer that is kept for the values of the next bucket, in bytes. */
const MAX_KEPT_BYTES = 65_536;

/** The search that a bucket belongs to. */
export interface BucketOwner {
  readonly search: Search;
  readonly store: Store;
  readonly bucketKeys: BucketKeys;
  /** Whether the search has ended, so that replies are not needed. */
  readonly isEnded: boolean;
  /** The bucket holds more or fewer bytes of keys. It may drop keys meanwhile. */
  onKeyBytes(bucket: BucketSearch, bytes: number): void;
  /** Whether there is room for a value. */
  hasRoomFor(bucket: BucketSearch, valueBytes: number): boolean;
  /** The bucket holds more or fewer bytes of values. */
  onValueBytes(bytes: number): void;
  /** Keys or values have come, or will not come. */
  onProgress(bucket: BucketSearch, failure: StoreFailure | undefined): void;
}

/** One bucket after the other. */
export class BucketSearch implements KeysReceiver, ValuesReceiver {
  /**
   * `idle`: has nothing yet. `reading`: waits for keys. `read`: has keys. `matching`: keys are being matched.
   * `asking`: waits for values. `answered`: has values.
   */
  state: "idle" | "reading" | "read" | "matching" | "asking" | "answered" = "idle";
  bucket = 0;
  readonly keys = new FoundKeys();
  /** The keys are those before this position: there was no room for others. Infinity: they are all. */
  cut = Infinity;
  /** Indexes of the keys whose values are wanted. */
  readonly matches: number[] = [];
  /** Number of matches that are answered. */
  answered = 0;
  /** Number of matches whose pairs are taken. */
  taken = 0;
  /** Whether it was the first bucket when it asked for values. */
  wasFirst = false;
  /** The values of the matches from `taken` on. */
  values = new ByteBuilder(new Uint8Array(0));
  readonly #owner: BucketOwner;
  readonly #keysCommand: KeysCommand;
  readonly #valuesCommand: ValuesCommand;
  /** The first position of interest. */
  #from = 0;
  #isDropped = false;
  /** Ends of the values in `values`; a value that is not wanted has no bytes. */
  readonly #ends: number[] = [];
  #keyBytes = 0;
  #valueBytes = 0;

  constructor(owner: BucketOwner) {
    this.#owner = owner;
    this.#keysCommand = new KeysCommand(owner.bucketKeys, this);
    this.#valuesCommand = new ValuesCommand(owner.bucketKeys, this.keys, this.matches, this);
  }

  /** Uses it for a bucket. @param from the first position of interest (default: all) */
  reset(bucket: number, from: number = 0): void {
    this.bucket = bucket;
    this.#from = from;
    this.#clear();
    this.state = "idle";
  }

  /** Asks for the keys. */
  read(): void {
    this.state = "reading";
    this.#isDropped = false;
    this.#keysCommand.bucket = this.bucket;
    this.#owner.store.execute(this.#keysCommand);
  }

  /** Drops the keys, to make room for those of buckets before it. They are asked for again. */
  drop(): void {
    if (this.state === "reading") this.#isDropped = true;
    else this.state = "idle";
    this.#clear();
  }

  /** Keeps fewer keys, to make room. @returns false if no key could be dropped */
  dropHalf(): boolean {
    const cut = this.keys.dropHalf();
    if (cut === Infinity) return false;
    this.cut = cut;
    this.#countKeys();
    return true;
  }

  /** Bytes of the keys, about. */
  get keyBytes(): number {
    return this.#keyBytes;
  }

  /**
   * Asks for the values of the next matches, if there are any.
   *
   * @param isFirst whether there is room for a value in any case
   */
  ask(isFirst: boolean): void {
    this.wasFirst = isFirst;
    if (this.answered === this.matches.length) {
      this.state = "answered";
      return;
    }
    this.state = "asking";
    this.#valuesCommand.prepare(this.bucket, this.answered);
    this.#owner.store.execute(this.#valuesCommand);
  }

  /** End of the value of a match in `values`; it begins at the end of the one before. */
  valueEnd(match: number): number {
    return this.#ends[match - this.taken] ?? 0;
  }

  /** Releases the values that are taken. */
  take(): void {
    this.taken = this.answered;
    this.#clearValues();
  }

  get takesKeys(): boolean {
    return !this.#isDropped && !this.#owner.isEnded;
  }

  onBegin(): void {
    if (!this.#isDropped) this.#clear();
  }

  onKey(bytes: Uint8Array, start: number, end: number): void {
    if (this.#from > 0 || this.cut < Infinity) {
      const position = positionOf(bytes, start, end);
      if (position < this.#from || position >= this.cut) return;
    }
    try {
      this.keys.add(bytes, start, end);
    } catch (error) {
      this.#owner.onProgress(this, noMemoryFor(error));
    }
    this.#countKeys();
  }

  onKeysEnd(failure?: StoreFailure): void {
    this.state = this.#isDropped ? "idle" : "read";
    this.#owner.onProgress(this, failure);
  }

  takesValue(bytes: number): boolean {
    return !this.#owner.isEnded && this.#owner.hasRoomFor(this, bytes);
  }

  onBeginValues(): void {
    this.answered = this.taken;
    this.#clearValues();
  }

  onValue(bytes?: Uint8Array, start: number = 0, end: number = 0): void {
    const { search } = this.#owner;
    const isWanted = bytes !== undefined &&
      (search.method === "scan" || hasMember(bytes, start, end, search.subkey, search.test));
    if (isWanted) {
      try {
        this.values.add(bytes, start, end);
      } catch (error) {
        return this.#owner.onProgress(this, noMemoryFor(error));
      }
      this.#valueBytes += end - start;
      this.#owner.onValueBytes(end - start);
    }
    this.#ends.push(this.values.length);
    this.answered++;
  }

  onValuesEnd(failure?: StoreFailure): void {
    this.state = "answered";
    this.#owner.onProgress(this, failure);
  }

  #countKeys(): void {
    const more = this.keys.usedBytes - this.#keyBytes;
    this.#keyBytes += more;
    this.#owner.onKeyBytes(this, more);
  }

  #clear(): void {
    this.keys.clear();
    this.cut = Infinity;
    this.matches.length = 0;
    this.answered = this.taken = 0;
    this.#clearValues();
    this.#owner.onKeyBytes(this, -this.#keyBytes);
    this.#keyBytes = 0;
  }

  #clearValues(): void {
    this.#ends.length = 0;
    if (this.values.bytes.length > MAX_KEPT_BYTES) this.values = new ByteBuilder(new Uint8Array(0));
    this.values.length = 0;
    this.#owner.onValueBytes(-this.#valueBytes);
    this.#valueBytes = 0;
  }
}

/** The failure of a search without memory. @throws any other error */
function noMemoryFor(error: unknown): StoreFailure {
  if (!(error instanceof RangeError)) throw error;
  return { kind: "rejected", why: "this server has no memory for its reply" };
}
