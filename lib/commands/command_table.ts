/**
 * The command table: one entry per method, with its flags and the function that runs it. The rest of
 * the server reads the flags, so only this table and the decoder describe a method.
 *
 * Commands are synchronous and do no I/O. A command that fails has changed nothing. Only the executor
 * calls them (I7).
 */
import { type Span, spanOf } from "../bytes/span.ts";
import { NULL_RESULT } from "../protocol/encode_reply.ts";
import type { Failure, KeyText } from "../protocol/message.ts";
import type { Method, Request, RequestOf } from "../protocol/requests.ts";
import type { Client, ClosingFailure } from "./client_state.ts";
import type { Cursors } from "./cursors.ts";
import { Entry, type HashTable } from "../table/hash_table.ts";
import { noSuchKey, resultTooLarge, tableFull } from "./failures.ts";
import type { ReplyWriter } from "./reply_writer.ts";
import { search } from "./scan.ts";
import { runSessionCommand, type SessionContext } from "./session_commands.ts";

/** The location of a request's key in the table. */
export interface KeyLocation {
  readonly hash: number;
  /** Address of the key's entry; 0 if the table does not have the key. */
  readonly address: number;
}

/** The state of a server that commands read and change. */
export interface CommandContext extends SessionContext {
  readonly table: HashTable;
  /** Maximum size of the table, in bytes; an insert beyond it fails with `TableFull`. */
  readonly maxTableBytes: number;
  /** Maximum time of a scan or query without `limit`, in milliseconds (default: `MAX_SCAN_MS`). */
  readonly maxScanMs?: number;
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
    run: (context, client, request, _location, reply) =>
      runSessionCommand(context, client, request, reply),
  },
  info: {
    ...USUAL,
    reservedSlotAllowed: true,
    run: (context, client, request, _location, reply) =>
      runSessionCommand(context, client, request, reply),
  },
  hello: {
    ...USUAL,
    allowedBeforeAuth: true,
    reservedSlotAllowed: true,
    run: (context, client, request, _location, reply) =>
      runSessionCommand(context, client, request, reply),
  },
};

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
  if (bytes > reply.room) return resultTooLarge(method, bytes, key);
  reply.succeed(result);
  return undefined;
}

function valueAt(table: HashTable, address: number): Span {
  table.readAt(address, entry);
  return { bytes: entry.bytes, start: entry.keyEnd, end: entry.valueEnd };
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
