/** A change of the table, and the error for changes that could not be written. */
import type { Span } from "../../bytes/span.ts";

/**
 * A change that was made to the table. Both kinds are absolute, so a change may be made twice. The key is
 * its canonical JSON text without the quotes, as in the table. The value is its JSON text.
 */
export type Change =
  | { readonly method: "insert"; readonly key: Span; readonly value: Span }
  | { readonly method: "remove"; readonly key: Span };

/** The system rejected a batch, usually because the disk is full. No part of the batch is kept. */
export class WriteError extends Error {
  override name = "WriteError";
}
