/**
 * The decoder of replies. The result stays text, byte for byte: it is the last member of a success, with
 * only `}` behind it.
 */
import { skipWhite, stringAt, visitMembers } from "../json/scan.ts";
import { quoted } from "../base/quote.ts";
import { spanOf, textAt } from "../bytes/span.ts";
import type { Failure, FailureType, JsonText } from "./message.ts";

/** The reply to a request that succeeded. */
export interface SuccessReply {
  /** The result as JSON text, byte for byte. */
  readonly result: JsonText;
  /** The cursor for the request for the next part of a scan; absent after the last part. */
  readonly cursor?: string;
}

/** The beginning of a success without other members. */
const PLAIN_SUCCESS = '{"status":"OK","result":';

/** The error for a line that is no reply of this protocol: the peer is another kind of server. */
export class ReplyFormatError extends Error {
  override name = "ReplyFormatError";
}

/**
 * Decodes a reply.
 *
 * @param line without its LF
 * @throws {ReplyFormatError} if it is no reply
 */
export function decodeReply(line: string): SuccessReply | Failure {
  if (line.startsWith(PLAIN_SUCCESS) && line.endsWith("}")) {
    return { result: line.slice(PLAIN_SUCCESS.length, -1) };
  }
  const members = new Map<string, JsonText>();
  const { bytes, end: lineEnd } = spanOf(line);
  const start = skipWhite(bytes, 0, lineEnd);
  const end = visitMembers(bytes, start, lineEnd, (nameStart, nameEnd, valueStart, valueEnd) => {
    members.set(stringAt(bytes, nameStart, nameEnd), textAt(bytes, valueStart, valueEnd));
  });
  const status = stringMember(members, "status");
  const result = members.get("result");
  const isWhole = end >= 0 && skipWhite(bytes, end, lineEnd) === lineEnd;
  if (!isWhole || (status === "OK" && result === undefined)) throw noReply(line);
  if (status === "OK" && result !== undefined) {
    const cursor = stringMember(members, "cursor");
    return cursor === undefined ? { result } : { result, cursor };
  }
  const type = stringMember(members, "type");
  if (status !== "ERROR" || type === undefined) throw noReply(line);
  return { type: type as FailureType, message: stringMember(members, "message") ?? type };
}

/** Whether a reply is an `ERROR`. */
export function isFailure(reply: SuccessReply | Failure): reply is Failure {
  return "type" in reply;
}

function stringMember(members: ReadonlyMap<string, JsonText>, name: string): string | undefined {
  const text = members.get(name);
  return text?.startsWith('"') ? JSON.parse(text) : undefined;
}

function noReply(line: string): ReplyFormatError {
  return new ReplyFormatError(
    `The peer does not speak this protocol: a reply must be an object with 'status', not ${
      quoted(line)
    }`,
  );
}
