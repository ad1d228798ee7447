/**
 * The types of the parts of requests and replies. docs/PROTOCOL.md specifies the lines; `requests.ts` lists
 * the methods.
 */
import type { Span } from "../bytes/span.ts";

/** A JSON value as its text, exactly as it was sent (I8). */
export type JsonText = string;

/**
 * A key as its canonical JSON text without the quotes, in UTF-8: the output of `JSON.stringify`. Two keys
 * are equal if these bytes are equal, and replies and log records contain them unchanged.
 */
export type KeyText = Span;

/** The kind of a failure; the `type` of an `ERROR` reply. */
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

/** The part of a scan or query that a request asks for. */
export interface Part {
  /** Maximum number of pairs; undefined: all pairs, at one instant. */
  readonly limit: number | undefined;
  /** The cursor of the reply before; undefined: the part is the first one. */
  readonly cursor: string | undefined;
}
