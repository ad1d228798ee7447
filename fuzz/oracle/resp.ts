/** The replies in a complete stream of RESP2. Shares no code with the tested code. */

/** A reply, as JSON can hold it: strings begin with `$`, errors with `-`, and an untaken string is its length. */
export type Reply = string | number | null | { untaken: number } | Reply[];

/** The bounds; see `RespLimits`. */
interface Limits {
  readonly stringBytes: number;
  readonly lineBytes: number;
  readonly elements: number;
  readonly depth: number;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A stream that is wrong from some byte on, or incomplete. */
class Wrong extends Error {}
class Incomplete extends Error {}

/**
 * Reads a whole stream.
 *
 * @param commands the number of commands that wait for a reply
 * @param takes whether the receiver takes a string of this length
 * @returns the complete replies, and whether what follows is wrong (else it is incomplete, or nothing)
 */
export function repliesOf(
  stream: Uint8Array,
  commands: number,
  limits: Limits,
  takes: (bytes: number) => boolean,
): { replies: Reply[]; isWrong: boolean } {
  // One character for each byte.
  const text = Array.from(stream, (byte) => String.fromCharCode(byte)).join("");
  const replies: Reply[] = [];
  let at = 0;
  try {
    while (at < text.length) {
      if (replies.length === commands) throw new Wrong();
      const [reply, next] = replyAt(text, at, 0, limits, takes);
      replies.push(reply);
      at = next;
    }
    return { replies, isWrong: false };
  } catch (error) {
    if (error instanceof Wrong) return { replies, isWrong: true };
    if (error instanceof Incomplete) return { replies, isWrong: false };
    throw error;
  }
}

/** @returns the reply, and the position after it */
function replyAt(
  text: string,
  at: number,
  depth: number,
  limits: Limits,
  takes: (bytes: number) => boolean,
): [Reply, number] {
  const type = text[at] ?? "";
  if (type === "") throw new Incomplete();
  if (type === "+" || type === "-") return simpleAt(text, at, limits, takes);
  if (!":$*".includes(type)) throw new Wrong();
  const rest = text.slice(at + 1);
  const head = /^([+-]?\d{1,16})\r\n/.exec(rest);
  if (head === null) throw /^[+-]?(\d{1,16}\r?)?$/.test(rest) ? new Incomplete() : new Wrong();
  const value = Number(head[1]) + 0;
  let next = at + 1 + head[0].length;
  if (type === ":") {
    if (!Number.isSafeInteger(value)) throw new Wrong();
    return [value, next];
  }
  if (value === -1) return [null, next];
  if (head[1]?.startsWith("-")) throw new Wrong();
  if (type === "*") {
    if (value > limits.elements || (value > 0 && depth === limits.depth)) throw new Wrong();
    const elements: Reply[] = [];
    while (elements.length < value) {
      const [element, after] = replyAt(text, next, depth + 1, limits, takes);
      elements.push(element);
      next = after;
    }
    return [elements, next];
  }
  if (value > limits.stringBytes) throw new Wrong();
  const end = text.slice(next + value, next + value + 2);
  if (next + value > text.length) throw new Incomplete();
  if (!"\r\n".startsWith(end)) throw new Wrong();
  if (end.length < 2) throw new Incomplete();
  const string = text.slice(next, next + value);
  return [takes(value) ? `$${string}` : { untaken: value }, next + value + 2];
}

function simpleAt(
  text: string,
  at: number,
  { lineBytes }: Limits,
  takes: (bytes: number) => boolean,
): [Reply, number] {
  const [line = "", end = ""] = /^[^\r\n]*([^]{0,2})/.exec(text.slice(at + 1)) ?? [];
  const content = line.slice(0, line.length - end.length);
  if (content.length > lineBytes) throw new Wrong();
  if (!"\r\n".startsWith(end)) throw new Wrong();
  if (end.length < 2) throw new Incomplete();
  const next = at + 1 + line.length;
  if (text[at] === "-") {
    const bytes = Uint8Array.from(content, (character) => character.charCodeAt(0));
    return [`-${decoder.decode(bytes)}`, next];
  }
  return [takes(content.length) ? `$${content}` : { untaken: content.length }, next];
}
