/** The parts of a remote engine that its clients share. */
import type { SessionContext } from "../commands/session_commands.ts";
import type { RequestLog } from "../engine/request_log.ts";
import type { ReplyEncoder } from "../protocol/encode_reply.ts";
import type { Method } from "../protocol/requests.ts";
import type { Store } from "../store/store.ts";
import type { KeyHash } from "../table/key_hash.ts";
import type { Yielder } from "../runtime/yielding.ts";
import type { CommandPool } from "./command_pool.ts";
import type { ExpectedValue } from "./expected_value.ts";
import type { HeldBytes } from "./held_bytes.ts";
import type { RemoteSearch } from "./remote_search.ts";
import type { TableSize } from "./table_size.ts";

/** What a remote engine has counted since its start. */
export interface RemoteCounters {
  /** Requests by method, including failed ones. */
  readonly ops: Record<Method, number>;
  /** Requests whose outcome is unknown; each closed its connection. */
  unknownOutcomes: number;
  /** Requests that the store did not execute. */
  failures: number;
  /** The reason of the last one of both. */
  lastFailure: string | undefined;
  /** Replies for which there was no room before their turn: executed again. */
  repeats: number;
}

/** The parts that clients share. */
export interface RemoteParts {
  readonly store: Store;
  readonly context: SessionContext;
  readonly bucketHash: KeyHash;
  readonly commands: CommandPool;
  readonly held: HeldBytes;
  /** What the lookups of new clients are expected to return. */
  readonly expected: ExpectedValue;
  readonly reply: ReplyEncoder;
  readonly search: RemoteSearch;
  readonly size: TableSize;
  readonly counters: RemoteCounters;
  readonly requestLog: RequestLog;
  readonly yielder: Yielder;
}
