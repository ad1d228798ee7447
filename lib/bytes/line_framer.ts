/**
 * A framer: splits a stream of bytes into lines. The bytes may arrive in any chunks.
 *
 * A line ends with LF; a CR before it is dropped, and empty lines are skipped. A line that is whole in one
 * chunk is not copied. The bytes behind the last LF are a partial line: they are copied to a buffer until
 * the rest comes. Long buffers are blocks of an arena, so the framer's owner must `clear` it.
 *
 * A line over the limit is rejected when the limit is passed, and its rest is discarded without being
 * stored (I5). Lines that are not UTF-8 are rejected one by one, so other lines are not affected (I9).
 */
import { isUtf8 } from "node:buffer";
import { largeArena } from "./large_arena.ts";
import { indexOfByte } from "./word_scan.ts";

const LF = 10, CR = 13;

/** Up to this many bytes, a line is searched byte by byte. */
const SHORT_BYTES = 256;

/** A buffer of at least this many bytes is a block of the arena. */
const LONG_BYTES = 64 * 1024;

/** The reason why a line cannot be read. */
export type LineProblem = "too long" | "not UTF-8" | "no memory";

const NOTHING = new Uint8Array(0);

/** A buffer for a line from several chunks, and the address of its block; 0: it is not a block. */
interface LineBuffer {
  readonly bytes: Uint8Array;
  readonly address: number;
}

const NO_BUFFER: LineBuffer = { bytes: NOTHING, address: 0 };

/** Splits the stream of one connection. */
export class LineFramer {
  /** The line of the last `next`: from `start` to `end` in `bytes`, without its LF. */
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  /** The problem of that line; undefined: it has none. */
  problem: LineProblem | undefined;
  /** The longest line, in bytes without its end. */
  maxLineBytes: number;
  /** The buffer of the last chunk. */
  #chunk: Uint8Array = NOTHING;
  /** End of the chunk in its buffer. */
  #chunkEnd = 0;
  /** Position of the first byte that `next` has not read. */
  #at = 0;
  /** The partial line. */
  #partial = NO_BUFFER;
  #partialBytes = 0;
  /** The line completed from the partial one. Only the first line of a chunk can be one. */
  #line = NO_BUFFER;
  #discarding = false;
  #partialLines = 0;

  /** @param maxLineBytes the longest line, in bytes without its end */
  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  /**
   * Adds a chunk. `next` must have returned all lines of the chunk before. Lines point into the chunk,
   * which must not change until they are executed.
   *
   * @param end end of the chunk in its buffer (default: the whole buffer)
   */
  push(chunk: Uint8Array, end: number = chunk.length): void {
    this.release();
    this.#chunk = chunk;
    this.#chunkEnd = end;
    this.#at = 0;
  }

  /** Releases the memory of lines that `next` has returned so far. */
  release(): void {
    if (this.#line === NO_BUFFER) return;
    if (this.bytes === this.#line.bytes) this.bytes = NOTHING;
    free(this.#line);
    this.#line = NO_BUFFER;
  }

  /** Releases all memory and drops the partial line. */
  clear(): void {
    this.release();
    this.#clearChunk();
    this.#clearPartial();
  }

  /** Moves to the next whole line; false: the chunk has no more. */
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
        all = 0x80; // The line may have bytes beyond ASCII.
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

  /** Bytes of the partial line. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** Whether there is a partial line, also if it is discarded. */
  get hasPartialLine(): boolean {
    return this.#partialBytes > 0 || this.#discarding;
  }

  /** Number of lines so far that were partial. */
  get partialLines(): number {
    return this.#partialLines;
  }

  /** Memory of buffers, in bytes. */
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

  /** Completes the partial line; false: it was rejected already, or is empty. */
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
    // The line stays in this buffer until it is executed. The next partial line needs another one.
    this.#partial = NO_BUFFER;
    return bytes > 0 && this.#emit(line, 0, bytes, true);
  }

  /** Copies the beginning of a line to the buffer; true: the line is rejected instead. */
  #bufferPartial(start: number): boolean {
    const piece = this.#chunk.subarray(start, this.#chunkEnd);
    this.#clearChunk();
    if (this.#discarding) return false;
    if (this.#partialBytes === 0) this.#partialLines++;
    const bytes = this.#partialBytes + piece.length;
    // A CR at the end may belong to the line end, so it does not count.
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

  /** Drops the chunk. Otherwise a long line would stay in memory. */
  #clearChunk(): void {
    this.#chunk = this.bytes = NOTHING;
    this.#at = this.#chunkEnd = 0;
  }

  /** Adds a piece to the partial line; false: there is no memory for it. */
  #add(piece: Uint8Array): boolean {
    const bytes = this.#partialBytes + piece.length;
    if (bytes > this.#partial.bytes.length) {
      const max = this.maxLineBytes + 1; // with a CR
      const larger = tryAllocate(Math.max(bytes, Math.min(this.#partial.bytes.length * 2, max)));
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

/** Allocates a buffer; undefined: there is no memory for it. */
function tryAllocate(count: number): LineBuffer | undefined {
  if (count < LONG_BYTES) return { bytes: new Uint8Array(count), address: 0 };
  const address = largeArena.tryAllocate(count);
  return address === 0 ? undefined : { bytes: largeArena.payload(address, count), address };
}

function free({ address }: LineBuffer): void {
  if (address !== 0) largeArena.free(address);
}
