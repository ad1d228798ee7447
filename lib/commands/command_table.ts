/**
 * What each method does: one entry per method, synchronous, with no I/O.
 *
 * A command that fails has changed nothing. Only `engine/command_queue.ts` calls them (I7).
 */
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import { quoted } from "../base/quote.ts";
import { type Span, spanOf } from "../bytes/span.ts";
import { NULL_RESULT } from "../protocol/encode_reply.ts";
import { keyOf } from "../protocol/key_text.ts";
import type {
  Failure,
  JsonText,
  KeyText,
  Method,
  Request,
  RequestOf,
} from "../protocol/message.ts";
import type { Agents } from "./agents.ts";
import type { Cursors } from "./cursors.ts";
import { Entry, type HashTable } from "../table/hash_table.ts";
import { search } from "./scan.ts";

/** A failure after which the connection is closed: only a wrong token is one. */
export interface ClosingFailure extends Failure {
  readonly closes: true;
}

/** Takes the result of a command, and copies it at once; chunks it empties. A failure takes its place. */
export interface Reply {
  /** Most bytes that a result may have. */
  readonly room: number;
  /** @param cursor of a scan that is not at its end */
  succeed(result: Span | ByteChunks, cursor?: string): void;
}

/** Where a request's key is. */
export interface KeyLocation {
  readonly hash: number;
  /** Of its entry in the table; 0: there is no such key. */
  readonly address: number;
}

/** What commands need to know of the client that asks. */
export interface Client {
  /** Given out in the order of connecting, from 1. */
  readonly number: number;
  readonly cursors: Cursors;
  /** Whether it may use every method: it said a good hello, or the server needs no token. */
  isAuthenticated: boolean;
  /** By which `Agents` counts it; undefined: by none. */
  agent: string | undefined;
}

/** What commands work on. */
export interface CommandContext {
  readonly table: HashTable;
  /** Bytes that the table may take; beyond it, `TableFull`. */
  readonly maxTableBytes: number;
  /** Most time for a scan or query without `limit`, in milliseconds (default: `MAX_SCAN_MS`). */
  readonly maxScanMs?: number;
  readonly project: string;
  /** The result of `info`, or of `hello`, as JSON text. */
  info(method: "info" | "hello"): JsonText;
  readonly agents: Agents;
  /** Whether this is the server's token; always true where it needs none. */
  isToken(token: string | undefined): boolean;
}

/** One method. */
export interface Command<M extends Method> {
  /**
   * Does it, and gives the result to `reply`; or tells why not.
   *
   * @param place of the request's key, where it has one
   */
  run(
    context: CommandContext,
    client: Client,
    request: RequestOf<M>,
    place: KeyLocation,
    reply: Reply,
  ): Failure | ClosingFailure | undefined;
}

const PONG = spanOf('"pong"');

const entry = new Entry();

export const COMMANDS: { readonly [M in Method]: Command<M> } = {
  insert: {
    run({ table, maxTableBytes }, _client, { key, value }, { hash, address }, reply) {
      const cost = table.costOf(address, key.end - key.start, value.end - value.start);
      if (cost > 0 && table.bytes + cost > maxTableBytes) {
        return tableFull(
          key,
          `the table takes ${table.bytes} of ${maxTableBytes} bytes (--max-memory) and this needs ${cost} more`,
        );
      }
      // First, so that nothing is changed for which there is no reply.
      reply.succeed(NULL_RESULT);
      try {
        table.set(address, hash, key, value);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return tableFull(key, error.message);
      }
      return undefined;
    },
  },
  lookup: {
    run({ table }, _client, { key }, { address }, reply) {
      return address === 0
        ? noSuchKey("look up", key)
        : tell("lookup", valueAt(table, address), reply, key);
    },
  },
  remove: {
    run({ table }, _client, { key }, { hash, address }, reply) {
      if (address === 0) return noSuchKey("remove", key);
      const failure = tell("remove", valueAt(table, address), reply, key);
      if (failure === undefined) table.remove(address, hash);
      return failure;
    },
  },
  scan: {
    run: (context, { cursors }, request, _place, reply) => find(context, cursors, request, reply),
  },
  query: {
    run: (context, { cursors }, request, _place, reply) => find(context, cursors, request, reply),
  },
  size: {
    run: ({ table }, _client, _request, _place, reply) =>
      tell("size", spanOf(String(table.size)), reply),
  },
  ping: {
    run: (_context, _client, _request, _place, reply) => tell("ping", PONG, reply),
  },
  info: {
    run: (context, _client, _request, _place, reply) =>
      tell("info", spanOf(context.info("info")), reply),
  },
  hello: {
    run(context, client, { project, token, agent }, _place, reply) {
      if (!client.isAuthenticated && !context.isToken(token)) {
        return token === undefined ? tokenMissing("hello") : {
          type: "AuthError",
          message: "Cannot admit this client: the token is not this server's",
          closes: true,
        };
      }
      if (project !== undefined && project !== context.project) {
        return {
          type: "WrongServer",
          message: `This server is ${quoted(context.project)}, not ${quoted(project)}`,
        };
      }
      client.isAuthenticated = true;
      if (agent !== undefined) context.agents.add(client, agent);
      return tell("hello", spanOf(context.info("hello")), reply);
    },
  },
};

/** The failure of a method before a good hello; undefined: one that there is not. */
export function tokenMissing(method: Method | undefined): Failure {
  return {
    type: "AuthError",
    message: `Cannot ${
      method ?? "do that"
    }: this server needs a token; say hello with 'token' first`,
  };
}

function find(
  { table, maxScanMs }: CommandContext,
  cursors: Cursors,
  request: RequestOf<"scan"> | RequestOf<"query">,
  reply: Reply,
): Failure | undefined {
  const found = search(table, cursors, request, reply.room, maxScanMs);
  if ("type" in found) return found;
  try {
    reply.succeed(found.result, found.cursor);
  } finally {
    found.result.clear(); // where it was not taken out
  }
  return undefined;
}

/** Succeeds with a result, where there is room for it. */
function tell(method: Method, result: Span, reply: Reply, key?: KeyText): Failure | undefined {
  const bytes = result.end - result.start;
  if (bytes > reply.room) {
    const what = key === undefined ? method : `${method} ${quotedKey(key)}`;
    return { type: "TooLarge", message: `Cannot ${what}: the result has ${bytes} bytes` };
  }
  reply.succeed(result);
  return undefined;
}

function valueAt(table: HashTable, address: number): Span {
  table.readAt(address, entry);
  return { bytes: entry.bytes, start: entry.keyEnd, end: entry.valueEnd };
}

function tableFull(key: KeyText, why: string): Failure {
  return {
    type: "TableFull",
    message: `Cannot insert ${quotedKey(key)}: ${why}; remove some keys first`,
  };
}

function noSuchKey(what: string, key: KeyText): Failure {
  return { type: "KeyError", message: `Cannot ${what} ${quotedKey(key)}: there is no such key` };
}

/** A key for a message. */
export function quotedKey(key: KeyText): string {
  return quoted(keyOf(key));
}

/** The key that a request is about, where it is about one. */
export function keyTextIn(request: Request): KeyText | undefined {
  return "key" in request ? request.key : undefined;
}
