/**
 * The encoder of replies. `result` is always the last member with only `}` behind it, so that a client can
 * cut out its text without parsing it.
 */
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import { type Span, spanOf } from "../bytes/span.ts";
import type { Failure } from "./message.ts";

const encoder = new TextEncoder();
const OK = encoder.encode('{"status":"OK"');
const RESULT = encoder.encode(',"result":');
const OK_RESULT = encoder.encode('{"status":"OK","result":');
const OK_NULL = encoder.encode('{"status":"OK","result":null}\n');
const ERROR = encoder.encode('{"status":"ERROR"');
const ID = encoder.encode(',"id":');
const END = encoder.encode("}\n");

/** Size of a success without its id, cursor and result, in bytes. */
export const FRAME_BYTES = OK_RESULT.length + END.length;

/** Size of an id without its own text, in bytes. */
export const ID_FRAME_BYTES = ID.length;

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
 * Encodes the reply of one request after the other. A command takes it as its `ReplyWriter`, so that a
 * result goes from the command straight to the client's replies.
 */
export class ReplyEncoder {
  /** Maximum size of a result, in bytes. */
  room = 0;
  #out: ByteChunks | undefined;
  #id: Span | undefined;

  /** Begins the reply to a request with this id. */
  begin(out: ByteChunks, id: Span | undefined, room: number): void {
    this.#out = out;
    this.#id = id;
    this.room = room;
  }

  /** Adds the line of a success; see `addSuccess`. */
  succeed(result: Span | ByteChunks, cursor?: string): void {
    if (this.#out) addSuccess(this.#out, this.#id, result, cursor);
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
