/** The request decoder: its request or rejection of any line agrees with JSON.parse. */
import { textOf } from "../../lib/bytes/span.ts";
import { decodeRequest, isRejection } from "../../lib/protocol/decode_request.ts";
import type { Rejection, Request } from "../../lib/protocol/requests.ts";
import { requestBytes } from "../make/requests.ts";
import { utf8Text } from "../oracle/json_text.ts";
import { readRequest, textMember, type ValidRequest, value } from "../oracle/request.ts";
import { mutate } from "../make/mutate.ts";
import { oneIn, type Random } from "../source.ts";
import type { PartTarget } from "../target.ts";

/** The longest message of a rejection, in characters. */
const MAX_MESSAGE_CHARS = 700;

/** Bytes after the line in its buffer. They must not change the result. */
const AROUND = new TextEncoder().encode('}]"0,1\n{"id":1}\n');

/** @param decode the decoder (default: that of the server) */
export function decodeTarget(decode: typeof decodeRequest = decodeRequest): PartTarget {
  return {
    name: "decode",
    input: "request line",
    share: 34,
    make: (random) => {
      const bytes = requestBytes(random);
      const line = bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes;
      return oneIn(random, 4) ? mutate(line, random) : line;
    },
    check(input, random: Random) {
      if (utf8Text(input) === undefined) return undefined; // The framer rejects it.
      const before = random.below(8);
      const buffer = new Uint8Array(before + input.length + AROUND.length);
      buffer.fill(0x22, 0, before);
      buffer.set(input, before);
      buffer.set(AROUND, before + input.length);
      return differs(decode(buffer, before, before + input.length), readRequest(input));
    },
  };
}

function differs(
  decoded: Request | Rejection,
  wanted: ReturnType<typeof readRequest>,
): string | undefined {
  const id = decoded.id === undefined ? undefined : textOf(decoded.id);
  if (id !== wanted.id) return `the id is ${id}, not ${wanted.id}`;
  if (isRejection(decoded)) {
    const { type, message } = decoded.failure;
    if (type !== wanted.type) return `it is refused with ${type}, not ${wanted.type}: ${message}`;
    const isSentence = /^[A-Z][^\r\n]*[^.\r\n]$/.test(message) &&
      message.length <= MAX_MESSAGE_CHARS;
    return isSentence ? undefined : `the message is no short sentence: ${message.slice(0, 800)}`;
  }
  if (wanted.type !== "OK") return `it is taken, and should be refused with ${wanted.type}`;
  return differentMember(decoded, wanted);
}

function differentMember(decoded: Request, { method, members }: ValidRequest): string | undefined {
  if (decoded.method !== method) return `the method is ${decoded.method}, not ${method}`;
  const same = (name: string, actual: unknown, wanted: unknown) =>
    actual === wanted ? undefined : `member '${name}' is ${actual}, not ${wanted}`;
  const optional = (name: string, actual: unknown) => same(name, actual, value(members, name));
  // Integers beyond the exact ones are read as the largest exact one.
  const limit = (actual: number | undefined) => {
    const wanted = value(members, "limit");
    return same("limit", actual, wanted && Math.min(Number(wanted), Number.MAX_SAFE_INTEGER));
  };
  switch (decoded.method) {
    case "insert":
    case "lookup":
    case "remove": {
      const canonical = JSON.stringify(textMember(members, "key")).slice(1, -1);
      const problem = same("key", textOf(decoded.key), canonical);
      if (problem !== undefined || decoded.method !== "insert") return problem;
      return same("value", textOf(decoded.value), members.get("value"));
    }
    case "scan":
      return optional("regex", decoded.regex) ?? limit(decoded.limit) ??
        optional("cursor", decoded.cursor);
    case "query":
      return optional("subkey", decoded.subkey) ??
        same("subvalue", decoded.subvalue, members.get("subvalue")) ??
        limit(decoded.limit) ?? optional("cursor", decoded.cursor);
    case "hello":
      return optional("project", decoded.project) ?? optional("token", decoded.token) ??
        optional("agent", decoded.agent);
    default:
      return undefined;
  }
}
