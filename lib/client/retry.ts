/** Which requests may be sent again after a connection broke, and the pauses between attempts. */
import { pauseAfterFailures } from "../base/clock.ts";
import type { RequestMembers } from "../protocol/encode_request.ts";

/** When a request may be sent again. */
export type RetryPolicy =
  /** Always: two executions have the effect of one. */
  | "always"
  /** If it was not sent: a second execution could have another effect. */
  | "if unsent"
  /** Never: it refers to a state of its connection. */
  | "never";

/** Pauses between attempts to find a server, in milliseconds: they double up to the largest. */
export const PAUSE_MS = { first: 250, largest: 4_000 } as const;

/**
 * When a request may be sent again after its connection broke. Reads and inserts always may: an
 * insert is absolute. A second `remove` may not find its key, and a cursor ends with its connection.
 */
export function retryPolicy(request: RequestMembers): RetryPolicy {
  if ("cursor" in request && request.cursor !== undefined) return "never";
  return request.method === "remove" ? "if unsent" : "always";
}

/** The pause after a failed attempt, in milliseconds. */
export function pauseAfter(failedAttempts: number): number {
  return pauseAfterFailures(PAUSE_MS, failedAttempts);
}
