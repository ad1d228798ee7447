/** Spans, which are parts of buffers without a copy, and their conversion to and from text. */

/** Bytes `start` to `end` of a buffer, valid until the buffer's owner changes them. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Up to this many bytes, joining characters is faster than a decoder. */
const SHORT_BYTES = 24;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Encodes a text in UTF-8, in a new buffer; a lone surrogate becomes U+FFFD. */
export function spanOf(text: string): Span {
  const bytes = encoder.encode(text);
  return { bytes, start: 0, end: bytes.length };
}

/** Decodes bytes from UTF-8; invalid ones become U+FFFD. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT_BYTES) {
    let text = "";
    for (let at = start; at < end; at++) {
      const code = bytes[at] ?? 0;
      if (code >= 0x80) return decoder.decode(bytes.subarray(start, end));
      text += String.fromCharCode(code);
    }
    return text;
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** The text of a span. */
export function textOf({ bytes, start, end }: Span): string {
  return textAt(bytes, start, end);
}

/** Whether two spans have equal bytes. */
export function areEqual(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (; aStart < aEnd; aStart++, bStart++) if (a[aStart] !== b[bStart]) return false;
  return true;
}
