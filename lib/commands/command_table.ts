/**
 * The command table: one entry per method, with its flags and the function that runs it. The rest of
 * the server reads the flags, so only this table and the decoder describe a method.
 *
 * Commands are synchronous and do no I/O. A command that fails has changed nothing. Only the executor
 * calls them (I7).
 */
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import { quoted } from "../base/quote.ts";
import { type Span, spanOf } from "../bytes/span.ts";
import { NULL_RESULT } from "../protocol/encode_reply.ts";
import { keyOf } from "../protocol/key_text.ts";
import type { Failure, JsonText, KeyText } from "../protocol/message.ts";
import type { Method, Request, RequestOf } from "../protocol/requests.ts";
import type { Agents } from "./agents.ts";
import type { Client, ClosingFailure } from "./client_state.ts";
import type { Cursors } from "./cursors.ts";
import { Entry, type HashTable } from "../table/hash_table.ts";
import { search } from "./scan.ts";

/** The reply to one request, as a command writes it. */
interface ReplyWriter {
  /** Maximum size of a result, in bytes. */
  readonly room: number;
  /**
   * Writes the reply of a success. The result is copied at once; chunks are moved, and empty afterwards.
   * If the command fails after this, the failure replaces the reply.
   *
   * @param cursor of a scan or query with more pairs
   */
  succeed(result: Span | ByteChunks, cursor?: string): void;
}

/** The location of a request's key in the table. */
export interface KeyLocation {
  readonly hash: number;
  /** Address of the key's entry; 0 if the table does not have the key. */
  readonly address: number;
}

/** The state of a server that commands read and change. */
export interface CommandContext {
  readonly table: HashTable;
  /** Maximum size of the table, in bytes; an insert beyond it fails with `TableFull`. */
  readonly maxTableBytes: number;
  /** Maximum time of a scan or query without `limit`, in milliseconds (default: `MAX_SCAN_MS`). */
  readonly maxScanMs?: number;
  readonly project: string;
  /** The result of `info`, or of `hello`, as JSON text. */
  info(method: "info" | "hello"): JsonText;
  readonly agents: Agents;
  /** Whether this is the server's token; always true if the server needs none. */
  isToken(token: string | undefined): boolean;
}

/** The properties of a method that the rest of the server depends on. */
export interface MethodFlags {
  /** Whether it changes the table, so that a success is recorded in the storage. */
  readonly isWrite: boolean;
  /** Whether it searches the table, which may take long. */
  readonly isSearch: boolean;
  /**
   * The part of the table that a reply shows, apart from the request's own change. The reply waits until
   * the changes of that part are durable (I2).
   */
  readonly shows: "key" | "table" | "nothing";
  /** Whether a client may use it before it has sent the server's token. */
  readonly allowedBeforeAuth: boolean;
  /** Whether the reserved admin connection of a full server may use it. */
  readonly reservedSlotAllowed: boolean;
}

/** One method: its flags, and the function that runs it. */
export interface Command<M extends Method> extends MethodFlags {
  readonly isWrite: M extends WriteRequest["method"] ? true : false;
  /**
   * Runs the method and writes the result to `reply`.
   *
   * @param location of the request's key, if it has one
   * @returns the failure if it failed
   */
  run(
    context: CommandContext,
    client: Client,
    request: RequestOf<M>,
    location: KeyLocation,
    reply: ReplyWriter,
  ): Failure | ClosingFailure | undefined;
}

const PONG = spanOf('"pong"');

const entry = new Entry();

/** A request of a method that changes the table. The storage has a record for each (`Change`). */
export type WriteRequest = RequestOf<"insert" | "remove">;

/** The flags of most methods. */
const USUAL = {
  isWrite: false,
  isSearch: false,
  shows: "table",
  allowedBeforeAuth: false,
  reservedSlotAllowed: false,
} as const satisfies MethodFlags;

/** The commands by method. */
export const COMMANDS: { readonly [M in Method]: Command<M> } = {
  insert: {
    ...USUAL,
    isWrite: true,
    // `TableFull` shows the size of the whole table.
    shows: "table",
    run({ table, maxTableBytes }, _client, { key, value }, { hash, address }, reply) {
      const cost = table.costOf(address, key.end - key.start, value.end - value.start);
      if (cost > 0 && table.bytes + cost > maxTableBytes) {
        return tableFull(
          key,
          `the table takes ${table.bytes} of ${maxTableBytes} bytes (--max-memory) and this insert needs ${cost} more`,
        );
      }
      // The reply comes first, so that no change is made without memory for it.
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
    ...USUAL,
    shows: "key",
    run({ table }, _client, { key }, { address }, reply) {
      return address === 0
        ? noSuchKey("look up", key)
        : replyWith("lookup", valueAt(table, address), reply, key);
    },
  },
  remove: {
    ...USUAL,
    isWrite: true,
    shows: "key",
    run({ table }, _client, { key }, { hash, address }, reply) {
      if (address === 0) return noSuchKey("remove", key);
      const failure = replyWith("remove", valueAt(table, address), reply, key);
      if (failure === undefined) table.remove(address, hash);
      return failure;
    },
  },
  scan: {
    ...USUAL,
    isSearch: true,
    run: (context, { cursors }, request, _location, reply) =>
      runSearch(context, cursors, request, reply),
  },
  query: {
    ...USUAL,
    isSearch: true,
    run: (context, { cursors }, request, _location, reply) =>
      runSearch(context, cursors, request, reply),
  },
  size: {
    ...USUAL,
    run: ({ table }, _client, _request, _location, reply) =>
      replyWith("size", spanOf(String(table.size)), reply),
  },
  ping: {
    ...USUAL,
    shows: "nothing",
    run: (_context, _client, _request, _location, reply) => replyWith("ping", PONG, reply),
  },
  info: {
    ...USUAL,
    reservedSlotAllowed: true,
    run: (context, _client, _request, _location, reply) =>
      replyWith("info", spanOf(context.info("info")), reply),
  },
  hello: {
    ...USUAL,
    allowedBeforeAuth: true,
    reservedSlotAllowed: true,
    run(context, client, { project, token, agent }, _location, reply) {
      if (!client.isAuthenticated && !context.isToken(token)) {
        return token === undefined ? tokenMissing("hello") : {
          type: "AuthError",
          message: "Cannot authenticate this client: the token is not this server's",
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
      return replyWith("hello", spanOf(context.info("hello")), reply);
    },
  },
};

/**
 * The failure of a request before the client has sent the token.
 *
 * @param method undefined if the request has no known method
 */
export function tokenMissing(method: Method | undefined): Failure {
  return {
    type: "AuthError",
    message: `Cannot ${
      method ?? "execute the request"
    }: this server needs a token; send hello with 'token' first`,
  };
}

function runSearch(
  { table, maxScanMs }: CommandContext,
  cursors: Cursors,
  request: RequestOf<"scan"> | RequestOf<"query">,
  reply: ReplyWriter,
): Failure | undefined {
  const found = search(table, cursors, request, reply.room, maxScanMs);
  if ("type" in found) return found;
  try {
    reply.succeed(found.result, found.cursor);
  } finally {
    found.result.clear(); // if the reply did not move it
  }
  return undefined;
}

/** Writes a result to the reply, or fails if it is too large. */
function replyWith(
  method: Method,
  result: Span,
  reply: ReplyWriter,
  key?: KeyText,
): Failure | undefined {
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

/** A key in quotes, for a message. */
export function quotedKey(key: KeyText): string {
  return quoted(keyOf(key));
}

/** Whether a request changes the table. @param flags of its method (default: those of the table) */
export function isWriteRequest(
  request: Request,
  { isWrite }: Pick<MethodFlags, "isWrite"> = COMMANDS[request.method],
): request is WriteRequest {
  return isWrite;
}

/** The key of a request, if its method has one. */
export function keyTextIn(request: Request): KeyText | undefined {
  return "key" in request ? request.key : undefined;
}
