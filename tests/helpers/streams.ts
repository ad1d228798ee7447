/** Streams of bytes for tests: split into chunks, read by a framer, joined again. */
import type { ByteChunks } from "../../lib/bytes/byte_chunks.ts";
import { textAt } from "../../lib/bytes/span.ts";
import { LineFramer, type LineProblem } from "../../lib/bytes/line_framer.ts";

/** One line: its text, or the problem of the framer. */
export type Line = string | { readonly problem: LineProblem };

const encoder = new TextEncoder();

/** Encodes a text in UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Joins all bytes in one array. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Copies bytes in pieces; the sizes repeat. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? bytes.length);
    pieces.push(bytes.slice(at, at + size));
    at += size;
  }
  return pieces;
}

/** Reads all lines that the framer has. */
export function linesOf(framer: LineFramer): Line[] {
  const lines: Line[] = [];
  while (framer.next()) {
    const { bytes, start, end, problem } = framer;
    lines.push(problem === undefined ? textAt(bytes, start, end) : { problem });
  }
  return lines;
}

/** Reads the lines of a text that arrives at once. */
export function framed(text: string, maxLineBytes: number = 1e9): Line[] {
  const framer = new LineFramer(maxLineBytes);
  framer.push(utf8(text));
  return linesOf(framer);
}

/** Decodes the UTF-8 text of chunks, from a byte on. */
export function textOfChunks(chunks: ByteChunks, start: number = 0): string {
  const bytes = joined(chunks.views());
  return textAt(bytes, start, bytes.length);
}
