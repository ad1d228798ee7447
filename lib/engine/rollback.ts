/**
 * The repeated execution of requests after a failed write: the changes of the batch are rolled back, and
 * each reply that depends on one of them is replaced (I2, I6).
 */
import { MAX_REPLY_BUFFER_BYTES } from "../base/limits.ts";
import { ByteChunks } from "../bytes/byte_chunks.ts";
import type { Client } from "../commands/client_state.ts";
import type { CursorsSnapshot } from "../commands/cursors.ts";
import type { Rejection, Request } from "../protocol/requests.ts";
import type { Execute } from "./executor.ts";

/** A reply that shows a change which is not written yet. */
export interface PendingReply {
  readonly request: Request | Rejection;
  /** Position of the reply in the client's `out`. */
  readonly start: number;
  readonly end: number;
  /** The client's open cursors before a search. */
  readonly cursors: CursorsSnapshot | undefined;
}

/**
 * Executes requests again after their changes were rolled back, and replaces their replies. Other
 * replies of the client stay as they are.
 *
 * @param replies replies of these requests, in order
 * @param writeError the reason why changes fail now
 * @throws {RangeError} if there is no memory for the new replies
 */
export function executeAgain(
  execute: Execute,
  client: Client,
  out: ByteChunks,
  replies: readonly PendingReply[],
  writeError: string,
): void {
  const before = new ByteChunks();
  before.moveFrom(out);
  try {
    // Restores the cursors that were open before the first search. Each search opens its cursor again,
    // so the searches after it find that cursor.
    const cursors = replies.find(({ cursors }) => cursors)?.cursors;
    if (cursors) client.cursors.restore(cursors);
    let copied = 0;
    for (const { request, start, end } of replies) {
      out.addFrom(before, copied, start);
      // The new reply may be much longer: a lookup returns the value again whose removal was rolled back.
      const hasRoom = out.length <= before.length + MAX_REPLY_BUFFER_BYTES;
      execute(client, hasRoom ? request : rejectAgain(request, writeError), out, writeError);
      copied = end;
    }
    out.addFrom(before, copied);
  } finally {
    before.clear();
  }
}

/** Rejects a request whose new reply has no room. */
function rejectAgain({ id, method }: Request | Rejection, writeError: string): Rejection {
  const message =
    `Cannot answer this request together with changes that failed (${writeError}); ask again`;
  return { id, method, failure: { type: "StorageError", message } };
}
