/** What a connection's first bytes decide, by docs/PROTOCOL.md. Shares no code with what is tested. */
import { linesOf } from "./lines.ts";
import { asked } from "./request.ts";

const MAY_COME_FIRST = new Set("{ \t\r\n");

/**
 * Why a stream is not of this protocol.
 *
 * @param maxLineBytes the longest line, in bytes without its end
 * @returns the type of the one reply, after which the connection closes; "ours" after a good first line;
 * undefined if nothing is decided yet
 */
export function firstReply(
  stream: Uint8Array,
  maxLineBytes: number,
): "ours" | "RequestError" | "TooLarge" | undefined {
  const first = stream.find((byte) => byte !== 10 && byte !== 13);
  if (first === undefined) return undefined;
  if (!MAY_COME_FIRST.has(String.fromCharCode(first))) return "RequestError";
  const [line] = linesOf(stream, maxLineBytes);
  if (line === undefined) return undefined;
  if (line === "too long") return "TooLarge";
  if (line === "not UTF-8" || asked(line).type === "RequestError") return "RequestError";
  return "ours";
}
