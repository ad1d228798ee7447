/** The read buffer of a connection: it grows after a read that filled it, and shrinks after small reads. */
import { READ_BUFFER_BYTES, SMALL_READS_TO_SHRINK } from "../base/limits.ts";

/** A buffer whose size follows the reads. */
export class ReadBuffer {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(READ_BUFFER_BYTES.first);
  /** Reads in a row that hardly used a grown buffer. */
  #smallReads = 0;

  /** Replaces the buffer if the next one should have another size. @param count bytes of the last read */
  resize(count: number): void {
    const { length } = this.bytes;
    const { first, largest } = READ_BUFFER_BYTES;
    this.#smallReads = count < length / 16 ? this.#smallReads + 1 : 0;
    if (count === length && length < largest) this.bytes = new Uint8Array(length * 4);
    // One small read is not enough: a request a little larger than the buffer has a large and a small part.
    else if (this.#smallReads >= SMALL_READS_TO_SHRINK && length > first) {
      this.bytes = new Uint8Array(first);
    }
  }
}
