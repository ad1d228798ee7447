/**
 * The request of a line by docs/PROTOCOL.md, read with JSON.parse. Shares no code with the tested code.
 */
import { membersOf, parsed, utf8Text } from "./json_text.ts";
import { linesOf } from "./lines.ts";

/** A line that is a request of the protocol. */
export interface ValidRequest {
  readonly type: "OK";
  /** As written. */
  readonly id: string | undefined;
  readonly method: string;
  /** Its members as written. The last of equal names counts. */
  readonly members: ReadonlyMap<string, string>;
}

/** A line that is not a request. */
export interface InvalidRequest {
  readonly type: "RequestError" | "MethodError" | "ValueError";
  readonly id: string | undefined;
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  insert: ["key", "value"],
  lookup: ["key"],
  remove: ["key"],
  scan: ["regex", "limit?", "cursor?"],
  query: ["subkey", "subvalue", "limit?", "cursor?"],
  size: [],
  ping: [],
  info: [],
  hello: ["project?", "token?", "agent?"],
};

/** Whether a member has its required type. */
const TYPES: Readonly<Record<string, (value: unknown, text: string) => boolean>> = {
  value: () => true,
  subvalue: (value) => typeof value !== "object" || value === null,
  agent: (value) => typeof value === "string" && [...value].length <= 64,
  limit: (value, text) => typeof value === "number" && isPositiveInteger(text),
};

/** Whether a number is whole and at least 1: with the exponent applied, it has only zeros after its point. */
function isPositiveInteger(text: string): boolean {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  if (mantissa.startsWith("-") || !/[1-9]/.test(mantissa)) return false;
  const zeros = (whole + fraction).length - (whole + fraction).replace(/0+$/, "").length;
  return BigInt(exponent) + BigInt(zeros) >= BigInt(fraction.length);
}

/** The bytes that the first line of a connection can begin with. */
const MAY_COME_FIRST = new Set("{ \t\r\n");

/** Reads the request of a line. */
export function readRequest(line: Uint8Array): ValidRequest | InvalidRequest {
  const text = utf8Text(line);
  const whole = text === undefined ? undefined : parsed(text)?.value;
  if (text === undefined || typeof whole !== "object" || whole === null || Array.isArray(whole)) {
    return { type: "RequestError", id: undefined };
  }
  const members = new Map(membersOf(text));
  const id = members.get("id");
  const method = value(members, "method");
  if (typeof method !== "string") return { type: "RequestError", id };
  if (!Object.hasOwn(METHODS, method)) return { type: "MethodError", id };
  for (const rule of METHODS[method] ?? []) {
    const isOptional = rule.endsWith("?"), name = isOptional ? rule.slice(0, -1) : rule;
    if (!members.has(name)) {
      if (isOptional) continue;
      return { type: "ValueError", id };
    }
    const isRight = TYPES[name] ?? ((value) => typeof value === "string");
    if (!isRight(value(members, name), members.get(name) ?? "")) return { type: "ValueError", id };
  }
  return { type: "OK", id, method, members };
}

/** The value of a member; undefined if it is missing. */
export function value(members: ReadonlyMap<string, string>, name: string): unknown {
  const text = members.get(name);
  return text === undefined ? undefined : JSON.parse(text);
}

/** The characters of a string member. */
export function textMember(members: ReadonlyMap<string, string>, name: string): string {
  return String(value(members, name));
}

/**
 * The reply to the start of a connection's stream.
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
