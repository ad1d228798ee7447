/** Bytes that are put together piece by piece, in one buffer that grows. */

/** Up to this many bytes, a loop copies faster than `set` with a view. */
const SHORT_BYTES = 96;

const FIRST_BYTES = 1024;

const encoder = new TextEncoder();

/** Copies bytes from one buffer to another, which must have room. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
): void {
  if (end - start > SHORT_BYTES) to.set(from.subarray(start, end), at);
  else while (start < end) to[at++] = from[start++] ?? 0;
}

/** A buffer and how much of it is filled. */
export class ByteBuilder {
  /** The buffer; `length` bytes of it count. Another one after each call that may grow it. */
  bytes: Uint8Array<ArrayBuffer>;
  /** May be set back, to forget what came last. */
  length = 0;

  constructor(buffer: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES)) {
    this.bytes = buffer;
  }

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** Adds bytes `start` to `end` of a buffer, which is not this one. */
  add(from: Uint8Array, start: number = 0, end: number = from.length): void {
    this.reserve(end - start);
    copyBytes(from, start, end, this.bytes, this.length);
    this.length += end - start;
  }

  /** Adds a text in UTF-8; a lone surrogate becomes U+FFFD. */
  addText(text: string): void {
    this.reserve(text.length * 3);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  /** What is filled, as a view: good until the next call. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.view());
    this.bytes = larger;
  }
}
