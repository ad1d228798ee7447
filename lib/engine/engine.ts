/**
 * The engine of a server: it keeps the table and executes requests. Connections only know this interface.
 *
 * The local engine keeps the table in this process (`local_engine.ts`). The remote one keeps it in a shared
 * store. Both share the decoding, the admission and the words of replies.
 */
import type { Log } from "../base/log.ts";
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import type { Client } from "../commands/client_state.ts";
import type { SessionContext } from "../commands/session_commands.ts";
import type { Method, Rejection, Request } from "../protocol/requests.ts";
import type { Yielder } from "../runtime/yielding.ts";
import type { SlowRequest } from "./slow_log.ts";

/** The requests of one client, in order. */
export interface RequestSource {
  readonly client: Client;
  /** Receives the replies, in the order of the requests (I1). */
  readonly out: ByteChunks;
  /**
   * The next request; undefined if none has arrived, or if the client takes no more replies. Its spans are
   * valid until the end of this `Submit`.
   */
  next(): Request | Rejection | undefined;
  /** Length of its last request, in bytes. */
  readonly lineBytes: number;
  /** Whether the connection has ended, so that no reply can be sent. */
  readonly isClosed: boolean;
  /** Whether `next` returns no request because of the replies that wait. */
  readonly isFull: boolean;
  /**
   * Sends the replies to the client before the end of this `Submit`.
   *
   * @param isLast whether the connection then closes (default: false). Spans of requests stay valid.
   * @throws if the connection has ended
   */
  flush(isLast?: boolean): Promise<void>;
}

/**
 * Executes the requests that a client has. It is called again only after its end.
 *
 * @returns undefined if all requests are executed and the replies may leave; else a promise of that
 * @throws the error of a request that threw: a bug, which ends this client only
 */
export type Submit = () => Promise<void> | undefined;

/** Executes the requests of all clients. */
export interface Engine {
  /** Identity of the table: a random string that is kept with its data. */
  readonly tableId: string;
  /** Number of the last durable change; 0 if changes have no numbers. */
  readonly durableSeq: number;
  /** The durability of changes, in a word. */
  readonly durability: string;
  /** Features that clients may rely on in addition to the methods of every server. */
  readonly features: readonly string[];
  /** Keys in the table; with a shared store it may be some seconds old. */
  readonly size: number;
  /** Memory of the table in this process, in bytes. */
  readonly memoryBytes: number;
  /** Number of executed requests by method, including failed ones. */
  readonly ops: Readonly<Record<Method, number>>;
  /** The slowest requests since the start, the slowest first. */
  readonly slowest: readonly SlowRequest[];
  /** More members for `info`, without secrets. Clients cannot change their length. */
  info(): Readonly<Record<string, unknown>>;
  /** Adds a client. */
  attach(source: RequestSource): Submit;
}

/** The parts of a server that an engine needs. */
export interface EngineParts {
  readonly context: SessionContext;
  /** Maximum size of a reply line, in bytes. */
  readonly maxReplyBytes: number;
  /** Maximum time of a scan or query without `limit`, in milliseconds (default: `MAX_SCAN_MS`). */
  readonly maxScanMs?: number | undefined;
  readonly yielder: Yielder;
  readonly log: Log;
}

/** Makes the engine of a server. */
export type MakeEngine = (parts: EngineParts) => Engine;
