/** The command for all keys of one bucket (`HKEYS`). It is used for one bucket after the other. */
import type { ByteBuilder } from "../bytes/byte_builder.ts";
import type { BucketKeys } from "../store/bucket_keys.ts";
import { addCommand, wordOf } from "../store/resp_writer.ts";
import type { StoreCommand, StoreFailure } from "../store/store.ts";

/** Receives the keys of a bucket. */
export interface KeysReceiver {
  /** Whether keys are received; if not, the rest is skipped. */
  readonly takesKeys: boolean;
  /** The keys begin; those of an earlier attempt do not count. */
  onBegin(): void;
  onKey(bytes: Uint8Array, start: number, end: number): void;
  /** All keys have come, or none can come. */
  onKeysEnd(failure?: StoreFailure): void;
}

const HKEYS = wordOf("HKEYS");

/** Asks for the keys of a bucket. */
export class KeysCommand implements StoreCommand {
  readonly kind = "read";
  readonly isSweep = true;
  bucket = 0;
  readonly #keys: BucketKeys;
  readonly #receiver: KeysReceiver;

  constructor(keys: BucketKeys, receiver: KeysReceiver) {
    this.#keys = keys;
    this.#receiver = receiver;
  }

  encode(out: ByteBuilder): void {
    addCommand(out, 2);
    out.add(HKEYS);
    this.#keys.addTo(out, this.bucket);
  }

  begin(): void {
    this.#receiver.onBegin();
  }

  takesString(): boolean {
    return this.#receiver.takesKeys;
  }

  onString(bytes: Uint8Array, start: number, end: number): void {
    if (this.#receiver.takesKeys) this.#receiver.onKey(bytes, start, end);
  }

  onInteger(): void {}

  onNil(): void {}

  onArray(): void {}

  done(): void {
    this.#receiver.onKeysEnd();
  }

  failed(failure: StoreFailure): void {
    this.#receiver.onKeysEnd(failure);
  }

  lost(why: string): void {
    this.#receiver.onKeysEnd({ kind: "unavailable", why });
  }
}
