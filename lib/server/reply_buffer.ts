/**
 * What waits to be written to a connection: replies leave in the order in which they were put in (I1).
 *
 * It holds what one round of requests has produced, which is then written at once, by the session and
 * nobody else (I7); nothing is put in meanwhile. When it is full, the session takes no further request
 * of this client (I5).
 */
import { ByteChunks } from "../bytes/byte_chunks.ts";

/** Replies of one client. */
export class ReplyBuffer {
  /** Takes replies. */
  readonly out: ByteChunks = new ByteChunks();
  readonly #maxWaitingBytes: number;
  /** How far it is written: which chunk, how much of it, and how much in all. */
  #chunk = 0;
  #written = 0;
  #total = 0;

  /** @param maxWaitingBytes that may wait before it counts as full */
  constructor(maxWaitingBytes: number) {
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Whether nothing more should be put in before what waits is written. */
  get isFull(): boolean {
    return this.out.length >= this.#maxWaitingBytes;
  }

  /** The bytes to be written next; undefined where nothing waits. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    const view = this.out.view(this.#chunk);
    return this.#written === 0 ? view : view?.subarray(this.#written);
  }

  /** Goes on behind so many bytes of what `next` gave; at the end, all is forgotten. */
  wrote(count: number): void {
    this.#total += count;
    if (this.#total === this.out.length) return this.drop();
    this.#written += count;
    if (this.#written < (this.out.view(this.#chunk)?.length ?? 0)) return;
    this.#chunk++;
    this.#written = 0;
  }

  /** Gives up what waits. */
  drop(): void {
    this.out.clear();
    this.#chunk = this.#written = this.#total = 0;
  }
}
