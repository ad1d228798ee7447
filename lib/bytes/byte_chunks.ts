/**
 * Bytes that are put together piece by piece, in chunks.
 *
 * Many clients may ask for much at once. Buffers of all sizes that come and go would leave holes in
 * the process's memory that it can neither use nor give back. So chunks have two sizes and are blocks of an arena,
 * whose segments go back to the system as a whole. In return, whoever fills one has to `clear` it.
 */
import { Arena, HEADER_BYTES } from "./arena.ts";
import { copyBytes } from "./byte_builder.ts";
import { largeArena } from "./large_arena.ts";
import { MAX_SPARE_CHUNKS } from "../base/limits.ts";

/** Size of the one chunk of a short sequence, in bytes: there may be thousands of them. */
const SMALL_BYTES = 4 * 1024 - HEADER_BYTES;

/** Size of the chunks of a longer one: as much as one write takes. */
const LARGE_BYTES = 64 * 1024 - HEADER_BYTES;

/** A block of the arena. */
interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly address: number;
}

// Apart from the large ones, or a few of these would keep whole segments of those.
const smallArena = new Arena();
const keptSmall: Chunk[] = [];

/**
 * Gives back what was kept for the next replies and is not needed now; to be called now and then. From
 * the first call on, there is room for some replies even where the system has no more memory.
 */
export function freeSpareChunks(): void {
  // All, since one that is kept would keep its whole segment; the next ones come from as few as possible.
  for (let chunk = keptSmall.pop(); chunk !== undefined; chunk = keptSmall.pop()) {
    smallArena.free(chunk.address);
  }
  smallArena.trim();
  largeArena.trim();
}

/** Bytes of all chunks that are in use or kept. */
export function chunkBytes(): number {
  return smallArena.usedBytes + largeArena.usedBytes;
}

const NO_BYTES = new Uint8Array(0);

const encoder = new TextEncoder();

/** A sequence of bytes that grows. */
export class ByteChunks {
  /** All of a short sequence, which most are: without a list. */
  #small: Chunk | undefined;
  /** All of a longer one; all but the last are full. */
  readonly #large: Chunk[] = [];
  /** The last chunk, how much of it is filled, and what the others hold. */
  #last = NO_BYTES;
  #lastBytes = 0;
  #bytesBefore = 0;

  /** How many bytes there are. */
  get length(): number {
    return this.#bytesBefore + this.#lastBytes;
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

  /** Adds bytes `start` to `end` of another one. */
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
   * Adds all bytes of another one, which is empty then. Its chunks are given back one by one on the way, so
   * that what is long is never there twice.
   */
  takeFrom(other: ByteChunks): void {
    if (other.#small !== undefined) this.addFrom(other);
    const chunks = other.#large.splice(0).reverse(), lastBytes = other.#lastBytes;
    other.clear();
    try {
      for (let chunk = chunks.at(-1); chunk !== undefined; chunk = chunks.at(-1)) {
        this.add(chunk.bytes, 0, chunks.length === 1 ? lastBytes : chunk.bytes.length);
        giveBackLarge(chunks.pop());
      }
    } finally {
      for (const chunk of chunks) giveBackLarge(chunk);
    }
  }

  /** Takes over the chunks of another one, which is empty then; this one must be. Takes no memory. */
  moveFrom(other: ByteChunks): void {
    this.#small = other.#small;
    this.#large.push(...other.#large.splice(0));
    this.#last = other.#last;
    this.#lastBytes = other.#lastBytes;
    this.#bytesBefore = other.#bytesBefore;
    other.#small = undefined;
    other.clear();
  }

  /** Forgets all but the first so many bytes. */
  truncate(length: number): void {
    while (this.#bytesBefore > length) {
      giveBackLarge(this.#large.pop());
      this.#last = this.#large.at(-1)?.bytes ?? NO_BYTES;
      this.#bytesBefore -= this.#last.length;
    }
    this.#lastBytes = length - this.#bytesBefore;
  }

  /** What is in a chunk, the first one being number 0; good until the next call that changes it. */
  view(number: number): Uint8Array<ArrayBuffer> | undefined {
    const chunk = number === 0 && this.#small !== undefined ? this.#small : this.#large[number];
    if (chunk === undefined) return undefined;
    return chunk.bytes === this.#last ? chunk.bytes.subarray(0, this.#lastBytes) : chunk.bytes;
  }

  /** What is in each chunk, in order. */
  views(): Uint8Array<ArrayBuffer>[] {
    const views: Uint8Array<ArrayBuffer>[] = [];
    for (let view = this.view(0); view !== undefined; view = this.view(views.length)) {
      views.push(view);
    }
    return views;
  }

  /** Forgets all, and gives the chunks back. */
  clear(): void {
    if (this.#small !== undefined) giveBackSmall(this.#small);
    this.#small = undefined;
    while (this.#large.length > 0) giveBackLarge(this.#large.pop());
    this.#last = NO_BYTES;
    this.#lastBytes = this.#bytesBefore = 0;
  }

  #addChunk(): void {
    if (this.#small === undefined && this.#large.length === 0) {
      this.#small = keptSmall.pop() ?? newChunk(smallArena, SMALL_BYTES);
      this.#last = this.#small.bytes;
      return;
    }
    const chunk = newChunk(largeArena, LARGE_BYTES);
    if (this.#small !== undefined) {
      // In its place, so that what fits in one chunk leaves in one write.
      chunk.bytes.set(this.#last);
      giveBackSmall(this.#small);
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

function giveBackSmall(chunk: Chunk): void {
  if (keptSmall.length < MAX_SPARE_CHUNKS) keptSmall.push(chunk);
  else smallArena.free(chunk.address);
}

function giveBackLarge(chunk: Chunk | undefined): void {
  if (chunk !== undefined) largeArena.free(chunk.address);
}
