/** Commands for a store, whose ends are promises. */
import type { ByteBuilder } from "../../../lib/bytes/byte_builder.ts";
import { textAt } from "../../../lib/bytes/span.ts";
import type { BucketKeys } from "../../../lib/store/bucket_keys.ts";
import { addCommand, addTextWord } from "../../../lib/store/resp_writer.ts";
import { REMOVE } from "../../../lib/store/scripts.ts";
import type { CommandKind, Store, StoreCommand, StoreFailure } from "../../../lib/store/store.ts";

/** A reply: nil is null. */
export type Value = string | number | null | Value[];

/** How a command has ended. */
export type End =
  | { readonly end: "done"; readonly value: Value }
  | { readonly end: "failed"; readonly failure: StoreFailure }
  | { readonly end: "lost"; readonly why: string };

/** A command that can be executed once. */
export class TestCommand implements StoreCommand {
  readonly bucket: number;
  readonly kind: CommandKind;
  readonly isSweep: boolean;
  readonly words: readonly string[];
  isUnwanted = false;
  /** Number of its ends: more than one is a fault of the store. */
  ends = 0;
  /** Number of attempts. */
  encoded = 0;
  readonly ended: Promise<End>;
  readonly #resolve: (end: End) => void;
  #values: Value[] = [];
  #elements: number | undefined;

  constructor(
    bucket: number,
    kind: CommandKind,
    words: readonly string[],
    isSweep: boolean = false,
  ) {
    this.bucket = bucket;
    this.kind = kind;
    this.words = words;
    this.isSweep = isSweep;
    const { promise, resolve } = Promise.withResolvers<End>();
    this.ended = promise;
    this.#resolve = resolve;
  }

  encode(out: ByteBuilder): void {
    this.encoded++;
    addCommand(out, this.words.length);
    for (const word of this.words) addTextWord(out, word);
  }

  begin(): void {
    this.#values = [];
    this.#elements = undefined;
  }

  onInteger(value: number): void {
    this.#values.push(value);
  }

  takesString(): boolean {
    return true;
  }

  onString(bytes: Uint8Array, start: number, end: number): void {
    this.#values.push(textAt(bytes, start, end));
  }

  onNil(): void {
    this.#values.push(null);
  }

  onArray(elements: number): void {
    this.#elements = elements;
  }

  done(): void {
    const value = this.#elements === undefined ? this.#values[0] ?? null : this.#values;
    this.#end({ end: "done", value });
  }

  failed(failure: StoreFailure): void {
    this.#end({ end: "failed", failure });
  }

  lost(why: string): void {
    this.#end({ end: "lost", why });
  }

  #end(end: End): void {
    this.ends++;
    this.#resolve(end);
  }
}

/** Makes commands for the buckets of a table, and executes them. */
export class TestTable {
  readonly store: Store;
  readonly keys: BucketKeys;

  constructor(store: Store, keys: BucketKeys) {
    this.store = store;
    this.keys = keys;
  }

  run(command: TestCommand): Promise<End> {
    this.store.execute(command);
    return command.ended;
  }

  insert(bucket: number, field: string, value: string): Promise<End> {
    return this.run(
      new TestCommand(bucket, "write", ["HSET", this.keys.text(bucket), field, value]),
    );
  }

  lookup(bucket: number, field: string): Promise<End> {
    return this.run(new TestCommand(bucket, "read", ["HGET", this.keys.text(bucket), field]));
  }

  remove(bucket: number, field: string): Promise<End> {
    const words = ["EVALSHA", REMOVE.sha, "1", this.keys.text(bucket), field, "1000000"];
    return this.run(new TestCommand(bucket, "conditional write", words));
  }

  size(bucket: number): Promise<End> {
    return this.run(new TestCommand(bucket, "read", ["HLEN", this.keys.text(bucket)], true));
  }
}
