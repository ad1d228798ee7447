/** Decodes the bytes of one line into a request, or into the failure to reply with. Never throws (I9). */
import { quoted } from "../base/quote.ts";
import type { Span } from "../bytes/span.ts";
import { stringAt } from "../json/scan.ts";
import { decodeCommonRequest } from "./common_request.ts";
import { DecodeError } from "./decode_error.ts";
import type { LineProblem } from "../bytes/line_framer.ts";
import { MemberReader } from "./member_reader.ts";
import type { Failure } from "./message.ts";
import { NameIndex } from "./name_index.ts";
import { type Method, METHODS, type Rejection, type Request, REQUEST_READERS } from "./requests.ts";

const METHOD_NAMES = new NameIndex(METHODS);

/** One for all lines: they are decoded one at a time. */
const members = new MemberReader();

/**
 * Decodes a line, which must be UTF-8.
 *
 * @param bytes hold the line from `start` to `end`, without its LF; the request's spans lie in there
 */
export function decodeRequest(bytes: Uint8Array, start: number, end: number): Request | Rejection {
  return decodeCommonRequest(bytes, start, end) ?? decodeAnyRequest(bytes, start, end);
}

/** Decodes a line of any form. */
export function decodeAnyRequest(
  bytes: Uint8Array,
  start: number,
  end: number,
): Request | Rejection {
  let id: Span | undefined;
  let method: Method | undefined;
  try {
    members.scan(bytes, start, end);
    id = members.id();
    const number = readMethod();
    method = METHODS[number];
    const read = REQUEST_READERS[number];
    if (method === undefined || read === undefined) throw new RangeError(`no method ${number}`);
    members.method = method;
    return read(members, id);
  } catch (error) {
    if (error instanceof DecodeError) return { id, method, failure: error.failure };
    throw error;
  } finally {
    members.release();
  }
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

/** Reads the request's method, as its number in `METHODS`. */
function readMethod(): number {
  const { bytes, start, end } = members.methodLiteral();
  const number = METHOD_NAMES.find(bytes, start, end);
  if (number >= 0) return number;
  throw new DecodeError(
    "MethodError",
    `There is no method ${quoted(stringAt(bytes, start, end))}; there are ${METHODS.join(", ")}`,
  );
}
