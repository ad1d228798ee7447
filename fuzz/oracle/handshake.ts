/** The reply to the first line of a connection by docs/PROTOCOL.md. Shares no code with the tested code. */
import { linesOf } from "./lines.ts";
import { readRequest } from "./request.ts";

const MAY_COME_FIRST = new Set("{ \t\r\n");

/**
 * The reply to the start of a stream.
 *
 * @param maxLineBytes the longest line, in bytes without its end
 * @returns the type of the only error, after which the server closes; "ours" after a good first line;
 * undefined before the end of the first line
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
  if (line === "not UTF-8" || readRequest(line).type === "RequestError") return "RequestError";
  return "ours";
}
