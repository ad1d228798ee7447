/**
 * The command for the values of some keys of one bucket (script `GET_SOME`). Values are received up to a bound:
 * the store stops at one, and the receiver may skip the rest, which is asked for again.
 */
import { ByteBuilder } from "../bytes/byte_builder.ts";
import type { BucketKeys } from "../store/bucket_keys.ts";
import { addCommand, addNumberWord, addWord, wordOf } from "../store/resp_writer.ts";
import { GET_SOME } from "../store/scripts.ts";
import type { StoreCommand, StoreFailure } from "../store/store.ts";
import type { FoundKeys } from "./found_keys.ts";

/** Values that the store returns at once, in bytes; the first one may be longer. */
const MAX_VALUE_BYTES = 65_536;

/** Keys of one command, in number and in bytes; the first one may be longer. */
const MAX_KEYS = 1_000, MAX_KEY_BYTES = 65_536;

const EVAL_GET_SOME = new ByteBuilder();
for (const word of ["EVALSHA_RO", GET_SOME.sha, "1"]) EVAL_GET_SOME.add(wordOf(word));

/** Receives the values of a bucket. */
export interface ValuesReceiver {
  /** Whether there is room for a value; if not, the rest is skipped. */
  takesValue(bytes: number): boolean;
  /** The values begin; those of an earlier attempt do not count. */
  onBeginValues(): void;
  /** The value of the next key; without arguments, the key has none any more. */
  onValue(bytes?: Uint8Array, start?: number, end?: number): void;
  /** The values have come, or none can come. */
  onValuesEnd(failure?: StoreFailure): void;
}

/** Asks for values. */
export class ValuesCommand implements StoreCommand {
  readonly kind = "read";
  readonly isSweep = true;
  bucket = 0;
  readonly #bucketKeys: BucketKeys;
  readonly #receiver: ValuesReceiver;
  readonly #keys: FoundKeys;
  /** The keys, by their indexes in the list. */
  readonly #indexes: readonly number[];
  #first = 0;
  #end = 0;
  #isSkipping = false;

  /** @param indexes of the keys to ask for, in `keys` */
  constructor(
    bucketKeys: BucketKeys,
    keys: FoundKeys,
    indexes: readonly number[],
    receiver: ValuesReceiver,
  ) {
    this.#bucketKeys = bucketKeys;
    this.#keys = keys;
    this.#indexes = indexes;
    this.#receiver = receiver;
  }

  /** Prepares the question for the keys from an index on. */
  prepare(bucket: number, first: number): void {
    this.bucket = bucket;
    this.#first = this.#end = first;
    const maxEnd = Math.min(first + MAX_KEYS, this.#indexes.length);
    for (let keyBytes = 0; this.#end < maxEnd; this.#end++) {
      const index = this.#indexes[this.#end] ?? 0;
      keyBytes += this.#keys.endOf(index) - this.#keys.startOf(index);
      if (keyBytes > MAX_KEY_BYTES && this.#end > first) break;
    }
  }

  encode(out: ByteBuilder): void {
    addCommand(out, 5 + this.#end - this.#first);
    out.add(EVAL_GET_SOME.view());
    this.#bucketKeys.addTo(out, this.bucket);
    addNumberWord(out, MAX_VALUE_BYTES);
    const { bytes } = this.#keys;
    for (let at = this.#first; at < this.#end; at++) {
      const index = this.#indexes[at] ?? 0;
      addWord(out, bytes, this.#keys.startOf(index), this.#keys.endOf(index));
    }
  }

  begin(): void {
    this.#isSkipping = false;
    this.#receiver.onBeginValues();
  }

  takesString(bytes: number): boolean {
    this.#isSkipping ||= !this.#receiver.takesValue(bytes);
    return !this.#isSkipping;
  }

  onString(bytes: Uint8Array, start: number, end: number): void {
    this.#receiver.onValue(bytes, start, end);
  }

  onNil(): void {
    if (!this.#isSkipping) this.#receiver.onValue();
  }

  onInteger(): void {}

  onArray(): void {}

  done(): void {
    this.#receiver.onValuesEnd();
  }

  failed(failure: StoreFailure): void {
    this.#receiver.onValuesEnd(failure);
  }

  lost(why: string): void {
    this.#receiver.onValuesEnd({ kind: "unavailable", why });
  }
}
