/**
 * The number of keys in the table: the sum of the lengths of all buckets (`HLEN`). One count takes many small
 * commands, so requests that wait share a count, which begins after they arrived.
 */
import { ExitError } from "../base/errors.ts";
import { STORE_SIZE_REFRESH_MS } from "../base/limits.ts";
import type { ByteBuilder } from "../bytes/byte_builder.ts";
import { type Span, spanOf } from "../bytes/span.ts";
import { notAnswered } from "../commands/failures.ts";
import type { Failure } from "../protocol/message.ts";
import { type BucketKeys, BUCKETS } from "../store/bucket_keys.ts";
import { addCommand, wordOf } from "../store/resp_writer.ts";
import type { Store, StoreCommand, StoreFailure } from "../store/store.ts";

/** Commands in flight: enough to keep all nodes busy, and few enough for other requests to pass. */
const MAX_IN_FLIGHT = 512;

const HLEN = wordOf("HLEN");

/** Counts the keys of a table. */
export class TableSize {
  readonly #store: Store;
  readonly #keys: BucketKeys;
  readonly #refreshMs: number;
  #last = 0;
  /** The count that runs, and the one that begins at its end. */
  #running: Promise<number | StoreFailure> | undefined;
  #following: Promise<number | StoreFailure> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** @param refreshMs time between two counts that no request asks for, in milliseconds; Infinity: none (default: 5 s) */
  constructor(store: Store, keys: BucketKeys, refreshMs: number = STORE_SIZE_REFRESH_MS) {
    this.#store = store;
    this.#keys = keys;
    this.#refreshMs = refreshMs;
  }

  /** The result of the last count, at most some seconds old if the store answers. */
  get last(): number {
    return this.#last;
  }

  /**
   * Counts, and from then on counts again every few seconds until `close`.
   *
   * @throws {ExitError} if the store does not answer
   */
  async start(): Promise<void> {
    const count = await this.#count();
    if (typeof count === "number") return;
    throw new ExitError(
      `Cannot count the keys of the table: the store did not answer (${count.why})`,
    );
  }

  /** Counts for a request. @returns the number as JSON text */
  async count(): Promise<{ readonly result: Span } | Failure> {
    const count = await this.#count();
    return typeof count === "number"
      ? { result: spanOf(String(count)) }
      : notAnswered("size", count.why);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #count(): Promise<number | StoreFailure> {
    if (this.#running === undefined) return this.#run();
    return this.#following ??= this.#running.then(() => this.#run());
  }

  #run(): Promise<number | StoreFailure> {
    clearTimeout(this.#timer);
    this.#following = undefined;
    return this.#running = countKeys(this.#store, this.#keys).then((count) => {
      this.#running = undefined;
      if (typeof count === "number") this.#last = count;
      const isRepeated = !this.#isClosed && this.#refreshMs < Infinity;
      if (isRepeated && this.#following === undefined) {
        this.#timer = setTimeout(() => void this.#count(), this.#refreshMs);
      }
      return count;
    });
  }
}

/** Counts the keys of all buckets once. */
function countKeys(store: Store, keys: BucketKeys): Promise<number | StoreFailure> {
  return new Promise((resolve) => {
    let bucket = 0, ended = 0, sum = 0;
    let failure: StoreFailure | undefined;
    const onEnded = (command: LengthCommand, problem?: StoreFailure) => {
      failure ??= problem;
      ended++;
      sum += command.length;
      if (failure === undefined && bucket < BUCKETS) command.start(store, bucket++);
      else if (ended === bucket) resolve(failure ?? sum);
    };
    while (bucket < MAX_IN_FLIGHT && failure === undefined) {
      new LengthCommand(keys, onEnded).start(store, bucket++);
    }
  });
}

/** The command for the length of one bucket after the other. */
class LengthCommand implements StoreCommand {
  readonly kind = "read";
  readonly isSweep = true;
  bucket = 0;
  length = 0;
  readonly #keys: BucketKeys;
  readonly #onEnded: (command: LengthCommand, failure?: StoreFailure) => void;

  constructor(
    keys: BucketKeys,
    onEnded: (command: LengthCommand, failure?: StoreFailure) => void,
  ) {
    this.#keys = keys;
    this.#onEnded = onEnded;
  }

  start(store: Store, bucket: number): void {
    this.bucket = bucket;
    this.length = 0;
    store.execute(this);
  }

  encode(out: ByteBuilder): void {
    addCommand(out, 2);
    out.add(HLEN);
    this.#keys.addTo(out, this.bucket);
  }

  begin(): void {
    this.length = 0;
  }

  onInteger(value: number): void {
    this.length = value;
  }

  takesString(): boolean {
    return false;
  }

  onString(): void {}

  onNil(): void {}

  onArray(): void {}

  done(): void {
    this.#onEnded(this);
  }

  failed(failure: StoreFailure): void {
    this.#onEnded(this, failure);
  }

  lost(why: string): void {
    this.#onEnded(this, { kind: "unavailable", why });
  }
}
