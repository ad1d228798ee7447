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
const PAUSE_MS = { first: 250, largest: 4_000 } as const;

/**
 * The policies by method. A second insert sets the same value, but a second `remove` may not find its key.
 */
const POLICIES: Readonly<Record<RequestMembers["method"], RetryPolicy>> = {
  insert: "always",
  lookup: "always",
  remove: "if unsent",
  scan: "always",
  query: "always",
  size: "always",
  ping: "always",
  info: "always",
  hello: "always",
};

/** Selects the policy of a request. Plain JavaScript may send a method that is not in the table. */
export function retryPolicy(request: RequestMembers): RetryPolicy {
  // A cursor ends with its connection.
  if ("cursor" in request && request.cursor !== undefined) return "never";
  return Object.hasOwn(POLICIES, request.method) ? POLICIES[request.method] : "if unsent";
}

/** Computes the pause after a failed attempt, in milliseconds. */
export function pauseAfter(failedAttempts: number): number {
  return pauseAfterFailures(PAUSE_MS, failedAttempts);
}
