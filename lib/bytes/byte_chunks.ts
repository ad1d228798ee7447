/**
 * A first-in first-out sequence of bytes, in chunks: the replies of a connection, for example.
 *
 * Many clients may ask for long replies at once. Blocks of any size would leave holes in the memory of
 * the process, which it can neither use nor return. So chunks have two sizes and are blocks of an
 * arena, whose segments return to the system as a whole. A sequence that is not empty must be
 * cleared before it is dropped.
 */
import { Arena, HEADER_BYTES } from "./arena.ts";
import { copyBytes } from "./byte_builder.ts";
import { largeArena } from "./large_arena.ts";
import { MAX_SPARE_CHUNKS } from "../base/limits.ts";

/** Size of the only chunk of a short sequence, in bytes; there may be thousands of them. */
const SMALL_BYTES = 4 * 1024 - HEADER_BYTES;

/** Size of the chunks of a longer sequence, in bytes: the size of one write. */
const LARGE_BYTES = 64 * 1024 - HEADER_BYTES;

/** A block of the arena. */
interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly address: number;
}

// Small chunks have an arena of their own, or a few of them would hold segments of large ones.
const smallArena = new Arena();
const spareSmall: Chunk[] = [];

/**
 * Frees the chunks that are kept for the next sequences; called periodically. From the first call on,
 * the arenas have memory for some replies even if the system has no more.
 */
export function freeSpareChunks(): void {
  // All of them, because one chunk holds its whole segment.
  for (let chunk = spareSmall.pop(); chunk !== undefined; chunk = spareSmall.pop()) {
    smallArena.free(chunk.address);
  }
  smallArena.trim();
  largeArena.trim();
}

/** Size of all chunks that are in use or spare, in bytes. */
export function chunkBytes(): number {
  return smallArena.usedBytes + largeArena.usedBytes;
}

const NO_BYTES = new Uint8Array(0);

const encoder = new TextEncoder();

/**
 * A sequence of bytes that grows at its end and is consumed from its beginning. Lengths and positions
 * count from the first byte, consumed or not, until all bytes are consumed and the sequence is empty.
 */
export class ByteChunks {
  /** The only chunk of a short sequence. Most sequences are short, and need no list. */
  #small: Chunk | undefined;
  /** The chunks of a longer sequence; all but the last are full. */
  readonly #large: Chunk[] = [];
  /** The last chunk, the bytes in it, and the bytes in the chunks before it. */
  #last = NO_BYTES;
  #lastBytes = 0;
  #bytesBefore = 0;
  /** Bytes that were consumed, the chunk of the next one, and its offset there. */
  #consumed = 0;
  #nextChunk = 0;
  #nextOffset = 0;

  /** Number of bytes. */
  get length(): number {
    return this.#bytesBefore + this.#lastBytes;
  }

  /** The next bytes to consume, valid until the next change; undefined if the sequence is empty. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    if (this.length === 0) return undefined;
    const view = this.view(this.#nextChunk);
    return this.#nextOffset === 0 ? view : view?.subarray(this.#nextOffset);
  }

  /** Consumes some of the bytes that `next` returned. After the last byte, the sequence is empty. */
  consume(count: number): void {
    this.#consumed += count;
    if (this.#consumed === this.length) return this.clear();
    this.#nextOffset += count;
    if (this.#nextOffset < (this.view(this.#nextChunk)?.length ?? 0)) return;
    this.#nextChunk++;
    this.#nextOffset = 0;
  }

  /** Adds bytes `start` to `end` of a buffer. */
  add(from: Uint8Array, start: number = 0, end: number = from.length): void {
    for (;;) {
      const room = this.#last.length - this.#lastBytes;
      if (end - start <= room) break;
      copyBytes(from, start, start + room, this.#last, this.#lastBytes);
      start += room;
      this.#lastBytes += room;
      this.#addChunk();
    }
    copyBytes(from, start, end, this.#last, this.#lastBytes);
    this.#lastBytes += end - start;
  }

  /** Adds a text in UTF-8; a lone surrogate becomes U+FFFD. */
  addText(text: string): void {
    this.add(encoder.encode(text));
  }

  /** Adds bytes `start` to `end` of another sequence. */
  addFrom(other: ByteChunks, start: number = 0, end: number = other.length): void {
    let at = 0;
    for (const view of other.views()) {
      const next = at + view.length;
      if (at < end && next > start) {
        this.add(view, Math.max(start, at) - at, Math.min(end, next) - at);
      }
      at = next;
    }
  }

  /**
   * Adds all bytes of another sequence, which is empty afterwards. Each chunk is freed once it is
   * copied, so that a long sequence is never in memory twice.
   */
  takeFrom(other: ByteChunks): void {
    if (other.#small !== undefined) this.addFrom(other);
    const chunks = other.#large.splice(0).reverse(), lastBytes = other.#lastBytes;
    other.clear();
    try {
      for (let chunk = chunks.at(-1); chunk !== undefined; chunk = chunks.at(-1)) {
        this.add(chunk.bytes, 0, chunks.length === 1 ? lastBytes : chunk.bytes.length);
        freeLarge(chunks.pop());
      }
    } finally {
      for (const chunk of chunks) freeLarge(chunk);
    }
  }

  /**
   * Takes over the chunks of another sequence, which is empty afterwards. This one must be empty, and
   * nothing of the other may be consumed. Allocates no memory.
   */
  moveFrom(other: ByteChunks): void {
    this.#small = other.#small;
    this.#large.push(...other.#large.splice(0));
    this.#last = other.#last;
    this.#lastBytes = other.#lastBytes;
    this.#bytesBefore = other.#bytesBefore;
    other.#small = undefined;
    other.clear();
  }

  /** Drops all bytes behind the first ones. */
  truncate(length: number): void {
    while (this.#bytesBefore > length) {
      freeLarge(this.#large.pop());
      this.#last = this.#large.at(-1)?.bytes ?? NO_BYTES;
      this.#bytesBefore -= this.#last.length;
    }
    this.#lastBytes = length - this.#bytesBefore;
  }

  /** The bytes of a chunk, numbered from 0; valid until the next change. */
  view(number: number): Uint8Array<ArrayBuffer> | undefined {
    const chunk = number === 0 && this.#small !== undefined ? this.#small : this.#large[number];
    if (chunk === undefined) return undefined;
    return chunk.bytes === this.#last ? chunk.bytes.subarray(0, this.#lastBytes) : chunk.bytes;
  }

  /** The bytes of each chunk, in order. */
  views(): Uint8Array<ArrayBuffer>[] {
    const views: Uint8Array<ArrayBuffer>[] = [];
    for (let view = this.view(0); view !== undefined; view = this.view(views.length)) {
      views.push(view);
    }
    return views;
  }

  /** Drops all bytes and frees the chunks. */
  clear(): void {
    if (this.#small !== undefined) freeSmall(this.#small);
    this.#small = undefined;
    while (this.#large.length > 0) freeLarge(this.#large.pop());
    this.#last = NO_BYTES;
    this.#lastBytes = this.#bytesBefore = 0;
    this.#consumed = this.#nextChunk = this.#nextOffset = 0;
  }

  #addChunk(): void {
    if (this.#small === undefined && this.#large.length === 0) {
      this.#small = spareSmall.pop() ?? newChunk(smallArena, SMALL_BYTES);
      this.#last = this.#small.bytes;
      return;
    }
    const chunk = newChunk(largeArena, LARGE_BYTES);
    if (this.#small !== undefined) {
      // The large chunk replaces the small one, so that bytes that fit in one chunk leave in one write.
      chunk.bytes.set(this.#last);
      freeSmall(this.#small);
      this.#small = undefined;
    } else {
      this.#bytesBefore += this.#lastBytes;
      this.#lastBytes = 0;
    }
    this.#last = chunk.bytes;
    this.#large.push(chunk);
  }
}

function newChunk(arena: Arena, size: number): Chunk {
  const address = arena.allocate(size);
  return { address, bytes: arena.payload(address, size) };
}

function freeSmall(chunk: Chunk): void {
  if (spareSmall.length < MAX_SPARE_CHUNKS) spareSmall.push(chunk);
  else smallArena.free(chunk.address);
}

function freeLarge(chunk: Chunk | undefined): void {
  if (chunk !== undefined) largeArena.free(chunk.address);
}
