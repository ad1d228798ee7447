/** The decoder of lines of any form: it scans all members, and then reads those of the method. */
import { quoted } from "../base/quote.ts";
import type { Span } from "../bytes/span.ts";
import { stringAt } from "../json/scan.ts";
import { DecodeError } from "./decode_error.ts";
import { MemberReader } from "./member_reader.ts";
import { NameIndex } from "./name_index.ts";
import { type Method, METHODS, type Rejection, type Request, REQUEST_READERS } from "./requests.ts";

const METHOD_NAMES = new NameIndex(METHODS);

/** The reader for all lines, which are decoded one at a time. */
const members = new MemberReader();

/** Decodes a line, which must be UTF-8; see `decodeRequest`. Never throws (I9). */
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
