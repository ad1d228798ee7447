/**
 * What each method does: one entry per method, synchronous, with no I/O.
 *
 * A command that fails has changed nothing. Only `engine/command_queue.ts` calls them (I7).
 */
import { quoted } from "../base/quoted.ts";
import { fitsInUtf8, utf8Bytes } from "../base/utf8.ts";
import type { Failure, JsonText, Method, RequestOf } from "../protocol/message.ts";
import type { Cursors } from "./cursors.ts";
import type { HashTable } from "./hash_table.ts";
import { search } from "./search.ts";

/** A command's result: JSON text, and the cursor of a scan that is not at its end. */
export interface Success {
  readonly result: JsonText;
  readonly cursor?: string;
}

/** A failure after which the connection is closed: only a wrong token is one. */
export interface ClosingFailure extends Failure {
  readonly closes: true;
}

export type Outcome = Success | Failure | ClosingFailure;

/** What commands need to know of the client that asks. */
export interface Client {
  /** Given out in the order of connecting, from 1. */
  readonly number: number;
  readonly cursors: Cursors;
  /** Whether it may use every method: it said a good hello, or the server needs no token. */
  admitted: boolean;
}

/** What commands work on. */
export interface CommandContext {
  readonly table: HashTable;
  /** Bytes that the table may take; beyond it, `TableFull`. */
  readonly maxTableBytes: number;
  readonly project: string;
  /** The members of `info`, as JSON text. */
  info(): JsonText;
  /** Whether this is the server's token; always true where it needs none. */
  isToken(token: string | undefined): boolean;
}

/** One method: whether a success has changed the table, and what it does. */
export interface Command<M extends Method> {
  readonly changes: boolean;
  /**
   * @param maxBytes room for the result's text. A command that changes the table fails where its
   * result has no room; the result of another one may be too large, and is then thrown away
   */
  run(context: CommandContext, client: Client, request: RequestOf<M>, maxBytes: number): Outcome;
}

const NULL: Success = { result: "null" };
const PONG: Success = { result: '"pong"' };

export const COMMANDS: { readonly [M in Method]: Command<M> } = {
  insert: {
    changes: true,
    run({ table, maxTableBytes }, _client, { key, value }) {
      const cost = table.costOf(key, value);
      if (cost === undefined || (cost > 0 && table.bytes + cost > maxTableBytes)) {
        return {
          type: "TableFull",
          message: `Cannot insert ${
            quoted(key)
          }: the table takes ${table.bytes} of ${maxTableBytes} bytes (--max-memory)${
            cost === undefined ? " and its index is full" : ` and this needs ${cost} more`
          }; remove some keys first`,
        };
      }
      table.insert(key, value);
      return NULL;
    },
  },
  lookup: {
    changes: false,
    run({ table }, _client, { key }) {
      const value = table.lookup(key);
      return value === undefined ? noSuchKey("look up", key) : { result: value };
    },
  },
  remove: {
    changes: true,
    run({ table }, _client, { key }, maxBytes) {
      const value = table.lookup(key);
      if (value === undefined) return noSuchKey("remove", key);
      if (!fitsInUtf8(value, maxBytes)) {
        return {
          type: "TooLarge",
          message: `Cannot remove ${quoted(key)}: its value has ${utf8Bytes(value)} bytes`,
        };
      }
      table.remove(key);
      return { result: value };
    },
  },
  scan: {
    changes: false,
    run: ({ table }, { cursors }, request, maxBytes) => search(table, cursors, request, maxBytes),
  },
  query: {
    changes: false,
    run: ({ table }, { cursors }, request, maxBytes) => search(table, cursors, request, maxBytes),
  },
  size: {
    changes: false,
    run: ({ table }) => ({ result: String(table.size) }),
  },
  ping: {
    changes: false,
    run: () => PONG,
  },
  info: {
    changes: false,
    run: (context) => ({ result: context.info() }),
  },
  hello: {
    changes: false,
    run(context, client, { project, token }) {
      if (!client.admitted && !context.isToken(token)) {
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
      client.admitted = true;
      return { result: context.info() };
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

function noSuchKey(what: string, key: string): Failure {
  return { type: "KeyError", message: `Cannot ${what} ${quoted(key)}: there is no such key` };
}
