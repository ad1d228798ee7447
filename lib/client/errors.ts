/**
 * The errors of the client library. Those that a server answered carry its sentence; the others
 * say what became of the request.
 */
import { plainLine } from "../base/quote.ts";
import type { Failure, FailureType } from "../protocol/message.ts";

/** Any failure of a request or of reaching the server; `code` tells which. */
export class HtError extends Error {
  override name = "HtError";
  readonly code:
    | FailureType
    | "ServerNotFound"
    | "DifferentTable"
    | "ConnectionLost"
    | "Timeout"
    | "TlsError";

  constructor(code: HtError["code"], message: string) {
    // It may have a server's words in it, which must not look like lines of this program.
    super(plainLine(message));
    this.code = code;
    this.name = new.target.name;
  }
}

/** The server answered `ERROR`: it is alive, and the table did not change. */
export class ReplyError extends HtError {
  override readonly code: FailureType;

  constructor({ type, message }: Failure) {
    super(type, message);
    this.code = type;
  }
}

/** There is no such key. */
export class KeyError extends ReplyError {}
/** The line was no request. */
export class RequestError extends ReplyError {}
/** The server has no such method. */
export class MethodError extends ReplyError {}
/** A member is missing, has the wrong type, or its regex is not valid. */
export class ValueError extends ReplyError {}
/** The request or its reply is over the server's limit. */
export class TooLargeError extends ReplyError {}
/** The table is at its memory limit. */
export class TableFullError extends ReplyError {}
/** The change could not be made durable. */
export class StorageError extends ReplyError {}
/** The server has another name. */
export class WrongServerError extends ReplyError {}
/** The server needs a token, or another one. */
export class AuthError extends ReplyError {}
/** The server has as many clients as it takes. */
export class BusyError extends ReplyError {}

/** No live server of that name was found, or the address does not answer. */
export class ServerNotFoundError extends HtError {
  /** Whether a server may have executed the request before it was gone: true only for a request. */
  readonly maybeExecuted: boolean;

  constructor(message: string, maybeExecuted: boolean = false) {
    super("ServerNotFound", message);
    this.maybeExecuted = maybeExecuted;
  }
}

/**
 * The server that was found when the connection broke has another table than the one that this client
 * works with, or an older state of it. Nothing was sent to it.
 */
export class DifferentTableError extends HtError {
  /** Whether the server before may have executed the request. */
  readonly maybeExecuted: boolean;

  constructor(message: string, maybeExecuted: boolean = false) {
    super("DifferentTable", message);
    this.maybeExecuted = maybeExecuted;
  }
}

/** Client and server do not agree on TLS, or the server's certificate is not one to trust. */
export class TlsError extends HtError {
  constructor(message: string) {
    super("TlsError", message);
  }
}

/** The connection broke. */
export class ConnectionLostError extends HtError {
  /** Whether the server may have executed the request: false only where it was never sent. */
  readonly maybeExecuted: boolean;

  /** Whether the peer said something that is not of this protocol: asking again does not help. */
  readonly isNoServer: boolean;

  /** Whether the server counts as gone: the next request would end as this one did. */
  readonly isServerGone: boolean;

  /**
   * @param maybeExecuted see above
   * @param state of the server: unknown after one broken connection (the default), gone if it was
   *   silent for a whole limit or broke off each time, or none if it speaks another protocol
   */
  constructor(
    message: string,
    maybeExecuted: boolean,
    state: "unknown" | "gone" | "no server" = "unknown",
  ) {
    super("ConnectionLost", message);
    this.maybeExecuted = maybeExecuted;
    this.isNoServer = state === "no server";
    this.isServerGone = state !== "unknown";
  }
}

/**
 * No reply came within the call's limit, but other replies did, or the connection was made only a
 * part of the limit ago: the server is there, and slow. The reply is dropped if it still comes.
 */
export class TimeoutError extends HtError {
  /** Whether the server may have executed the request, or may still do so. */
  readonly maybeExecuted: boolean;

  constructor(message: string, maybeExecuted: boolean) {
    super("Timeout", message);
    this.maybeExecuted = maybeExecuted;
  }
}

/**
 * Whether the server is gone or refuses everything, so that the next call would end as this one did,
 * perhaps after as long a wait: a loop over single calls stops then.
 *
 * @param error that a call failed with
 */
export function isServerGone(error: unknown): boolean {
  return error instanceof ServerNotFoundError || error instanceof AuthError ||
    error instanceof WrongServerError || error instanceof TlsError ||
    error instanceof DifferentTableError ||
    (error instanceof ConnectionLostError && error.isServerGone);
}

const CLASSES: Readonly<Record<FailureType, new (failure: Failure) => ReplyError>> = {
  KeyError,
  RequestError,
  MethodError,
  ValueError,
  TooLarge: TooLargeError,
  TableFull: TableFullError,
  StorageError,
  WrongServer: WrongServerError,
  AuthError,
  Busy: BusyError,
};

/** The error for an `ERROR` reply; of a type that this version does not know, a `ReplyError`. */
export function errorFrom(failure: Failure): ReplyError {
  const known = Object.hasOwn(CLASSES, failure.type) ? CLASSES[failure.type] : ReplyError;
  return new known({ ...failure, type: plainLine(failure.type) as FailureType });
}
