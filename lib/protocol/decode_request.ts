/**
 * Reads one line into a request, or into the reply that says why it is none. Never throws (I9).
 *
 * The line is scanned once; only the members that the method uses are looked at any closer.
 */
import { isLatin1, ownedString } from "../base/owned_string.ts";
import { skipWhite, stringAt, visitMembers } from "../base/json_scan.ts";
import { quoted } from "../base/quoted.ts";
import type { Line } from "./line_framer.ts";
import {
  type Failure,
  type FailureType,
  type JsonText,
  type Method,
  METHODS,
  type Part,
  type Refusal,
  type Request,
} from "./message.ts";

/** Members that some method uses. */
const MEMBERS = [
  "method",
  "id",
  "key",
  "value",
  "regex",
  "limit",
  "cursor",
  "subkey",
  "subvalue",
  "project",
  "token",
] as const;

type Member = (typeof MEMBERS)[number];

const MEMBER_NUMBERS = new Map<string, number>(MEMBERS.map((name, number) => [name, number]));

/** Thrown by the readers below and caught in `decodeRequest`. */
class Refused {
  readonly failure: Failure;

  constructor(type: FailureType, message: string) {
    this.failure = { type, message };
  }
}

/** Where the members stand in the line that is being decoded. One line is decoded at a time. */
class MembersFound {
  text = "";
  #isLatin1: boolean | undefined;
  readonly #starts = new Int32Array(MEMBERS.length);
  readonly #ends = new Int32Array(MEMBERS.length);

  /** Scans an object; of equal members the last one counts. */
  scan(text: string): void {
    this.text = text;
    this.#isLatin1 = undefined;
    this.#starts.fill(-1);
    const start = skipWhite(text, 0);
    if (text.charAt(start) !== "{") {
      throw new Refused(
        "RequestError",
        `Cannot read the request: it must be a JSON object on one line, not ${quoted(text)}`,
      );
    }
    let end = visitMembers(text, start, this.#note);
    if (end >= 0 && (end = skipWhite(text, end)) !== text.length) end = ~end;
    if (end < 0) {
      throw new Refused(
        "RequestError",
        `Cannot read the request: it is not valid JSON at character ${~end + 1}, ${
          near(text, ~end)
        }`,
      );
    }
  }

  /** Whether the line has no character beyond Latin-1. */
  get isLatin1(): boolean {
    return this.#isLatin1 ??= isLatin1(this.text);
  }

  /** The JSON text of a member, or undefined where it is missing. */
  textOf(member: Member): JsonText | undefined {
    const number = MEMBERS.indexOf(member);
    const start = this.#starts[number] ?? -1;
    return start < 0 ? undefined : this.text.slice(start, this.#ends[number]);
  }

  readonly #note = (nameStart: number, nameEnd: number, start: number, end: number) => {
    const number = MEMBER_NUMBERS.get(stringAt(this.text, nameStart, nameEnd));
    if (number === undefined) return;
    this.#starts[number] = start;
    this.#ends[number] = end;
  };
}

const found = new MembersFound();

const READERS: { readonly [M in Method]: (id: JsonText | undefined) => Request } = {
  insert: (id) => ({
    method: "insert",
    id,
    key: owned(requiredString("insert", "key")),
    value: owned(required("insert", "value", "any JSON value")),
  }),
  lookup: (id) => ({ method: "lookup", id, key: requiredString("lookup", "key") }),
  remove: (id) => ({ method: "remove", id, key: requiredString("remove", "key") }),
  scan: (id) => ({
    method: "scan",
    id,
    regex: owned(requiredString("scan", "regex")),
    ...part("scan"),
  }),
  query: (id) => ({
    method: "query",
    id,
    subkey: owned(requiredString("query", "subkey")),
    subvalue: owned(requiredAtom("query", "subvalue")),
    ...part("query"),
  }),
  size: (id) => ({ method: "size", id }),
  ping: (id) => ({ method: "ping", id }),
  info: (id) => ({ method: "info", id }),
  hello: (id) => ({
    method: "hello",
    id,
    project: optionalString("hello", "project"),
    token: optionalString("hello", "token"),
  }),
};

/**
 * Reads a line.
 *
 * @param line as the framer gave it
 * @param maxLineBytes the framer's limit, for the message of a line over it
 * @returns the request, or the refusal to answer with
 */
export function decodeRequest(line: Line, maxLineBytes: number): Request | Refusal {
  if (typeof line !== "string") return refusedLine(line.problem, maxLineBytes);
  let id: JsonText | undefined;
  let method: Method | undefined;
  try {
    found.scan(line);
    id = found.textOf("id");
    method = methodFound();
    return READERS[method](id);
  } catch (error) {
    if (error instanceof Refused) return { id, method, failure: error.failure };
    throw error;
  } finally {
    found.text = ""; // or the last line would stay in memory
  }
}

/** True for a line that is no good request. */
export function isRefusal(decoded: Request | Refusal): decoded is Refusal {
  return "failure" in decoded;
}

function refusedLine(problem: "too long" | "not UTF-8", maxLineBytes: number): Refusal {
  const failure: Failure = problem === "too long"
    ? {
      type: "TooLarge",
      message:
        `Cannot take the request: a line may have at most ${maxLineBytes} bytes (--max-request), and this one has more`,
    }
    : {
      type: "RequestError",
      message: "Cannot read the request: it must be UTF-8, and this line holds other bytes",
    };
  return { id: undefined, method: undefined, failure };
}

function methodFound(): Method {
  const text = found.textOf("method");
  if (text === undefined) {
    throw new Refused("RequestError", "Cannot read the request: it has no member 'method'");
  }
  if (text.charAt(0) !== '"') {
    throw new Refused(
      "RequestError",
      `Cannot read the request: member 'method' must be a string, not ${quoted(text)}`,
    );
  }
  const name = stringAt(text, 0, text.length);
  if (isMethod(name)) return name;
  throw new Refused(
    "MethodError",
    `There is no method ${quoted(name)}; there are ${METHODS.join(", ")}`,
  );
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(READERS, name);
}

/** What the table or a cursor may keep must not keep the line. */
function owned(text: string): string {
  return ownedString(text, found.isLatin1);
}

function required(method: Method, member: Member, rule: string): JsonText {
  const text = found.textOf(member);
  if (text !== undefined) return text;
  throw new Refused("ValueError", `Cannot ${method}: member '${member}' is missing; it is ${rule}`);
}

function requiredString(method: Method, member: Member): string {
  return stringFrom(method, member, required(method, member, "a string"));
}

function optionalString(method: Method, member: Member): string | undefined {
  const text = found.textOf(member);
  return text === undefined ? undefined : stringFrom(method, member, text);
}

function stringFrom(method: Method, member: Member, text: JsonText): string {
  if (text.charAt(0) === '"') return stringAt(text, 0, text.length);
  throw wrongType(method, member, "a string", text);
}

function requiredAtom(method: Method, member: Member): JsonText {
  const rule = "a string, number, boolean or null";
  const text = required(method, member, rule);
  if (text.charAt(0) !== "{" && text.charAt(0) !== "[") return text;
  throw wrongType(method, member, rule, text);
}

function part(method: Method): Part {
  const text = found.textOf("limit");
  const limit = text === undefined ? undefined : Number(/^-?\d/.test(text) ? text : NaN);
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
    throw wrongType(method, "limit", "a whole number of at least 1", text ?? "");
  }
  return { limit, cursor: optionalString(method, "cursor") };
}

function wrongType(method: Method, member: Member, rule: string, text: JsonText): Refused {
  return new Refused(
    "ValueError",
    `Cannot ${method}: member '${member}' must be ${rule}, not ${quoted(text)}`,
  );
}

function near(text: string, at: number): string {
  return at >= text.length ? "where it ends" : `near ${quoted(text.slice(at))}`;
}
