/** The failure of a line that cannot be decoded. Readers of members throw it to `any_request.ts`. */
import { quoted } from "../base/quote.ts";
import { textAt } from "../bytes/span.ts";
import type { Failure, FailureType } from "./message.ts";

/** Bytes of a text that are decoded for a quote, which shows fewer of them. */
const MAX_QUOTED_BYTES = 256;

/** Ends the decoding of a line. It is not an `Error`: a stack trace would cost more than the decoding. */
export class DecodeError {
  readonly failure: Failure;

  constructor(type: FailureType, message: string) {
    this.failure = { type, message };
  }
}

/** The beginning of some bytes, in quotes for a message. */
export function quotedAt(bytes: Uint8Array, start: number, end: number): string {
  return quoted(textAt(bytes, start, Math.min(end, start + MAX_QUOTED_BYTES)));
}

/** Number of characters (as UTF-16 code units) of a text in UTF-8. */
export function countUnits(bytes: Uint8Array, start: number, end: number): number {
  let units = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    // Bytes from 0x80 to 0xbf continue a character. One of four bytes is two units.
    if (byte < 0x80 || byte >= 0xc0) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}
