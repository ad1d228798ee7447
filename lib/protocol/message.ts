/**
 * What requests and replies consist of, as types. docs/PROTOCOL.md specifies the lines; `requests.ts`
 * lists the methods.
 */
import type { Span } from "../bytes/span.ts";

/** A JSON value as its text, exactly as it was sent (I8). */
export type JsonText = string;

/**
 * A key as its canonical JSON text without the quotes, in UTF-8: the output of `JSON.stringify`. Two keys
 * are equal if these bytes are equal, and replies and log records contain them unchanged.
 */
export type KeyText = Span;

/** Why a request failed; the `type` of an `ERROR` reply. */
export type FailureType =
  | "KeyError"
  | "RequestError"
  | "MethodError"
  | "ValueError"
  | "TooLarge"
  | "TableFull"
  | "StorageError"
  | "WrongServer"
  | "AuthError"
  | "Busy";

/** An `ERROR` reply: its type, and one sentence that a person can act on. */
export interface Failure {
  /** The kind of the failure. */
  readonly type: FailureType;
  /** A sentence for people. */
  readonly message: string;
}

/** Which part of a scan or query one reply holds. */
export interface Part {
  /** Most pairs; undefined: all pairs, at one instant. */
  readonly limit: number | undefined;
  /** The cursor of the reply before; undefined: the part is the first one. */
  readonly cursor: string | undefined;
}
