/** The lines of a complete stream by the protocol. Shares no code with the tested code. */

/** A line without its end, or its problem. */
export type Line = Uint8Array | "too long" | "not UTF-8";

const LF = 10, CR = 13;

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** The lines of a whole stream. */
export function linesOf(stream: Uint8Array, maxLineBytes: number): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < stream.length;) {
    const lf = stream.indexOf(LF, start);
    const end = lf < 0 ? stream.length : lf;
    const line = stream.subarray(start, end > start && stream[end - 1] === CR ? end - 1 : end);
    if (line.length > maxLineBytes) lines.push("too long");
    else if (lf >= 0 && line.length > 0) lines.push(isUtf8(line) ? line : "not UTF-8");
    start = end + 1;
  }
  return lines;
}

/**
 * Whether bytes are UTF-8: then decoding and encoding gives the same bytes. It throws no error, which
 * would take long.
 */
export function isUtf8(bytes: Uint8Array): boolean {
  const text = lossy.decode(bytes);
  if (!text.includes("\ufffd")) return true;
  const again = encoder.encode(text);
  return again.length === bytes.length && again.every((byte, at) => byte === bytes[at]);
}
