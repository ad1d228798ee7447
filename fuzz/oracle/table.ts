/**
 * A model of the server that docs/PROTOCOL.md describes, on a plain Map: it judges the reply to a line.
 * Shares no code with the tested code. One file because all replies depend on one state.
 */
import { areEqualAtoms } from "./decimal.ts";
import { type Member, membersOf, parsed, partsOf } from "./json_text.ts";
import type { Line } from "./lines.ts";
import { readRequest, textMember, type ValidRequest, value } from "./request.ts";

/** The limits of the server. */
export interface Limits {
  readonly project: string;
  readonly maxReplyBytes: number;
  readonly maxTableBytes: number;
}

/** A search with further parts. */
export interface OpenSearch {
  readonly cursor: string;
  readonly request: ValidRequest;
  /** Keys in its replies that were not removed after that. They must not come again. */
  readonly foundKeys: Set<string>;
  /** Matching keys that were in the table during the whole search; undefined: not known. */
  readonly lasting: Set<string> | undefined;
}

/** The entry of a key. */
interface Entry {
  readonly value: string;
  /** The members of an object; read at the first query. */
  members?: ReadonlyMap<string, string>;
}

/** A connection can have at least this number of open cursors. */
const MAX_CURSORS = 16;

/**
 * If the distance to a limit is at most this number of bytes, both replies are right: the limit also
 * counts bytes that are not of the result.
 */
const NEAR_BYTES = 200;

/** The table is never full if keys and values have fewer bytes than this share of `--max-memory`. */
const FULL_SHARE = 0.2;

/** Regexes with the same meaning in JavaScript and RE2. */
const SIMPLE = /^\^?(?:[A-Za-z0-9](?:[*+?])?|\[[A-Za-z0-9]+\][*+?]?)*\$?$/;

const OK = '{"status":"OK",';

/** The model, for one connection at a time. */
export class TableModel {
  readonly #limits: Limits;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  /** The open searches of this connection, in the order of their use. */
  #searches: OpenSearch[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** All keys. */
  get keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** The open searches of this connection. */
  get searches(): readonly OpenSearch[] {
    return this.#searches;
  }

  /** Starts a new connection, which closes the cursors of the last one. */
  reconnect(): void {
    this.#searches = [];
  }

  /** All pairs, as replies contain them. */
  pairs(): Set<string> {
    return new Set([...this.#entries].map(([key, { value }]) => pairText(key, value)));
  }

  /**
   * Judges a reply, and applies the change of the request.
   *
   * @param reply without its LF
   * @returns the problem, or undefined
   */
  judge(line: Line, reply: string): string | undefined {
    if (line === "too long") return refusal(reply, undefined, ["TooLarge"]);
    if (line === "not UTF-8") return refusal(reply, undefined, ["RequestError"]);
    const request = readRequest(line);
    if (request.type !== "OK") return refusal(reply, request.id, [request.type]);
    switch (request.method) {
      case "insert":
        return this.#insert(request, reply);
      case "lookup":
        return this.#lookup(request, reply, () => {});
      case "remove":
        return this.#lookup(request, reply, (key) => this.#remove(key));
      case "scan":
      case "query":
        return this.#search(request, reply);
      case "size":
        return exactly(reply, request.id, String(this.size));
      case "ping":
        return exactly(reply, request.id, '"pong"');
      case "hello":
        if (
          request.members.has("project") &&
          textMember(request.members, "project") !== this.#limits.project
        ) return refusal(reply, request.id, ["WrongServer"]);
        return this.#info(request, reply);
      default:
        return this.#info(request, reply);
    }
  }

  #insert({ id, members }: ValidRequest, reply: string): string | undefined {
    const key = textMember(members, "key"), value = members.get("value") ?? "";
    const isNearlyFull = this.#bytes + 3 * (key.length + value.length) >
      this.#limits.maxTableBytes * FULL_SHARE;
    if (isNearlyFull && reply.includes('"type":"TableFull"')) {
      return refusal(reply, id, ["TableFull"]);
    }
    const problem = exactly(reply, id, "null");
    if (problem !== undefined) return problem;
    this.#bytes += value.length - (this.#entries.get(key)?.value.length ?? -key.length);
    this.#entries.set(key, { value });
    // The new value may not match an open query.
    for (const { request, lasting } of this.#searches) {
      if (request.method === "query") lasting?.delete(key);
    }
    return undefined;
  }

  #lookup(
    { id, members }: ValidRequest,
    reply: string,
    then: (key: string) => void,
  ): string | undefined {
    const key = textMember(members, "key");
    const entry = this.#entries.get(key);
    if (entry === undefined) return refusal(reply, id, ["KeyError"]);
    const bytes = utf8Length(entry.value) + utf8Length(id ?? "");
    if (bytes > this.#limits.maxReplyBytes - NEAR_BYTES && reply.includes('"type":"TooLarge"')) {
      return refusal(reply, id, ["TooLarge"]);
    }
    const problem = exactly(reply, id, entry.value);
    if (problem === undefined) then(key);
    return problem;
  }

  #remove(key: string): void {
    this.#bytes -= key.length + (this.#entries.get(key)?.value.length ?? 0);
    this.#entries.delete(key);
    for (const { foundKeys, lasting } of this.#searches) {
      foundKeys.delete(key);
      lasting?.delete(key);
    }
  }

  #info(request: ValidRequest, reply: string): string | undefined {
    const result = resultOf(reply, request.id);
    const info = result === undefined ? undefined : parsed(result)?.value;
    if (typeof info !== "object" || info === null) return unlike(reply, "the members of info");
    const { size, project } = info as Record<string, unknown>;
    if (size !== this.size) {
      return `info has the size ${size}, and the model ${this.size}`;
    }
    return project === this.#limits.project ? undefined : `info has the project '${project}'`;
  }

  #search(request: ValidRequest, reply: string): string | undefined {
    const { id, members } = request;
    const cursor = members.has("cursor") ? textMember(members, "cursor") : undefined;
    const open = cursor === undefined
      ? undefined
      : this.#searches.find((one) => one.cursor === cursor);
    const limit = value(members, "limit");
    const isError = !reply.startsWith(OK);
    if (cursor !== undefined && (open === undefined || !isSame(open.request, request))) {
      return refusal(reply, id, ["ValueError"]);
    }
    if (cursor !== undefined && limit === undefined) return refusal(reply, id, ["ValueError"]);
    const regex = request.method === "scan" ? textMember(members, "regex") : "";
    const isSimple = request.method === "query" || SIMPLE.test(regex);
    const isDropped = open !== undefined &&
      this.#searches.indexOf(open) < this.#searches.length - MAX_CURSORS;
    if (isError && (!isSimple || isDropped) && reply.includes('"type":"ValueError"')) {
      return refusal(reply, id, ["ValueError"]);
    }
    const wanted = this.#wanted(request, isSimple ? regex : undefined);
    if (reply.includes('"type":"TooLarge"') && isError) {
      return this.#isTooLarge(wanted.may, id)
        ? undefined
        : `the result is not too large: ${shown(reply)}`;
    }
    const result = resultOf(reply, id);
    if (result === undefined) return unlike(reply, "pairs");
    if (parsed(result) === undefined || !result.startsWith("[")) {
      return unlike(reply, "an array of pairs");
    }
    const pairs = partsOf(result);
    const keys = new Set(open?.foundKeys);
    for (const pair of pairs) {
      const key = wanted.may.get(pair);
      if (key === undefined) return `it found ${shown(pair)}, which is missing or does not match`;
      if (keys.has(key)) {
        return `it found ${shown(pair)} twice`;
      }
      keys.add(key);
    }
    if (typeof limit === "number" && pairs.length > limit) {
      return `${pairs.length} pairs pass the limit`;
    }
    const lasting = open ? open.lasting : wanted.must;
    if (open) this.#searches = this.#searches.filter((one) => one !== open);
    const next = /^,"cursor":"([^"\\]*)",/.exec(afterId(reply, id) ?? "")?.[1];
    if (next !== undefined) {
      if (limit === undefined) return "there is a cursor without a limit";
      this.#searches.push({ cursor: next, request, foundKeys: keys, lasting });
      return undefined;
    }
    for (const key of lasting ?? []) {
      if (!keys.has(key)) return `it did not find ${shown(JSON.stringify(key))}`;
    }
    return undefined;
  }

  /** The pairs that a search can find, with their keys, and the keys that it must find, if known. */
  #wanted(
    { method, members }: ValidRequest,
    regex: string | undefined,
  ): { may: Map<string, string>; must: Set<string> | undefined } {
    const may = new Map<string, string>();
    let must: Set<string> | undefined = new Set<string>();
    if (method === "scan") {
      const pattern = regex === undefined ? undefined : new RegExp(regex);
      for (const [key, { value }] of this.#entries) {
        if (pattern === undefined || pattern.test(key)) may.set(pairText(key, value), key);
      }
      return { may, must: pattern && new Set(may.values()) };
    }
    const subkey = textMember(members, "subkey"), subvalue = members.get("subvalue") ?? "";
    for (const [key, entry] of this.#entries) {
      if (!entry.value.startsWith("{")) continue;
      entry.members ??= new Map<string, string>(membersOf(entry.value) as Member[]);
      const member = entry.members.get(subkey);
      const isEqual = member !== undefined && areEqualAtoms(subvalue, member);
      if (isEqual === undefined) must = undefined;
      if (isEqual === false) continue;
      may.set(pairText(key, entry.value), key);
      must?.add(key);
    }
    return { may, must };
  }

  #isTooLarge(pairs: ReadonlyMap<string, string>, id: string | undefined): boolean {
    let bytes = utf8Length(id ?? "") + NEAR_BYTES;
    for (const pair of pairs.keys()) bytes += utf8Length(pair) + 1;
    return bytes > this.#limits.maxReplyBytes;
  }
}

/** A pair as replies contain it. */
function pairText(key: string, value: string): string {
  return `[${JSON.stringify(key)},${value}]`;
}

/** Checks a success with a known result. */
function exactly(reply: string, id: string | undefined, result: string): string | undefined {
  const expected = `{"status":"OK",${id === undefined ? "" : `"id":${id},`}"result":${result}}`;
  return reply === expected ? undefined : unlike(reply, expected);
}

/** Checks a failure. */
function refusal(
  reply: string,
  id: string | undefined,
  types: readonly string[],
): string | undefined {
  const start = `{"status":"ERROR",${id === undefined ? "" : `"id":${id},`}"type":`;
  const rest = reply.startsWith(start)
    ? parsed(`{"type":${reply.slice(start.length)}`)?.value
    : undefined;
  if (typeof rest !== "object" || rest === null) {
    return unlike(reply, `${start}"${types.join('" or "')}"`);
  }
  const { type, message, ...more } = rest as Record<string, unknown>;
  if (!types.includes(String(type))) return unlike(reply, types.join(" or "));
  const isSentence = typeof message === "string" && /^[A-Z][^\r\n]*[^.\r\n]$/.test(message);
  return isSentence && Object.keys(more).length === 0 ? undefined : unlike(reply, "one sentence");
}

/** The rest of a success, after its status and id. */
function afterId(reply: string, id: string | undefined): string | undefined {
  const start = `{"status":"OK"${id === undefined ? "" : `,"id":${id}`}`;
  return reply.startsWith(start) ? reply.slice(start.length) : undefined;
}

/** The result of a success, as written. */
function resultOf(reply: string, id: string | undefined): string | undefined {
  const rest = afterId(reply, id);
  const [, result] = /^(?:,"cursor":"[^"\\]*")?,"result":([^]*)\}$/.exec(rest ?? "") ?? [];
  return result;
}

function isSame(one: ValidRequest, other: ValidRequest): boolean {
  const names = ["regex", "subkey", "subvalue"];
  return one.method === other.method &&
    names.every((name) => value(one.members, name) === value(other.members, name));
}

function unlike(reply: string, expected: string): string {
  return `the reply should be ${shown(expected)}, and is ${shown(reply)}`;
}

function shown(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}... (${text.length} characters)` : text;
}

function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

const encoder = new TextEncoder();
