/** What may be sent again after a connection broke, and how long to wait before looking again. */
import type { RequestMembers } from "../protocol/encode_request.ts";
import { ConnectionLostError } from "./errors.ts";

/** Pauses between attempts to find a server, in milliseconds: they double up to the largest. */
export const PAUSE_MS = { first: 250, largest: 4_000 } as const;

/**
 * Whether a request may be sent again.
 *
 * What was never sent may. What may have been executed is sent again only where twice is like once:
 * reads, and inserts, which are absolute. A `remove` might not find its key any more, and a cursor
 * ends with its connection.
 */
export function mayRepeat(error: unknown, request: RequestMembers): boolean {
  if (!(error instanceof ConnectionLostError) || error.isNoServer) return false;
  if ("cursor" in request && request.cursor !== undefined) return false;
  return !error.maybeExecuted || request.method !== "remove";
}

/** The pause after a failed attempt, in milliseconds. */
export function pauseAfter(failedAttempts: number): number {
  return Math.min(PAUSE_MS.first * 2 ** (failedAttempts - 1), PAUSE_MS.largest);
}
