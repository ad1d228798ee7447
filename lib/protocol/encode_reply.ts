/**
 * The encoder of replies. `result` is always the last member with only `}` behind it, so that a client can
 * cut out its text without parsing it.
 */
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import { type Span, spanOf } from "../bytes/span.ts";
import type { Failure, FailureType } from "./message.ts";
import type { Request } from "./requests.ts";

const encoder = new TextEncoder();
const OK = encoder.encode('{"status":"OK"');
const RESULT = encoder.encode(',"result":');
const OK_RESULT = encoder.encode('{"status":"OK","result":');
const OK_NULL = encoder.encode('{"status":"OK","result":null}\n');
const ERROR = encoder.encode('{"status":"ERROR"');
const ID = encoder.encode(',"id":');
const END = encoder.encode("}\n");

/** Size of a success without its id, cursor and result, in bytes. */
const FRAME_BYTES = OK_RESULT.length + END.length;

/** Maximum size of a cursor in a reply, in bytes. */
const CURSOR_BYTES = ',"cursor":"c"'.length + String(Number.MAX_SAFE_INTEGER).length;

/** Minimum room for a result, in bytes: the size of an insert's result. */
const MIN_ROOM_BYTES = "null".length;

/** The result of a method without a result, as JSON text. */
export const NULL_RESULT: Span = spanOf("null");

/**
 * Adds the line of a success, with its LF.
 *
 * @param id the request's id, if it has one
 * @param result JSON text; chunks are moved, and empty afterwards
 * @param cursor of a scan or query with more pairs
 */
export function addSuccess(
  out: ByteChunks,
  id: Span | undefined,
  result: Span | ByteChunks,
  cursor?: string,
): void {
  if (id === undefined && cursor === undefined) {
    if (result === NULL_RESULT) return out.add(OK_NULL);
    out.add(OK_RESULT);
  } else {
    out.add(OK);
    addId(out, id);
    if (cursor !== undefined) out.addText(`,"cursor":${JSON.stringify(cursor)}`);
    out.add(RESULT);
  }
  if ("bytes" in result) out.add(result.bytes, result.start, result.end);
  else out.takeFrom(result);
  out.add(END);
}

/**
 * Encodes the reply of one request after the other, within a limit. A command takes it as its
 * `ReplyWriter`, so that a result goes from the command straight to the client's replies.
 */
export class ReplyEncoder {
  /** Maximum size of a result, in bytes. */
  room = 0;
  readonly #maxBytes: number;
  #out: ByteChunks | undefined;
  #id: Span | undefined;

  /** @param maxBytes maximum size of a reply line, in bytes */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Maximum size of the result of a request, in bytes; undefined: its id leaves no room. */
  roomFor(request: Request): number | undefined {
    const { id } = request;
    const idBytes = id === undefined ? 0 : ID.length + id.end - id.start;
    const cursorBytes = "limit" in request && request.limit !== undefined ? CURSOR_BYTES : 0;
    const room = this.#maxBytes - FRAME_BYTES - idBytes - cursorBytes;
    return room < MIN_ROOM_BYTES ? undefined : room;
  }

  /** Begins the reply to a request with this id. @param room of `roomFor` */
  begin(out: ByteChunks, id: Span | undefined, room: number): void {
    this.#out = out;
    this.#id = id;
    this.room = room;
  }

  /** Adds the line of a success; see `addSuccess`. */
  succeed(result: Span | ByteChunks, cursor?: string): void {
    if (this.#out) addSuccess(this.#out, this.#id, result, cursor);
  }

  /**
   * Adds the line of a failure. A `TooLarge` one gets the limit.
   *
   * @returns its type
   */
  fail(out: ByteChunks, id: Span | undefined, failure: Failure): FailureType {
    const start = out.length;
    addFailure(out, id, failure.type === "TooLarge" ? this.#withLimit(failure) : failure);
    // Every message is shorter than the smallest limit, but an id may be longer.
    return id !== undefined && out.length - start > this.#maxBytes
      ? this.failForId(out, start)
      : failure.type;
  }

  /** Adds the failure of a request whose id leaves no room. @param start where its reply begins */
  failForId(out: ByteChunks, start: number = out.length): FailureType {
    out.truncate(start);
    return this.fail(out, undefined, {
      type: "TooLarge",
      message: "Cannot answer: the id leaves no room for more",
    });
  }

  #withLimit({ type, message }: Failure): Failure {
    return {
      type,
      message: `${message}; a reply may have at most ${this.#maxBytes} bytes (--max-reply)`,
    };
  }
}

/** Adds the line of a failure, with its LF. */
export function addFailure(
  out: ByteChunks,
  id: Span | undefined,
  { type, message }: Failure,
): void {
  out.add(ERROR);
  addId(out, id);
  out.addText(`,"type":"${type}","message":${JSON.stringify(message)}}\n`);
}

/** The line of a failure without a request, with its LF, in a new buffer: it may be written later. */
export function failureLine({ type, message }: Failure): Uint8Array<ArrayBuffer> {
  return encoder.encode(
    `{"status":"ERROR","type":"${type}","message":${JSON.stringify(message)}}\n`,
  );
}

function addId(out: ByteChunks, id: Span | undefined): void {
  if (id === undefined) return;
  out.add(ID);
  out.add(id.bytes, id.start, id.end);
}
