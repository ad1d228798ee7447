/**
 * What clients and servers say to each other, as types. The lines themselves are read in
 * `decode_request.ts` and written in `encode_reply.ts`; docs/PROTOCOL.md specifies them.
 */
import type { Span } from "../bytes/span.ts";

/** A JSON value as its text, exactly as it was sent (I8). */
export type JsonText = string;

/**
 * A key as its canonical JSON text without the quotes, in UTF-8: what `JSON.stringify` makes of it.
 * Keys are equal exactly where these bytes are, and they go into replies and records as they are.
 */
export type KeyText = Span;

/** Every method there is. */
export const METHODS = [
  "insert",
  "lookup",
  "remove",
  "scan",
  "query",
  "size",
  "ping",
  "info",
  "hello",
] as const;

export type Method = (typeof METHODS)[number];

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

/** An `ERROR` reply: its type, and one sentence a person can act on. */
export interface Failure {
  readonly type: FailureType;
  readonly message: string;
}

/** How much of a scan or query one reply holds. */
export interface Part {
  /** At most this many pairs; without it, everything at one instant. */
  readonly limit: number | undefined;
  /** Where to go on: from the reply before. */
  readonly cursor: string | undefined;
}

/**
 * A request whose members have the right types. Its spans lie in the bytes it was read from, or in
 * bytes of its own.
 */
export type Request =
  & { readonly id: Span | undefined }
  & (
    | { readonly method: "insert"; readonly key: KeyText; readonly value: Span }
    | { readonly method: "lookup"; readonly key: KeyText }
    | { readonly method: "remove"; readonly key: KeyText }
    | ({ readonly method: "scan"; readonly regex: string } & Part)
    | ({ readonly method: "query"; readonly subkey: string; readonly subvalue: JsonText } & Part)
    | { readonly method: "size" }
    | { readonly method: "ping" }
    | { readonly method: "info" }
    | {
      readonly method: "hello";
      readonly project: string | undefined;
      readonly token: string | undefined;
      readonly agent: string | undefined;
    }
  );

/** The request of one method. */
export type RequestOf<M extends Method> = Extract<Request, { readonly method: M }>;

/** A line that is no good request: the reply it gets, with the id where one was found. */
export interface Rejection {
  readonly id: Span | undefined;
  /** The method that was meant, where it is known. */
  readonly method: Method | undefined;
  readonly failure: Failure;
}
