/**
 * Cuts a stream of bytes into lines, however the bytes arrive.
 *
 * A line ends with LF; a CR before it is dropped, and empty lines are skipped. Lines are not copied:
 * they are given as places in the chunk, or, where a line came in pieces, in bytes of its own. What
 * stands behind the last LF is kept for the next chunk. Long bytes of their own are blocks of an arena, so whoever
 * has a framer has to `drop` it. A line over the limit is refused as soon as
 * the limit is passed; the rest of it is discarded without being kept (I5). Bytes that are not UTF-8
 * are refused line by line, so one bad line does not touch its neighbours (I9).
 */
import { isUtf8 } from "node:buffer";
import { largeArena } from "../bytes/large_arena.ts";
import { indexOfByte } from "../bytes/word_scan.ts";

const LF = 10, CR = 13;

/** Lines up to this length are looked through byte by byte. */
const SHORT_BYTES = 256;

/** From this size on, what is kept of a line is a block of the arena, in bytes. */
const LONG_BYTES = 64 * 1024;

/** Why a line cannot be read. */
export type LineProblem = "too long" | "not UTF-8" | "no memory";

const NOTHING = new Uint8Array(0);

/** Bytes of a line that came in pieces, and their block's address; 0: they are none. */
interface LineBuffer {
  readonly bytes: Uint8Array;
  readonly address: number;
}

const NO_BUFFER: LineBuffer = { bytes: NOTHING, address: 0 };

/** Cuts the stream of one connection. */
export class LineFramer {
  /** The line that `next` found: from `start` to `end` in `bytes`, without its end. */
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  /** Or why it cannot be read. */
  problem: LineProblem | undefined;
  /** The longest line, in bytes without its end. */
  maxLineBytes: number;
  /** What came last, and how far lines were cut from it. */
  #chunk: Uint8Array = NOTHING;
  #chunkEnd = 0;
  #at = 0;
  /** The beginning of a line whose end has not come yet. */
  #partial = NO_BUFFER;
  #partialBytes = 0;
  /** The line that came in pieces, of those that were found in the chunk: the first at the most. */
  #line = NO_BUFFER;
  #discarding = false;
  #partialLines = 0;

  /** @param maxLineBytes the longest line, in bytes without its end */
  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  /**
   * Takes bytes. All lines of the chunk before must have been taken; what is not copied by `next`
   * stays in the chunk, which must be left alone for as long.
   *
   * @param end how much of the buffer it is (default: all)
   */
  push(chunk: Uint8Array, end: number = chunk.length): void {
    this.release();
    this.#chunk = chunk;
    this.#chunkEnd = end;
    this.#at = 0;
  }

  /** Says that nobody needs the lines any more that `next` has found so far. */
  release(): void {
    if (this.#line === NO_BUFFER) return;
    if (this.bytes === this.#line.bytes) this.bytes = NOTHING;
    free(this.#line);
    this.#line = NO_BUFFER;
  }

  /** Forgets all that came, also the line whose end has not come. */
  clear(): void {
    this.release();
    this.#clearChunk();
    this.#clearPartial();
  }

  /** Goes to the next whole line; false where there is none yet. */
  next(): boolean {
    this.problem = undefined;
    const chunk = this.#chunk, chunkEnd = this.#chunkEnd;
    while (this.#at < chunkEnd) {
      const start = this.#at;
      let at = start, all = 0;
      const shortEnd = Math.min(chunkEnd, start + SHORT_BYTES);
      for (; at < shortEnd; at++) {
        const byte = chunk[at] ?? 0;
        if (byte === LF) break;
        all |= byte;
      }
      if (at === shortEnd) {
        all = 0x80; // not known
        at = indexOfByte(chunk, LF, at, chunkEnd);
        if (at < 0) return this.#bufferPartial(start);
      }
      this.#at = at + 1;
      if (this.#partialBytes > 0 || this.#discarding) {
        if (this.#endPartial(start, at)) return true;
        continue;
      }
      const end = at > start && chunk[at - 1] === CR ? at - 1 : at;
      if (end > start) return this.#emit(chunk, start, end, all >= 0x80);
    }
    this.#clearChunk();
    return false;
  }

  /** Bytes of a line whose end has not come yet. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** Whether the end of a line has not come yet, even if the line is discarded. */
  get hasPartialLine(): boolean {
    return this.#partialBytes > 0 || this.#discarding;
  }

  /** How many lines had to wait for their end so far. */
  get partialLines(): number {
    return this.#partialLines;
  }

  /** Memory that is held for lines which came in pieces, in bytes. */
  get bufferedBytes(): number {
    return this.#partial.bytes.length + this.#line.bytes.length;
  }

  #emit(bytes: Uint8Array, start: number, end: number, mayBeBeyondAscii: boolean): true {
    if (end - start > this.maxLineBytes) this.problem = "too long";
    else if (mayBeBeyondAscii && !isUtf8(bytes.subarray(start, end))) this.problem = "not UTF-8";
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    return true;
  }

  /** The end of a line whose beginning came before; false where it was refused already, or is empty. */
  #endPartial(start: number, end: number): boolean {
    if (this.#discarding) {
      this.#discarding = false;
      return false;
    }
    if (!this.#add(this.#chunk.subarray(start, end))) return this.#emitNoMemory();
    this.#line = this.#partial;
    const line = this.#line.bytes;
    const bytes = line[this.#partialBytes - 1] === CR ? this.#partialBytes - 1 : this.#partialBytes;
    this.#partialBytes = 0;
    // The line lies there until it is executed, perhaps longer than until the next one is kept.
    this.#partial = NO_BUFFER;
    return bytes > 0 && this.#emit(line, 0, bytes, true);
  }

  /** Keeps the beginning of a line, or refuses the line; true where it does. */
  #bufferPartial(start: number): boolean {
    const piece = this.#chunk.subarray(start, this.#chunkEnd);
    this.#clearChunk();
    if (this.#discarding) return false;
    if (this.#partialBytes === 0) this.#partialLines++;
    const bytes = this.#partialBytes + piece.length;
    // A CR at the end may belong to the line's end, so it does not count.
    if ((piece.at(-1) === CR ? bytes - 1 : bytes) > this.maxLineBytes) {
      this.#discarding = true;
      this.#clearPartial();
      this.problem = "too long";
      return true;
    }
    if (this.#add(piece)) return false;
    this.#discarding = true;
    return this.#emitNoMemory();
  }

  #emitNoMemory(): true {
    this.#clearPartial();
    this.problem = "no memory";
    return true;
  }

  #clearPartial(): void {
    free(this.#partial);
    this.#partial = NO_BUFFER;
    this.#partialBytes = 0;
  }

  /** Or a long line would stay in memory. */
  #clearChunk(): void {
    this.#chunk = this.bytes = NOTHING;
    this.#at = this.#chunkEnd = 0;
  }

  /** Adds to the beginning of a line; false where there is no memory for it. */
  #add(piece: Uint8Array): boolean {
    const bytes = this.#partialBytes + piece.length;
    if (bytes > this.#partial.bytes.length) {
      const most = this.maxLineBytes + 1; // with a CR
      const larger = tryAllocate(Math.max(bytes, Math.min(this.#partial.bytes.length * 2, most)));
      if (larger === undefined) return false;
      larger.bytes.set(this.#partial.bytes.subarray(0, this.#partialBytes));
      free(this.#partial);
      this.#partial = larger;
    }
    this.#partial.bytes.set(piece, this.#partialBytes);
    this.#partialBytes = bytes;
    return true;
  }
}

/** So many bytes, or undefined where there is no memory for them. */
function tryAllocate(count: number): LineBuffer | undefined {
  if (count < LONG_BYTES) return { bytes: new Uint8Array(count), address: 0 };
  const address = largeArena.tryAllocate(count);
  return address === 0 ? undefined : { bytes: largeArena.payload(address, count), address };
}

function free({ address }: LineBuffer): void {
  if (address !== 0) largeArena.free(address);
}
