/**
 * Reads an update: bytes from anywhere into a record that is safe to list (I9).
 *
 * An update is one JSON object, as text, or as a zlib stream behind the byte 0x1A. What is kept of
 * it is what every reader of the catalog can read:
 *
 * - of several members with one name, the first
 * - not `address` and `lastheardfrom`, which are the catalog's to say (cctools keeps both, and a
 *   sender can so claim another address); `name` is a proposal
 * - strings of printable ASCII; any other character becomes `?`, because cctools' parser gives up
 *   the whole listing at some escapes
 */
import { skipWhite, visitMembers } from "../base/json_scan.ts";
import {
  MAX_INFLATING,
  MAX_UPDATE_BYTES,
  MAX_UPDATE_DEPTH,
  MAX_UPDATE_MEMBERS,
} from "../base/limits.ts";

/** First byte of a compressed update. */
const COMPRESSED = 0x1a;

/** What a sender says, without what is the catalog's to say. */
export interface Update {
  /** Its members as JSON text without the braces; may be empty. */
  readonly body: string;
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
  const plain = bytes[0] === COMPRESSED ? await inflated(bytes.slice(1)) : bytes;
  return parseUpdate(new TextDecoder().decode(plain));
}

/**
 * Reads the text of an update.
 *
 * @throws {UpdateError} where it is none, or over a limit
 */
export function parseUpdate(text: string): Update {
  if (text.length > MAX_UPDATE_BYTES) throw new UpdateError("it is too long");
  const trimmed = withoutEnd(text);
  requireShallow(trimmed);
  const members = new Map<string, string>();
  const end = visitMembers(trimmed, skipWhite(trimmed, 0), (nameStart, nameEnd, start, end) => {
    const name = plainText(JSON.parse(trimmed.slice(nameStart, nameEnd)));
    if (!members.has(name)) members.set(name, plainValue(trimmed.slice(start, end)));
  });
  if (end !== trimmed.length) throw new UpdateError("it is no JSON object");
  if (members.size > MAX_UPDATE_MEMBERS) throw new UpdateError("it has too many members");

  const name = hostName(members.get("name"));
  const uuid = stringValue(members.get("uuid"))?.slice(0, 128);
  const lifetime = numberValue(members.get("lifetime"));
  for (const own of ["address", "lastheardfrom", "name"]) members.delete(own);
  return {
    body: [...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(","),
    port: portValue(members.get("port")),
    ...(name !== undefined && { name }),
    ...(uuid !== undefined && { uuid }),
    ...(lifetime !== undefined && lifetime > 0 && { lifetimeS: lifetime }),
  };
}

/** Without white space and NULs at the end; no regex, which would take quadratic time for many. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && " \t\r\n\0".includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** All that follows recurses into the values. */
function requireShallow(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (inString) {
      if (char === "\\") at++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{" || char === "[") {
      if (++depth > MAX_UPDATE_DEPTH) throw new UpdateError("it is nested too deeply");
    } else if (char === "}" || char === "]") depth--;
  }
}

/** A value as every reader can read it; its own text where that is so already. */
function plainValue(json: string): string {
  return /^[\x20-\x5b\x5d-\x7e]*$/.test(json) ? json : JSON.stringify(plain(JSON.parse(json)));
}

function plain(value: unknown): unknown {
  if (typeof value === "string") return plainText(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [plainText(name), plain(inner)]),
  );
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

function portValue(json: string | undefined): number {
  const value = numberValue(json);
  return value !== undefined && Number.isInteger(value) && value > 0 && value <= 65_535 ? value : 0;
}

/** Bytes that are inflated at once: they may become a thousand times as many. */
const INFLATED_AT_ONCE_BYTES = 512;

let inflating = 0;

/** Inflates a zlib stream, to `MAX_UPDATE_BYTES` at the most: a few bytes can hold gigabytes. */
async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
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
