/** The retry policy: the requests that may be sent again after a connection broke, and the pauses. */
import { pauseAfterFailures } from "../base/clock.ts";
import type { RequestMembers } from "../protocol/encode_request.ts";

/** The condition to send a request again. */
export type RetryPolicy =
  /** Always: two executions have the effect of one. */
  | "always"
  /** If it was not sent: a second execution could have another effect. */
  | "if unsent"
  /** Never: it refers to a state of its connection. */
  | "never";

/** Pauses between attempts to find a server, in milliseconds: each is twice the last, up to a bound. */
export const PAUSE_MS = { first: 250, largest: 4_000 } as const;

/**
 * Selects the policy of a request. Reads and inserts are always safe to retry: a second insert sets the
 * same value. A second `remove` may not find its key, and a cursor ends with its connection.
 */
export function retryPolicy(request: RequestMembers): RetryPolicy {
  if ("cursor" in request && request.cursor !== undefined) return "never";
  return request.method === "remove" ? "if unsent" : "always";
}

/** Computes the pause after a failed attempt, in milliseconds. */
export function pauseAfter(failedAttempts: number): number {
  return pauseAfterFailures(PAUSE_MS, failedAttempts);
}
