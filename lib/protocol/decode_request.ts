/**
 * Reads the bytes of one line into a request, or into the reply that says why it is none. Never
 * throws (I9).
 *
 * The line is scanned once, as bytes; only the members that the method uses are looked at any closer,
 * and keys and values stay where they are.
 */
import { positiveInteger } from "../json/decimal.ts";
import { hasEscape, skipValue, skipWhite, stringAt, visitMembers } from "../json/scan.ts";
import { stringEquals, unitAt } from "../json/string_equals.ts";
import { MAX_AGENT_CHARS } from "../base/limits.ts";
import { areEqual, type Span, spanOf, textAt, textOf } from "../bytes/span.ts";
import { quoted } from "../base/quote.ts";
import { keyTextOf } from "./key_text.ts";
import type { LineProblem } from "./line_framer.ts";
import {
  type Failure,
  type FailureType,
  type KeyText,
  type Method,
  METHODS,
  type Part,
  type Rejection,
  type Request,
} from "./message.ts";

/** Members that some method uses. */
const MEMBERS = [
  "method",
  "key",
  "value",
  "id",
  "regex",
  "limit",
  "cursor",
  "subkey",
  "subvalue",
  "project",
  "token",
  "agent",
] as const;

type Member = (typeof MEMBERS)[number];

const SPACE = 32, QUOTE = 34, MINUS = 45, ZERO = 48, NINE = 57, OPEN_ARRAY = 91, BACKSLASH = 92;
const LOWER_I = 105, LOWER_L = 108, LOWER_R = 114, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;

/** Names, to find out which of them a literal spells. */
class Names {
  /** Their numbers, by their first character. */
  readonly #byFirst: (readonly number[])[] = [];

  constructor(readonly names: readonly string[]) {
    for (const [number, name] of names.entries()) {
      const first = name.charCodeAt(0);
      this.#byFirst[first] = [...this.#byFirst[first] ?? [], number];
    }
  }

  /** Which of them; -1: none. */
  find(bytes: Uint8Array, literalStart: number, literalEnd: number): number {
    const numbers = this.#byFirst[unitAt(bytes, literalStart + 1)];
    if (numbers === undefined) return -1;
    for (const number of numbers) {
      if (stringEquals(bytes, literalStart, literalEnd, this.names[number] ?? "")) return number;
    }
    return -1;
  }
}

const MEMBER_NAMES = new Names(MEMBERS);
const METHOD_NAMES = new Names(METHODS);
const METHOD = MEMBERS.indexOf("method"), KEY = MEMBERS.indexOf("key");
const VALUE = MEMBERS.indexOf("value"), ID = MEMBERS.indexOf("id");

/** Thrown by the readers below and caught in `decodeRequest`. */
class Refused {
  readonly failure: Failure;

  constructor(type: FailureType, message: string) {
    this.failure = { type, message };
  }
}

/** More than what a message shows of a text, in bytes. */
const SHOWN_BYTES = 256;

const NOTHING = new Uint8Array(0);

/** Where the members stand in the line that is being decoded. One line is decoded at a time. */
class MembersFound {
  bytes: Uint8Array = NOTHING;
  readonly #starts = new Int32Array(MEMBERS.length);
  readonly #ends = new Int32Array(MEMBERS.length);

  /** Scans an object; of equal members the last one counts. */
  scan(bytes: Uint8Array, lineStart: number, lineEnd: number): void {
    this.bytes = bytes;
    this.#starts.fill(-1);
    const start = skipWhite(bytes, lineStart, lineEnd);
    if (start >= lineEnd || bytes[start] !== OPEN_OBJECT) {
      throw new Refused(
        "RequestError",
        `Cannot read the request: it must be a JSON object on one line, not ${
          quotedAt(bytes, lineStart, lineEnd)
        }`,
      );
    }
    let end = visitMembers(bytes, start, lineEnd, this.#note);
    if (end >= 0 && (end = skipWhite(bytes, end, lineEnd)) !== lineEnd) end = ~end;
    if (end < 0) {
      throw new Refused(
        "RequestError",
        `Cannot read the request: it is not valid JSON at character ${
          unitsIn(bytes, lineStart, ~end) + 1
        }, ${~end === lineEnd ? "where it ends" : `near ${quotedAt(bytes, ~end, lineEnd)}`}`,
      );
    }
  }

  /** Where a member's value begins; negative: it is missing. */
  startOf(member: number): number {
    return this.#starts[member] ?? -1;
  }

  endOf(member: number): number {
    return this.#ends[member] ?? -1;
  }

  /** The JSON text of a member, or undefined where it is missing. */
  find(member: number): Span | undefined {
    const start = this.startOf(member);
    return start < 0 ? undefined : { bytes: this.bytes, start, end: this.endOf(member) };
  }

  readonly #note = (nameStart: number, nameEnd: number, start: number, end: number) => {
    const member = MEMBER_NAMES.find(this.bytes, nameStart, nameEnd);
    if (member < 0) return;
    this.#starts[member] = start;
    this.#ends[member] = end;
  };
}

const found = new MembersFound();

const READERS: { readonly [M in Method]: (id: Span | undefined) => Request } = {
  insert: (id) => ({ method: "insert", id, key: requiredKey("insert"), value: requiredValue() }),
  lookup: (id) => ({ method: "lookup", id, key: requiredKey("lookup") }),
  remove: (id) => ({ method: "remove", id, key: requiredKey("remove") }),
  scan: (id) => ({ method: "scan", id, regex: requiredString("scan", "regex"), ...part("scan") }),
  query: (id) => ({
    method: "query",
    id,
    subkey: requiredString("query", "subkey"),
    subvalue: textOf(requiredAtom("query", "subvalue")),
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
    agent: optionalAgent(),
  }),
};

const READERS_BY_NUMBER = METHODS.map((method) => READERS[method]);

/**
 * Reads a line, which must be UTF-8.
 *
 * @param bytes the line is from `start` to `end`, without its LF; the request's spans lie in there
 * @returns the request, or the refusal to answer with
 */
export function decodeRequest(bytes: Uint8Array, start: number, end: number): Request | Rejection {
  return usualRequest(bytes, start, end) ?? anyRequest(bytes, start, end);
}

/** Reads any line. */
export function anyRequest(bytes: Uint8Array, start: number, end: number): Request | Rejection {
  let id: Span | undefined;
  let method: Method | undefined;
  try {
    found.scan(bytes, start, end);
    id = found.find(ID);
    const number = methodFound();
    method = METHODS[number];
    const reader = READERS_BY_NUMBER[number];
    if (reader === undefined) throw new RangeError(`no method ${number}`);
    return reader(id);
  } catch (error) {
    if (error instanceof Refused) return { id, method, failure: error.failure };
    throw error;
  } finally {
    found.bytes = NOTHING; // or the last line would stay in memory
  }
}

/** How the lines of most requests begin: without white space, the members in this order. */
const LOOKUP = bytesOf('{"method":"lookup","key":"');
const INSERT = bytesOf('{"method":"insert","key":"');
const REMOVE = bytesOf('{"method":"remove","key":"');
const BEFORE_VALUE = bytesOf('","value":');

/** Lines up to this length are tried as usual ones; a longer one that is none would be read twice. */
const USUAL_BYTES = 4_096;

/** Where the names of these methods begin. */
const NAME_OFFSET = '{"method":"'.length;

/**
 * Reads the usual line of a request about a key: it says the same as `anyRequest`, in less than half the time.
 *
 * @returns undefined where the line is another one
 */
function usualRequest(bytes: Uint8Array, start: number, end: number): Request | undefined {
  if (end - start > USUAL_BYTES) return undefined;
  const beginning = beginningWith(bytes[start + NAME_OFFSET] ?? 0);
  const keyStart = start + INSERT.length;
  if (beginning === undefined || bytes[end - 1] !== CLOSE_OBJECT) return undefined;
  if (!areEqual(bytes, start, keyStart, beginning, 0, INSERT.length)) return undefined;
  const keyEnd = plainEnd(bytes, keyStart, end);
  if (keyEnd < 0) return undefined;
  const id = undefined, key = { bytes, start: keyStart, end: keyEnd };
  if (beginning !== INSERT) {
    if (keyEnd !== end - 2) return undefined;
    return beginning === LOOKUP ? { method: "lookup", id, key } : { method: "remove", id, key };
  }
  const valueStart = keyEnd + BEFORE_VALUE.length;
  if (!areEqual(bytes, keyEnd, valueStart, BEFORE_VALUE, 0, BEFORE_VALUE.length)) return undefined;
  if (skipValue(bytes, valueStart, end) !== end - 1) return undefined;
  return { method: "insert", id, key, value: { bytes, start: valueStart, end: end - 1 } };
}

function beginningWith(firstOfName: number): Uint8Array | undefined {
  if (firstOfName === LOWER_L) return LOOKUP;
  if (firstOfName === LOWER_I) return INSERT;
  return firstOfName === LOWER_R ? REMOVE : undefined;
}

/** Where a string without escapes ends that begins here; -1: it is another one, or none. */
function plainEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH || byte < SPACE) return -1;
  }
  return -1;
}

/**
 * The refusal of a line that is none.
 *
 * @param maxLineBytes the framer's limit, for the message of a line over it
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
        message: "Cannot take the request: the server has no memory for a line as long as this now",
      };
    case "not UTF-8":
      return {
        type: "RequestError",
        message: "Cannot read the request: it must be UTF-8, and this line holds other bytes",
      };
  }
}

/** True for a line that is no good request. */
export function isRejection(decoded: Request | Rejection): decoded is Rejection {
  return "failure" in decoded;
}

/** Which of `METHODS` is asked for. */
function methodFound(): number {
  const start = found.startOf(METHOD), end = found.endOf(METHOD);
  if (start < 0) {
    throw new Refused("RequestError", "Cannot read the request: it has no member 'method'");
  }
  if (found.bytes[start] !== QUOTE) {
    throw new Refused(
      "RequestError",
      `Cannot read the request: member 'method' must be a string, not ${
        quotedAt(found.bytes, start, end)
      }`,
    );
  }
  const number = METHOD_NAMES.find(found.bytes, start, end);
  if (number >= 0) return number;
  throw new Refused(
    "MethodError",
    `There is no method ${quoted(stringAt(found.bytes, start, end))}; there are ${
      METHODS.join(", ")
    }`,
  );
}

function requiredKey(method: Method): KeyText {
  const start = found.startOf(KEY), end = found.endOf(KEY), { bytes } = found;
  if (start < 0) throw missing(method, "key", "a string");
  if (bytes[start] !== QUOTE) throw wrongType(method, "key", "a string", { bytes, start, end });
  // Without an escape, a literal is its canonical text as it stands.
  if (!hasEscape(bytes, start + 1, end - 1)) return { bytes, start: start + 1, end: end - 1 };
  return keyTextOf(stringAt(bytes, start, end));
}

function requiredValue(): Span {
  const start = found.startOf(VALUE);
  if (start < 0) throw missing("insert", "value", "any JSON value");
  return { bytes: found.bytes, start, end: found.endOf(VALUE) };
}

function required(method: Method, member: Member, rule: string): Span {
  const text = found.find(MEMBERS.indexOf(member));
  if (text !== undefined) return text;
  throw missing(method, member, rule);
}

function requiredString(method: Method, member: Member): string {
  return stringFrom(method, member, required(method, member, "a string"));
}

function optionalString(method: Method, member: Member): string | undefined {
  const text = found.find(MEMBERS.indexOf(member));
  return text === undefined ? undefined : stringFrom(method, member, text);
}

function optionalAgent(): string | undefined {
  const agent = optionalString("hello", "agent");
  if (agent === undefined || agent.length <= MAX_AGENT_CHARS) return agent;
  const isLong = agent.length > 2 * MAX_AGENT_CHARS || [...agent].length > MAX_AGENT_CHARS;
  if (!isLong) return agent;
  const rule = `a string of at most ${MAX_AGENT_CHARS} characters`;
  throw wrongType("hello", "agent", rule, required("hello", "agent", rule));
}

function stringFrom(method: Method, member: Member, text: Span): string {
  if (text.bytes[text.start] === QUOTE) return stringAt(text.bytes, text.start, text.end);
  throw wrongType(method, member, "a string", text);
}

function requiredAtom(method: Method, member: Member): Span {
  const rule = "a string, number, boolean or null";
  const text = required(method, member, rule);
  const first = text.bytes[text.start];
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return text;
  throw wrongType(method, member, rule, text);
}

function part(method: Method): Part {
  const text = found.find(MEMBERS.indexOf("limit"));
  const limit = text && isNumber(text) ? positiveInteger(textOf(text)) : undefined;
  if (text !== undefined && limit === undefined) {
    throw wrongType(method, "limit", "a whole number of at least 1", text);
  }
  return { limit, cursor: optionalString(method, "cursor") };
}

function isNumber({ bytes, start }: Span): boolean {
  const first = bytes[start] ?? 0;
  return first === MINUS || (first >= ZERO && first <= NINE);
}

function missing(method: Method, member: Member, rule: string): Refused {
  return new Refused(
    "ValueError",
    `Cannot ${method}: member '${member}' is missing; it is ${rule}`,
  );
}

function wrongType(method: Method, member: Member, rule: string, came: Span): Refused {
  return new Refused(
    "ValueError",
    `Cannot ${method}: member '${member}' must be ${rule}, not ${
      quotedAt(came.bytes, came.start, came.end)
    }`,
  );
}

/** Bytes for a message, which shows no more than their beginning. */
function quotedAt(bytes: Uint8Array, start: number, end: number): string {
  return quoted(textAt(bytes, start, Math.min(end, start + SHOWN_BYTES)));
}

/** How many characters (as UTF-16 code units) bytes spell in UTF-8. */
function unitsIn(bytes: Uint8Array, start: number, end: number): number {
  let units = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80 || byte >= 0xc0) units += byte >= 0xf0 ? 2 : 1; // others go on with a character
  }
  return units;
}

function bytesOf(text: string): Uint8Array {
  return spanOf(text).bytes;
}
