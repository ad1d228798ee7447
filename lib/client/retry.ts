/** What may be sent again after a connection broke, and how long to wait before looking again. */
import { pauseAfterFailures } from "../base/clock.ts";
import type { RequestMembers } from "../protocol/encode_request.ts";
import type { Repeat } from "./request_queue.ts";

/** Pauses between attempts to find a server, in milliseconds: they double up to the largest. */
export const PAUSE_MS = { first: 250, largest: 4_000 } as const;

/**
 * Whether a request may be sent again after its connection broke.
 *
 * What may have been executed is sent again only where twice is like once: reads, and inserts, which
 * are absolute. A `remove` might not find its key any more, and a cursor ends with its connection.
 */
export function repeatOf(request: RequestMembers): Repeat {
  if ("cursor" in request && request.cursor !== undefined) return "here";
  return request.method === "remove" ? "once" : "again";
}

/** The pause after a failed attempt, in milliseconds. */
export function pauseAfter(failedAttempts: number): number {
  return pauseAfterFailures(PAUSE_MS, failedAttempts);
}
