/** The decoding of lines for tests, with texts instead of spans, and a check of messages. */
import assert from "assert";
import { textOf } from "../../lib/bytes/span.ts";
import { decodeRequest } from "../../lib/protocol/decode_request.ts";
import { joined, utf8 } from "../helpers/streams.ts";
import type { Rejection, Request } from "../../lib/protocol/requests.ts";

/** A request or rejection; a key as its characters. */
export interface DecodedTexts {
  readonly id?: string | undefined;
  readonly [member: string]: unknown;
}

/** Replaces spans by texts. */
export function decodedTexts(decoded: Request | Rejection): DecodedTexts {
  return Object.fromEntries(
    Object.entries(decoded).map(([name, value]) => {
      if (typeof value !== "object" || !("bytes" in value)) return [name, value];
      return [name, name === "key" ? JSON.parse(`"${textOf(value)}"`) : textOf(value)];
    }),
  );
}

/** A line in the middle of other bytes, which would change its meaning. */
export function amongOthers(line: string): [Uint8Array, number, number] {
  const before = utf8('{"method":"size"}\n'), bytes = utf8(line);
  const behind = utf8('}]"0,1\n{"id":1}\n');
  return [joined([before, bytes, behind]), before.length, before.length + bytes.length];
}

/** Decodes a line in the middle of other bytes. */
export function decode(line: string): Request | Rejection {
  return decodeRequest(...amongOthers(line));
}

/** Longest message that any line may cause, in characters. */
const MAX_MESSAGE_CHARS = 700;

/** Checks that a message is one bounded sentence. */
export function assertSentence(message: string): void {
  assert.match(message, /^[A-Z][^\r\n]*[^.\r\n]$/);
  assert.ok(message.length <= MAX_MESSAGE_CHARS, `${message.length} characters`);
}
