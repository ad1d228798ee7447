/** The state of a connected client that commands read and change, and the failure that ends a client. */
import type { Failure, FailureType } from "../protocol/message.ts";
import type { Cursors } from "./cursors.ts";

/** A failure after which the connection is closed. */
export interface ClosingFailure extends Failure {
  readonly closes: true;
}

/** The state of a connection that commands read and change. */
export interface Client {
  /** Assigned in the order of connecting, from 1. */
  readonly number: number;
  readonly cursors: Cursors;
  /** Whether the client may use every method: it has sent the token, or the server needs none. */
  isAuthenticated: boolean;
  /**
   * The reason to close the connection after the replies so far: the type of the failure that was the
   * last one, or that the outcome of the next request is unknown, so that it has no reply; undefined: none.
   */
  closedBy: FailureType | "unknown outcome" | undefined;
  /** The agent that `Agents` counts it by; undefined: none. */
  agent: string | undefined;
}
