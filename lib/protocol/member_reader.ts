/**
 * A reader of the members of a request: each by the type that the method needs.
 *
 * One scan of the line finds the start and end of each member. Only members that the method uses are
 * read. Keys and values are spans of the line.
 */
import { MAX_AGENT_CHARS } from "../base/limits.ts";
import { type Span, textOf } from "../bytes/span.ts";
import { positiveInteger } from "../json/decimal.ts";
import { hasEscape, skipWhite, stringAt, visitMembers } from "../json/scan.ts";
import { countUnits, DecodeError, quotedAt } from "./decode_error.ts";
import { keyTextOf } from "./key_text.ts";
import type { JsonText, KeyText, Part } from "./message.ts";
import { NameIndex } from "./name_index.ts";

/** Every member of some request. The reader ignores members with other names. */
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

const MEMBER_NAMES = new NameIndex(MEMBERS);
const METHOD = MEMBERS.indexOf("method"), KEY = MEMBERS.indexOf("key");
const VALUE = MEMBERS.indexOf("value"), ID = MEMBERS.indexOf("id");

const QUOTE = 34, MINUS = 45, ZERO = 48, NINE = 57, OPEN_ARRAY = 91, OPEN_OBJECT = 123;

const NO_BYTES = new Uint8Array(0);

/** The members of the line that is being decoded. All its methods throw a `DecodeError`. */
export class MemberReader {
  /** The request's method, for messages. */
  method = "";
  #bytes: Uint8Array = NO_BYTES;
  readonly #starts = new Int32Array(MEMBERS.length);
  readonly #ends = new Int32Array(MEMBERS.length);

  /** Finds the members of a line, which must be one object. Of members with one name, the last one counts. */
  scan(bytes: Uint8Array, lineStart: number, lineEnd: number): void {
    this.#bytes = bytes;
    this.#starts.fill(-1);
    const start = skipWhite(bytes, lineStart, lineEnd);
    if (start >= lineEnd || bytes[start] !== OPEN_OBJECT) {
      throw new DecodeError(
        "RequestError",
        `Cannot read the request: it must be a JSON object on one line, not ${
          quotedAt(bytes, lineStart, lineEnd)
        }`,
      );
    }
    let end = visitMembers(bytes, start, lineEnd, this.#addMember);
    if (end >= 0 && (end = skipWhite(bytes, end, lineEnd)) !== lineEnd) end = ~end;
    if (end < 0) {
      throw new DecodeError(
        "RequestError",
        `Cannot read the request: it is not valid JSON at character ${
          countUnits(bytes, lineStart, ~end) + 1
        }, ${~end === lineEnd ? "where it ends" : `near ${quotedAt(bytes, ~end, lineEnd)}`}`,
      );
    }
  }

  /** Releases the line, which would otherwise stay in memory until the next one. */
  release(): void {
    this.#bytes = NO_BYTES;
  }

  id(): Span | undefined {
    return this.#find(ID);
  }

  /** The literal of `method`, with its quotes. */
  methodLiteral(): Span {
    const method = this.#find(METHOD);
    if (method === undefined) {
      throw new DecodeError("RequestError", "Cannot read the request: it has no member 'method'");
    }
    const { bytes, start, end } = method;
    if (bytes[start] === QUOTE) return method;
    throw new DecodeError(
      "RequestError",
      `Cannot read the request: member 'method' must be a string, not ${
        quotedAt(bytes, start, end)
      }`,
    );
  }

  key(): KeyText {
    const bytes = this.#bytes, start = this.#starts[KEY] ?? -1, end = this.#ends[KEY] ?? -1;
    if (start < 0) throw this.#missing("key", "a string");
    if (bytes[start] !== QUOTE) throw this.#wrongType("key", "a string", { bytes, start, end });
    // A literal without escapes is its canonical text already.
    if (!hasEscape(bytes, start + 1, end - 1)) return { bytes, start: start + 1, end: end - 1 };
    return keyTextOf(stringAt(bytes, start, end));
  }

  value(): Span {
    const start = this.#starts[VALUE] ?? -1;
    if (start < 0) throw this.#missing("value", "any JSON value");
    return { bytes: this.#bytes, start, end: this.#ends[VALUE] ?? -1 };
  }

  string(member: Member): string {
    return this.#stringFrom(member, this.#required(member, "a string"));
  }

  optionalString(member: Member): string | undefined {
    const text = this.#find(MEMBERS.indexOf(member));
    return text === undefined ? undefined : this.#stringFrom(member, text);
  }

  /** The JSON text of a string, number, boolean or null. */
  atom(member: Member): JsonText {
    const rule = "a string, number, boolean or null";
    const text = this.#required(member, rule);
    const first = text.bytes[text.start];
    if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return textOf(text);
    throw this.#wrongType(member, rule, text);
  }

  /** `limit` and `cursor`. */
  part(): Part {
    const text = this.#find(MEMBERS.indexOf("limit"));
    const limit = text && isNumber(text) ? positiveInteger(textOf(text)) : undefined;
    if (text !== undefined && limit === undefined) {
      throw this.#wrongType("limit", "a whole number of at least 1", text);
    }
    return { limit, cursor: this.optionalString("cursor") };
  }

  agent(): string | undefined {
    const agent = this.optionalString("agent");
    if (agent === undefined || agent.length <= MAX_AGENT_CHARS) return agent;
    // A character may be two units.
    const isLong = agent.length > 2 * MAX_AGENT_CHARS || [...agent].length > MAX_AGENT_CHARS;
    if (!isLong) return agent;
    const rule = `a string of at most ${MAX_AGENT_CHARS} characters`;
    throw this.#wrongType("agent", rule, this.#required("agent", rule));
  }

  readonly #addMember = (nameStart: number, nameEnd: number, start: number, end: number) => {
    const member = MEMBER_NAMES.find(this.#bytes, nameStart, nameEnd);
    if (member < 0) return;
    this.#starts[member] = start;
    this.#ends[member] = end;
  };

  /** The JSON text of a member; undefined: it is missing. */
  #find(member: number): Span | undefined {
    const start = this.#starts[member] ?? -1;
    return start < 0 ? undefined : { bytes: this.#bytes, start, end: this.#ends[member] ?? -1 };
  }

  #required(member: Member, rule: string): Span {
    const text = this.#find(MEMBERS.indexOf(member));
    if (text !== undefined) return text;
    throw this.#missing(member, rule);
  }

  #stringFrom(member: Member, text: Span): string {
    if (text.bytes[text.start] === QUOTE) return stringAt(text.bytes, text.start, text.end);
    throw this.#wrongType(member, "a string", text);
  }

  #missing(member: Member, rule: string): DecodeError {
    return new DecodeError(
      "ValueError",
      `Cannot ${this.method}: member '${member}' is missing; it is ${rule}`,
    );
  }

  #wrongType(member: Member, rule: string, { bytes, start, end }: Span): DecodeError {
    return new DecodeError(
      "ValueError",
      `Cannot ${this.method}: member '${member}' must be ${rule}, not ${
        quotedAt(bytes, start, end)
      }`,
    );
  }
}

function isNumber({ bytes, start }: Span): boolean {
  const first = bytes[start] ?? 0;
  return first === MINUS || (first >= ZERO && first <= NINE);
}
