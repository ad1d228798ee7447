/**
 * Cuts a stream of bytes into lines, however the bytes arrive.
 *
 * A line ends with LF; a CR before it is dropped, and empty lines are skipped. Lines are not copied:
 * they are given as places in the chunk, or, where a line came in pieces, in bytes of its own. What
 * stands behind the last LF is kept for the next chunk. A line over the limit is refused as soon as
 * the limit is passed; the rest of it is discarded without being kept (I5). Bytes that are not UTF-8
 * are refused line by line, so one bad line does not touch its neighbours (I9).
 */
import { isUtf8 } from "node:buffer";
import { indexOfByte } from "../base/word_scan.ts";

const LF = 10, CR = 13;

/** Lines up to this length are looked through byte by byte. */
const SHORT_BYTES = 256;

/** Why a line cannot be read. */
export type LineProblem = "too long" | "not UTF-8";

const NOTHING = new Uint8Array(0);

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
  #rest: Uint8Array = NOTHING;
  #restBytes = 0;
  #discarding = false;
  #linesBegun = 0;

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
    this.#chunk = chunk;
    this.#chunkEnd = end;
    this.#at = 0;
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
        if (at < 0) return this.#keep(start);
      }
      this.#at = at + 1;
      if (this.#restBytes > 0 || this.#discarding) {
        if (this.#endRest(start, at)) return true;
        continue;
      }
      const end = at > start && chunk[at - 1] === CR ? at - 1 : at;
      if (end > start) return this.#found(chunk, start, end, all >= 0x80);
    }
    this.#forgetChunk();
    return false;
  }

  /** Bytes of a line whose end has not come yet. */
  get unfinishedBytes(): number {
    return this.#restBytes;
  }

  /** Whether the end of a line has not come yet, even if the line is discarded. */
  get isInLine(): boolean {
    return this.#restBytes > 0 || this.#discarding;
  }

  /** How many lines had to wait for their end so far. */
  get linesBegun(): number {
    return this.#linesBegun;
  }

  /** Memory that is held for lines which came in pieces, in bytes. */
  get heldBytes(): number {
    return this.#rest.length + (this.bytes === this.#chunk ? 0 : this.bytes.length);
  }

  #found(bytes: Uint8Array, start: number, end: number, mayBeBeyondAscii: boolean): true {
    if (end - start > this.maxLineBytes) this.problem = "too long";
    else if (mayBeBeyondAscii && !isUtf8(bytes.subarray(start, end))) this.problem = "not UTF-8";
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    return true;
  }

  /** The end of a line whose beginning came before; false where it was refused already, or is empty. */
  #endRest(start: number, end: number): boolean {
    if (this.#discarding) {
      this.#discarding = false;
      return false;
    }
    this.#add(this.#chunk.subarray(start, end));
    const line = this.#rest;
    const bytes = line[this.#restBytes - 1] === CR ? this.#restBytes - 1 : this.#restBytes;
    this.#restBytes = 0;
    // The line lies there until it is executed, perhaps longer than until the next one is kept.
    this.#rest = NOTHING;
    return bytes > 0 && this.#found(line, 0, bytes, true);
  }

  /** Keeps the beginning of a line, or refuses the line; true where it does. */
  #keep(start: number): boolean {
    const piece = this.#chunk.subarray(start, this.#chunkEnd);
    this.#forgetChunk();
    if (this.#discarding) return false;
    if (this.#restBytes === 0) this.#linesBegun++;
    const bytes = this.#restBytes + piece.length;
    // A CR at the end may belong to the line's end, so it does not count.
    if ((piece.at(-1) === CR ? bytes - 1 : bytes) > this.maxLineBytes) {
      this.#discarding = true;
      this.#restBytes = 0;
      this.#rest = NOTHING;
      this.problem = "too long";
      return true;
    }
    this.#add(piece);
    return false;
  }

  /** Or a long line would stay in memory. */
  #forgetChunk(): void {
    this.#chunk = this.bytes = NOTHING;
    this.#at = this.#chunkEnd = 0;
  }

  #add(piece: Uint8Array): void {
    const bytes = this.#restBytes + piece.length;
    if (bytes > this.#rest.length) {
      const most = this.maxLineBytes + 1; // with a CR
      const larger = new Uint8Array(Math.max(bytes, Math.min(this.#rest.length * 2, most)));
      larger.set(this.#rest.subarray(0, this.#restBytes));
      this.#rest = larger;
    }
    this.#rest.set(piece, this.#restBytes);
    this.#restBytes = bytes;
  }
}
