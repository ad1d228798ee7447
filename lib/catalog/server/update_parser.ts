/**
 * Reads an update: bytes from anywhere into a record that is safe to list (I9).
 *
 * An update is one JSON object, as it is, or as a zlib stream behind the byte 0x1A. What is kept of
 * it is what every reader of the catalog can read:
 *
 * - of several members with one name, the first
 * - not `address` and `lastheardfrom`, which are the catalog's to say (cctools keeps both, and a
 *   sender can so claim another address); `name` is a proposal
 * - strings of printable ASCII; any other character becomes `?`, because cctools' parser gives up
 *   the whole listing at some escapes
 *
 * What is kept is written as cctools writes it, byte for byte: no white space, and numbers as C
 * prints them, as far as that is JSON.
 */
import { skipWhite, stringAt, visitMembers } from "../../json/scan.ts";
import {
  MAX_INFLATING,
  MAX_UPDATE_BYTES,
  MAX_UPDATE_DEPTH,
  MAX_UPDATE_MEMBERS,
} from "../../base/limits.ts";
import { textAt } from "../../bytes/span.ts";
import { printDouble } from "../filter/value.ts";

const QUOTE = 34, OPEN_ARRAY = 91, BACKSLASH = 92, CLOSE_ARRAY = 93, OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const NUL_AND_WHITE: readonly number[] = [0, 9, 10, 13, 32];

/** First byte of a compressed update. */
const COMPRESSED = 0x1a;

/** What a sender says, without what is the catalog's to say. */
export interface Update {
  /** Its members as JSON text without the braces, as they are listed; may be empty. */
  readonly body: string;
  /**
   * The same with floating point numbers as they came, which the listing may round, or show as
   * integers (`1.0` is `1` there): a filter looks at the number itself. One and the same string
   * where there are none of these.
   */
  readonly typedBody: string;
  /** As in the record, else 0, as cctools has it. */
  readonly port: number;
  /** The name that the sender proposes, where it is a plain host name. */
  readonly name?: string;
  /** Tells apart records of one address and port. */
  readonly uuid?: string;
  /** Seconds, where a positive number is given. */
  readonly lifetimeS?: number;
}

/** An update that is dropped; the message is the reason. */
export class UpdateError extends Error {
  override name = "UpdateError";
}

/**
 * Reads an update.
 *
 * @param bytes a datagram's payload, or all of a connection's
 * @throws {UpdateError} where it is none, or over a limit
 */
export async function readUpdate(bytes: Uint8Array): Promise<Update> {
  return parseUpdate(isCompressed(bytes) ? await inflate(bytes.slice(1)) : bytes);
}

/** Whether an update is to be inflated before it is read. */
export function isCompressed(bytes: Uint8Array): boolean {
  return bytes[0] === COMPRESSED;
}

/**
 * Reads an update that is not compressed.
 *
 * @param bytes JSON text; what is not UTF-8 in it is read as U+FFFD
 * @throws {UpdateError} where it is none, or over a limit
 */
export function parseUpdate(bytes: Uint8Array): Update {
  if (bytes.length > MAX_UPDATE_BYTES) throw new UpdateError("it is too long");
  const end = endOfText(bytes);
  requireShallow(bytes, end);
  const members = new Map<string, Texts>();
  const start = skipWhite(bytes, 0, end);
  const objectEnd = visitMembers(bytes, start, end, (nameStart, nameEnd, valueStart, valueEnd) => {
    const name = plainText(stringAt(bytes, nameStart, nameEnd));
    if (!members.has(name)) members.set(name, textsOf(textAt(bytes, valueStart, valueEnd)));
  });
  if (objectEnd !== end) throw new UpdateError("it is no JSON object");
  if (members.size > MAX_UPDATE_MEMBERS) throw new UpdateError("it has too many members");

  const name = hostName(members.get("name")?.listed);
  const uuid = stringValue(members.get("uuid")?.listed)?.slice(0, 128);
  const lifetime = numberValue(members.get("lifetime")?.listed);
  for (const own of ["address", "lastheardfrom", "name"]) members.delete(own);
  return {
    ...bodiesOf(members),
    port: portValue(members.get("port")?.listed),
    ...(name !== undefined && { name }),
    ...(uuid !== undefined && { uuid }),
    ...(lifetime !== undefined && lifetime > 0 && { lifetimeS: lifetime }),
  };
}

/** Where the white space and the NULs begin with which it ends. */
function endOfText(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => !NUL_AND_WHITE.includes(byte)) + 1;
}

/** All that follows recurses into the values. */
function requireShallow(bytes: Uint8Array, end: number): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < end; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (++depth > MAX_UPDATE_DEPTH) throw new UpdateError("it is nested too deeply");
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
  }
}

/** A value as it is listed, and as filters see it. */
interface Texts {
  readonly listed: string;
  readonly typed: string;
}

function bodiesOf(members: ReadonlyMap<string, Texts>): Pick<Update, "body" | "typedBody"> {
  const body = bodyOf(members, ({ listed }) => listed);
  const typedBody = bodyOf(members, ({ typed }) => typed);
  // One string where they are equal: then a record takes its memory once.
  return { body, typedBody: typedBody === body ? body : typedBody };
}

function bodyOf(members: ReadonlyMap<string, Texts>, textOf: (value: Texts) => string): string {
  return [...members].map(([name, value]) => `${JSON.stringify(name)}:${textOf(value)}`).join(",");
}

/** A JSON value as every reader can read it. */
function textsOf(json: string): Texts {
  let listed = "";
  let typed = "";
  let end = 0; // of what is copied
  for (const { 0: token, index } of json.matchAll(TOKEN)) {
    const text = tokenForListing(token);
    if (text === token) continue;
    const between = json.slice(end, index);
    listed += between + text;
    typed += between + (isOtherNumber(token, text) ? token : text);
    end = index + token.length;
  }
  if (end === 0) return { listed: json, typed: json };
  const rest = json.slice(end);
  return { listed: listed + rest, typed: typed + rest };
}

/** What may be written otherwise: strings, numbers and white space. */
const TOKEN = /"(?:[^"\\]+|\\.)*"|[-\d][-+.\deE]*|[ \t\r\n]+/g;

function tokenForListing(token: string): string {
  if (token.startsWith('"')) {
    return PLAIN.test(token) ? token : JSON.stringify(plainText(JSON.parse(token)));
  }
  return /^[-\d]/.test(token) ? numberForListing(token) : "";
}

/** What every reader reads as it is. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

/** Whether a floating point number is printed as another one, or as an integer. */
function isOtherNumber(token: string, printed: string): boolean {
  return /^[-\d].*[.eE]/.test(token) &&
    (/^-?\d+$/.test(printed) || Number(printed) !== Number(token));
}

/** As cctools prints it; as it came where that would be another integer, or no JSON. */
function numberForListing(json: string): string {
  if (json === "-0") return "0";
  if (/^-?\d+$/.test(json)) return json;
  const value = Number(json);
  return Number.isFinite(value) ? printDouble(value) : json;
}

function plainText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

function stringValue(json: string | undefined): string | undefined {
  return json?.startsWith('"') ? JSON.parse(json) : undefined;
}

function hostName(json: string | undefined): string | undefined {
  const text = stringValue(json);
  return text !== undefined && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(text) ? text : undefined;
}

function numberValue(json: string | undefined): number | undefined {
  return json !== undefined && /^-?\d/.test(json) ? Number(json) : undefined;
}

/** Only digits are an integer to cctools, which then has 0 for the port. */
function portValue(json: string | undefined): number {
  const value = json !== undefined && /^\d+$/.test(json) ? Number(json) : 0;
  return value <= 65_535 ? value : 0;
}

/** Bytes that are inflated at once: they may become a thousand times as many. */
const INFLATED_AT_ONCE_BYTES = 512;

let inflating = 0;

/** Inflates a zlib stream, to `MAX_UPDATE_BYTES` at the most: a few bytes can hold gigabytes. */
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (inflating >= MAX_INFLATING) throw new UpdateError("too many compressed ones at once");
  inflating++;
  try {
    const stream = ReadableStream.from(slices(bytes))
      .pipeThrough(new DecompressionStream("deflate"));
    const whole = new Uint8Array(MAX_UPDATE_BYTES);
    let length = 0;
    for await (const chunk of stream) {
      if (length + chunk.length > MAX_UPDATE_BYTES) throw new UpdateError("it is too long");
      whole.set(chunk, length);
      length += chunk.length;
    }
    return whole.subarray(0, length);
  } catch (error) {
    if (error instanceof UpdateError) throw error;
    throw new UpdateError("its compression is damaged");
  } finally {
    inflating--;
  }
}

function* slices(bytes: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += INFLATED_AT_ONCE_BYTES) {
    yield bytes.subarray(at, at + INFLATED_AT_ONCE_BYTES);
  }
}
