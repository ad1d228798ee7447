/** The remote engine: the table is in a shared store, and this process keeps nothing of it (ARCHITECTURE.md). */
import { MAX_EARLY_BYTES } from "../base/limits.ts";
import type { Engine, EngineParts, MakeEngine } from "../engine/engine.ts";
import { RequestLog } from "../engine/request_log.ts";
import { ReplyEncoder } from "../protocol/encode_reply.ts";
import { METHODS } from "../protocol/requests.ts";
import type { Method } from "../protocol/requests.ts";
import type { BucketKeys } from "../store/bucket_keys.ts";
import type { Store } from "../store/store.ts";
import { KeyHash } from "../table/key_hash.ts";
import { CommandPool } from "./command_pool.ts";
import { ExpectedValue } from "./expected_value.ts";
import { HeldBytes } from "./held_bytes.ts";
import { RemoteClient } from "./remote_client.ts";
import type { RemoteCounters, RemoteParts } from "./remote_parts.ts";
import { RemoteSearch } from "./remote_search.ts";
import type { TableSize } from "./table_size.ts";

/** A table in a store. */
export interface RemoteTable {
  readonly store: Store;
  readonly keys: BucketKeys;
  /** Identity of the table. */
  readonly tableId: string;
  /** The secret seed of the hash that chooses a key's bucket: two words. */
  readonly seed: Int32Array;
  readonly size: TableSize;
}

/** Makes an engine over a table in a store. */
export function remoteEngine(table: RemoteTable): MakeEngine {
  return (parts) => makeEngine(table, parts);
}

function makeEngine(table: RemoteTable, parts: EngineParts): Engine {
  const { store, keys, tableId, seed, size } = table;
  const { context, maxReplyBytes, maxScanMs, yielder, log } = parts;
  const counters: RemoteCounters = {
    ops: Object.fromEntries(METHODS.map((method) => [method, 0])) as Record<Method, number>,
    unknownOutcomes: 0,
    failures: 0,
    lastFailure: undefined,
    repeats: 0,
  };
  const bucketHash = new KeyHash(seed);
  const shared: RemoteParts = {
    store,
    context,
    bucketHash,
    commands: new CommandPool(keys),
    held: new HeldBytes(MAX_EARLY_BYTES.all),
    expected: new ExpectedValue(),
    reply: new ReplyEncoder(maxReplyBytes),
    search: new RemoteSearch({
      store,
      bucketKeys: keys,
      bucketHash,
      yielder,
      maxScanMs,
      tableSize: () => size.last,
    }),
    size,
    counters,
    requestLog: new RequestLog(log),
    yielder,
  };
  return {
    tableId,
    durableSeq: 0,
    durability: store.durability,
    features: ["shared"],
    get size() {
      return size.last;
    },
    memoryBytes: 0,
    ops: counters.ops,
    get slowest() {
      return shared.requestLog.slowLog.slowest;
    },
    info: () => ({
      store: {
        ...store.info(),
        requests_in_flight: shared.commands.used,
        waiting_searches: shared.search.waiting,
        held_reply_bytes: shared.held.bytes,
        repeated_requests: counters.repeats,
        unknown_outcomes: counters.unknownOutcomes,
        failures: counters.failures,
        last_failure: counters.lastFailure ?? null,
      },
    }),
    attach(source) {
      const client = new RemoteClient(source, shared);
      return () => client.submit();
    },
  };
}
