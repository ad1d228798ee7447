/** The reply to one request, as a command writes it. */
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import type { Span } from "../bytes/span.ts";

/** Receives the result of a command. */
export interface ReplyWriter {
  /** Maximum size of a result, in bytes. */
  readonly room: number;
  /**
   * Writes the reply of a success. The result is copied at once; chunks are moved, and empty afterwards.
   * If the command fails after this, the failure replaces the reply.
   *
   * @param cursor of a scan or query with more pairs
   */
  succeed(result: Span | ByteChunks, cursor?: string): void;
}
