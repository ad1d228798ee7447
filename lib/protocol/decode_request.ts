/**
 * The decoder of requests. It returns the request of a line, or the failure to reply with. It never throws
 * (I9).
 *
 * The most common lines are decoded here, in less than half the time of any others: `insert`, `lookup` and
 * `remove` without an id, white space or escapes in the key, members in the usual order.
 */
import type { LineProblem } from "../bytes/line_framer.ts";
import { areEqual, spanOf } from "../bytes/span.ts";
import { skipValue } from "../json/scan.ts";
import { decodeAnyRequest } from "./any_request.ts";
import type { Failure } from "./message.ts";
import type { Rejection, Request } from "./requests.ts";

const LOOKUP = bytesOf('{"method":"lookup","key":"');
const INSERT = bytesOf('{"method":"insert","key":"');
const REMOVE = bytesOf('{"method":"remove","key":"');
const BEFORE_VALUE = bytesOf('","value":');

/** Longest line that is tried: a longer one with another form would be read twice. */
const MAX_COMMON_BYTES = 4_096;

/** Offset of the method's name in the line. */
const NAME_OFFSET = '{"method":"'.length;

const SPACE = 32, QUOTE = 34, BACKSLASH = 92, CLOSE_OBJECT = 125;
const LOWER_I = 105, LOWER_L = 108, LOWER_R = 114;

/**
 * Decodes a line, which must be UTF-8.
 *
 * @param bytes hold the line from `start` to `end`, without its LF; the request's spans lie in there
 */
export function decodeRequest(bytes: Uint8Array, start: number, end: number): Request | Rejection {
  return decodeCommonRequest(bytes, start, end) ?? decodeAnyRequest(bytes, start, end);
}

/**
 * Decodes a line of a common form.
 *
 * @returns the same request as `decodeAnyRequest`; undefined: the line has another form
 */
function decodeCommonRequest(
  bytes: Uint8Array,
  start: number,
  end: number,
): Request | undefined {
  if (end - start > MAX_COMMON_BYTES) return undefined;
  const beginning = beginningFor(bytes[start + NAME_OFFSET] ?? 0);
  const keyStart = start + INSERT.length;
  if (beginning === undefined || bytes[end - 1] !== CLOSE_OBJECT) return undefined;
  if (!areEqual(bytes, start, keyStart, beginning, 0, INSERT.length)) return undefined;
  const keyEnd = skipPlainString(bytes, keyStart, end);
  if (keyEnd < 0) return undefined;
  const id = undefined, key = { bytes, start: keyStart, end: keyEnd };
  if (beginning !== INSERT) {
    if (keyEnd !== end - 2) return undefined;
    return beginning === LOOKUP ? { method: "lookup", id, key } : { method: "remove", id, key };
  }
  const valueStart = keyEnd + BEFORE_VALUE.length;
  if (!areEqual(bytes, keyEnd, valueStart, BEFORE_VALUE, 0, BEFORE_VALUE.length)) return undefined;
  if (skipValue(bytes, valueStart, end) !== end - 1) return undefined;
  return { method: "insert", id, key, value: { bytes, start: valueStart, end: end - 1 } };
}

function beginningFor(firstOfName: number): Uint8Array | undefined {
  if (firstOfName === LOWER_L) return LOOKUP;
  if (firstOfName === LOWER_I) return INSERT;
  return firstOfName === LOWER_R ? REMOVE : undefined;
}

/** The end of a string without escapes; -1: the string has an escape, or is not valid. */
function skipPlainString(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH || byte < SPACE) return -1;
  }
  return -1;
}

function bytesOf(text: string): Uint8Array {
  return spanOf(text).bytes;
}

/** Whether a line is not a valid request. */
export function isRejection(decoded: Request | Rejection): decoded is Rejection {
  return "failure" in decoded;
}

/**
 * The rejection of a line that the framer could not deliver.
 *
 * @param maxLineBytes the framer's limit, for the message
 */
export function rejectLine(problem: LineProblem, maxLineBytes: number): Rejection {
  return { id: undefined, method: undefined, failure: failureFor(problem, maxLineBytes) };
}

function failureFor(problem: LineProblem, maxLineBytes: number): Failure {
  switch (problem) {
    case "too long":
      return {
        type: "TooLarge",
        message:
          `Cannot take the request: a line may have at most ${maxLineBytes} bytes (--max-request), and this one has more`,
      };
    case "no memory":
      return {
        type: "TooLarge",
        message:
          "Cannot take the request: the server has no memory for such a long line now; try again later",
      };
    case "not UTF-8":
      return {
        type: "RequestError",
        message: "Cannot read the request: it must be UTF-8, and this line has other bytes",
      };
  }
}
