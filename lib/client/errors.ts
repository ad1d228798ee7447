/**
 * The errors of the client library. The error of an `ERROR` reply has the server's sentence; the others
 * describe the state of the request.
 */
import { plainLine } from "../base/quote.ts";
import type { Failure, FailureType } from "../protocol/message.ts";

/** The base class of all errors: a request failed, or the server could not be reached. */
export class HtError extends Error {
  /** The name of the class. */
  override name = "HtError";
  /** The kind of the failure, for programs: the server's `type`, or the library's own. */
  readonly code:
    | FailureType
    | "ServerNotFound"
    | "DifferentTable"
    | "ConnectionLost"
    | "Timeout"
    | "TlsError";
  /** Whether a server may have executed the request, although no reply came. */
  readonly maybeExecuted: boolean;

  /**
   * Makes the error.
   *
   * @param code the kind of the failure
   * @param message a sentence for people; control characters are escaped
   * @param maybeExecuted whether a server may have executed the request (default: false)
   */
  constructor(code: HtError["code"], message: string, maybeExecuted: boolean = false) {
    // The message may quote the server, whose text must not look like lines of this program.
    super(plainLine(message));
    this.code = code;
    this.maybeExecuted = maybeExecuted;
    this.name = new.target.name;
  }
}

/** The server replied with `ERROR`: it is alive, and the table did not change. */
export class ReplyError extends HtError {
  /** The `type` of the reply. */
  override readonly code: FailureType;

  /**
   * Makes the error.
   *
   * @param failure the reply
   */
  constructor({ type, message }: Failure) {
    super(type, message);
    this.code = type;
  }
}

/** The table has no such key. */
export class KeyError extends ReplyError {}
/** The line is not a request. */
export class RequestError extends ReplyError {}
/** The server has no such method. */
export class MethodError extends ReplyError {}
/** A member of the request is missing, has the wrong type, or is not a valid regex. */
export class ValueError extends ReplyError {}
/** The request or its reply is larger than the server's limit. */
export class TooLargeError extends ReplyError {}
/** The table is at its memory limit. */
export class TableFullError extends ReplyError {}
/** The server could not make the change durable. */
export class StorageError extends ReplyError {}
/** The server has another name. */
export class WrongServerError extends ReplyError {}
/** The server needs a token, or another token. */
export class AuthError extends ReplyError {}
/** The server has its maximum of clients. */
export class BusyError extends ReplyError {}

/** No live server has the name, or nothing answers at the address. */
export class ServerNotFoundError extends HtError {
  /**
   * Makes the error.
   *
   * @param message a sentence for people
   * @param maybeExecuted whether a server may have executed the request before it was lost
   *   (default: false)
   */
  constructor(message: string, maybeExecuted: boolean = false) {
    super("ServerNotFound", message, maybeExecuted);
  }
}

/**
 * After the connection broke, the server of that name or address has another table than the one in
 * use, or an older state of it. Nothing was sent to that server.
 */
export class DifferentTableError extends HtError {
  /**
   * Makes the error.
   *
   * @param message a sentence for people
   * @param maybeExecuted whether the previous server may have executed the request (default: false)
   */
  constructor(message: string, maybeExecuted: boolean = false) {
    super("DifferentTable", message, maybeExecuted);
  }
}

/** Only one side uses TLS, or the server's certificate is not trusted. */
export class TlsError extends HtError {
  /**
   * Makes the error.
   *
   * @param message a sentence for people
   */
  constructor(message: string) {
    super("TlsError", message);
  }
}

/** The connection broke. */
export class ConnectionLostError extends HtError {
  /** Whether the peer speaks another protocol: another attempt does not help. */
  readonly isNoServer: boolean;

  /** Whether the server counts as lost: the next request would fail in the same way. */
  readonly isServerGone: boolean;

  /**
   * Makes the error.
   *
   * @param message a sentence for people
   * @param maybeExecuted whether the request was sent
   * @param state of the server: "unknown" after one broken connection (the default), "gone" if it was
   *   silent for a whole limit or every connection broke, "no server" if it speaks another protocol
   */
  constructor(
    message: string,
    maybeExecuted: boolean,
    state: "unknown" | "gone" | "no server" = "unknown",
  ) {
    super("ConnectionLost", message, maybeExecuted);
    this.isNoServer = state === "no server";
    this.isServerGone = state !== "unknown";
  }
}

/**
 * No reply came within the call's limit, but the server is not lost: it replied to other calls, or the
 * connection is younger than the limit. A later reply is dropped.
 */
export class TimeoutError extends HtError {
  /**
   * Makes the error.
   *
   * @param message a sentence for people
   * @param maybeExecuted whether the request was sent: the server may also execute it later
   */
  constructor(message: string, maybeExecuted: boolean) {
    super("Timeout", message, maybeExecuted);
  }
}

/**
 * Whether the server is lost or rejects all calls, so that the next call would fail in the same way,
 * perhaps after the same wait. A loop over single calls should stop after such an error.
 *
 * @param error the error of a call
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

/** Makes the error of an `ERROR` reply: a plain `ReplyError` if this version does not know its type. */
export function errorFrom(failure: Failure): ReplyError {
  const known = Object.hasOwn(CLASSES, failure.type) ? CLASSES[failure.type] : ReplyError;
  return new known({ ...failure, type: plainLine(failure.type) as FailureType });
}
