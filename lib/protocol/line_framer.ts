/**
 * Cuts a stream of bytes into lines of text, however the bytes arrive.
 *
 * A line ends with LF; a CR before it is dropped, and empty lines are skipped. What stands behind
 * the last LF is kept for the next chunk. A line over the limit is refused as soon as the limit is
 * passed; the rest of it is discarded without being kept (I5). Bytes that are not UTF-8 are refused
 * line by line, so one bad line does not touch its neighbours (I9).
 */

const LF = 10, CR = 13;

/** Room kept between lines; a line that needed more gives it back. */
const KEPT_BYTES = 64 * 1024;

/** Why there is no text of a line. */
export type LineProblem = "too long" | "not UTF-8";

/** One line: its text, or why there is none. */
export type Line = string | { readonly problem: LineProblem };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Cuts the stream of one connection. */
export class LineFramer {
  readonly #maxLineBytes: number;
  /** What came behind the last LF. */
  #rest = new Uint8Array(0);
  #restBytes = 0;
  #discarding = false;
  /** Whole lines that were not taken yet: text of one or more lines with their LFs, or a problem. */
  #ready: Line[] = [];
  #block = "";
  #blockAt = 0;

  /** @param maxLineBytes the longest line, in bytes without its end */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Takes bytes, which may be overwritten afterwards. */
  push(chunk: Uint8Array): void {
    const lastLf = chunk.lastIndexOf(LF);
    if (lastLf === -1) return this.#keep(chunk);
    this.#endLines(chunk.subarray(0, lastLf + 1));
    if (lastLf + 1 < chunk.length) this.#keep(chunk.subarray(lastLf + 1));
  }

  /** Gives the next whole line, or undefined where there is none yet. */
  next(): Line | undefined {
    for (;;) {
      while (this.#blockAt < this.#block.length) {
        const start = this.#blockAt;
        const lf = this.#block.indexOf("\n", start);
        this.#blockAt = lf + 1;
        const end = this.#block.charCodeAt(lf - 1) === CR ? lf - 1 : lf;
        if (end > start) return this.#block.slice(start, end);
      }
      this.#block = "";
      this.#blockAt = 0;
      const ready = this.#ready.shift();
      if (typeof ready !== "string") return ready;
      this.#block = ready;
    }
  }

  /** Bytes of a line whose end has not come yet. */
  get unfinishedBytes(): number {
    return this.#restBytes;
  }

  /** Takes bytes that end with LF. */
  #endLines(bytes: Uint8Array): void {
    if (this.#discarding) {
      this.#discarding = false;
      bytes = bytes.subarray(bytes.indexOf(LF) + 1);
    } else if (this.#restBytes > 0) {
      bytes = this.#joined(bytes);
    }
    if (bytes.length === 0) return;
    // Usually all lines together are within the limit and ASCII, and one call decodes them all. With
    // a character beyond Latin-1 in one of them, all would take two bytes a character.
    if (bytes.length - 1 <= this.#maxLineBytes) {
      const text = decoded(bytes);
      if (text?.length === bytes.length) {
        this.#ready.push(text);
        return;
      }
    }
    for (let start = 0; start < bytes.length;) {
      const end = bytes.indexOf(LF, start) + 1;
      this.#ready.push(this.#lineOf(bytes.subarray(start, end)));
      start = end;
    }
  }

  #lineOf(bytes: Uint8Array): Line {
    if (this.#isTooLong(bytes.length - 1, bytes.at(-2))) return { problem: "too long" };
    return decoded(bytes) ?? { problem: "not UTF-8" };
  }

  /** A CR at the end may belong to the line's end, so it does not count. */
  #isTooLong(lineBytes: number, lastByte: number | undefined): boolean {
    return (lastByte === CR ? lineBytes - 1 : lineBytes) > this.#maxLineBytes;
  }

  /** Keeps a line's beginning, or refuses the line. */
  #keep(bytes: Uint8Array): void {
    if (this.#discarding) return;
    const total = this.#restBytes + bytes.length;
    if (this.#isTooLong(total, bytes.at(-1))) {
      this.#discarding = true;
      this.#forget();
      this.#ready.push({ problem: "too long" });
      return;
    }
    if (total > this.#rest.length) {
      const larger = new Uint8Array(Math.max(total, this.#rest.length * 2));
      larger.set(this.#rest.subarray(0, this.#restBytes));
      this.#rest = larger;
    }
    this.#rest.set(bytes, this.#restBytes);
    this.#restBytes = total;
  }

  /** What was kept, with these bytes behind it. */
  #joined(bytes: Uint8Array): Uint8Array {
    const all = new Uint8Array(this.#restBytes + bytes.length);
    all.set(this.#rest.subarray(0, this.#restBytes));
    all.set(bytes, this.#restBytes);
    this.#forget();
    return all;
  }

  #forget(): void {
    this.#restBytes = 0;
    if (this.#rest.length > KEPT_BYTES) this.#rest = new Uint8Array(0);
  }
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // not UTF-8
  }
}
