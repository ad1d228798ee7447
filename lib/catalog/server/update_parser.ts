/**
 * The parser of updates: converts the bytes of any sender to a record that is safe to list (I9).
 *
 * An update is one JSON object, plain, or as a zlib stream after the byte 0x1A. The record has only
 * parts that every reader of the catalog can read:
 *
 * - of several members with one name, the first one
 * - not `address` and `lastheardfrom`, which the catalog adds (cctools keeps both, so that a sender can
 *   claim another address); `name` is a proposal
 * - strings of printable ASCII; any other character becomes `?`, because the parser of cctools rejects
 *   the whole listing at some escapes
 *
 * The text has the same bytes as in cctools: no white space, and numbers as C prints them, if C prints
 * them as JSON.
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

/** The update of a sender, without the members that the catalog adds. */
export interface Update {
  /** The members in the listing, as JSON text without the braces; may be empty. */
  readonly body: string;
  /**
   * The members for filters: floating point numbers are unchanged here. The listing may round them, or
   * print them as integers (`1.0` is `1`). The same string as `body` if no number differs.
   */
  readonly typedBody: string;
  /** The port of the record, or 0, as in cctools. */
  readonly port: number;
  /** The name that the sender proposes, if it is a plain host name. */
  readonly name?: string;
  /** Separates records of one address and port. */
  readonly uuid?: string;
  /** Seconds; only if it is a positive number. */
  readonly lifetimeS?: number;
}

/** The error of an update that is dropped; the message is the reason. */
export class UpdateError extends Error {
  override name = "UpdateError";
}

/**
 * Parses an update, compressed or not.
 *
 * @param bytes the payload of a datagram, or all bytes of a connection
 * @throws {UpdateError} if it is not an update, or over a limit
 */
export async function readUpdate(bytes: Uint8Array): Promise<Update> {
  return parseUpdate(isCompressed(bytes) ? await inflate(bytes.slice(1)) : bytes);
}

/** Whether an update is compressed. */
export function isCompressed(bytes: Uint8Array): boolean {
  return bytes[0] === COMPRESSED;
}

/**
 * Parses an update that is not compressed.
 *
 * @param bytes JSON text; bytes that are not UTF-8 are read as U+FFFD
 * @throws {UpdateError} if it is not an update, or over a limit
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
  if (objectEnd !== end) throw new UpdateError("it is not a JSON object");
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

/** Position after the last byte that is not white space or NUL. */
function endOfText(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => !NUL_AND_WHITE.includes(byte)) + 1;
}

/** Checks the nesting, because the rest of the parser is recursive. */
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
      if (++depth > MAX_UPDATE_DEPTH) throw new UpdateError("it has too many levels");
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
  }
}

/** A value in the listing, and for filters. */
interface Texts {
  readonly listed: string;
  readonly typed: string;
}

function bodiesOf(members: ReadonlyMap<string, Texts>): Pick<Update, "body" | "typedBody"> {
  const body = bodyOf(members, ({ listed }) => listed);
  const typedBody = bodyOf(members, ({ typed }) => typed);
  // If both are equal, one string saves memory.
  return { body, typedBody: typedBody === body ? body : typedBody };
}

function bodyOf(members: ReadonlyMap<string, Texts>, textOf: (value: Texts) => string): string {
  return [...members].map(([name, value]) => `${JSON.stringify(name)}:${textOf(value)}`).join(",");
}

/** Converts a JSON value to text that every reader can read. */
function textsOf(json: string): Texts {
  let listed = "";
  let typed = "";
  let end = 0; // of the copied text
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

/** The tokens that may change: strings, numbers and white space. */
const TOKEN = /"(?:[^"\\]+|\\.)*"|[-\d][-+.\deE]*|[ \t\r\n]+/g;

function tokenForListing(token: string): string {
  if (token.startsWith('"')) {
    return PLAIN.test(token) ? token : JSON.stringify(plainText(JSON.parse(token)));
  }
  return /^[-\d]/.test(token) ? numberForListing(token) : "";
}

/** A string that every reader can read unchanged. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

/** Whether the printed form of a floating point number has another value, or is an integer. */
function isOtherNumber(token: string, printed: string): boolean {
  return /^[-\d].*[.eE]/.test(token) &&
    (/^-?\d+$/.test(printed) || Number(printed) !== Number(token));
}

/** Prints a number as cctools does, or unchanged if that would be another integer or not JSON. */
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

/** cctools uses port 0 for a value that is not all digits. */
function portValue(json: string | undefined): number {
  const value = json !== undefined && /^\d+$/.test(json) ? Number(json) : 0;
  return value <= 65_535 ? value : 0;
}

/** Bytes that are inflated at a time: the result may be a thousand times as long. */
const INFLATE_STEP_BYTES = 512;

let inflating = 0;

/** Inflates a zlib stream to at most `MAX_UPDATE_BYTES`: a few bytes can contain gigabytes. */
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (inflating >= MAX_INFLATING) {
    throw new UpdateError("too many compressed updates arrived at once");
  }
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
  for (let at = 0; at < bytes.length; at += INFLATE_STEP_BYTES) {
    yield bytes.subarray(at, at + INFLATE_STEP_BYTES);
  }
}
