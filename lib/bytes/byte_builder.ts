/** A buffer of bytes that grows as pieces are added. */

/** For at most this many bytes, a loop is faster than `set` with a view. */
const SHORT_BYTES = 96;

const FIRST_BYTES = 1024;

const encoder = new TextEncoder();

/** Copies bytes from one buffer to another one, which must have room. */
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

/** A growing buffer and the number of bytes in it. */
export class ByteBuilder {
  /** The buffer, of which `length` bytes are filled. Growth replaces it. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Number of filled bytes; a lower number removes the last ones. */
  length = 0;

  constructor(buffer: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES)) {
    this.bytes = buffer;
  }

  /** Makes room for more bytes. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** Adds bytes `start` to `end` of another buffer. */
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

  /** The filled part, as a view that is valid until the next call. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.view());
    this.bytes = larger;
  }
}
