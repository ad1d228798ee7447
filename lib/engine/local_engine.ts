/** The local engine: the table is in this process, and its changes go to a storage. */
import type { TableWithStorage } from "../storage/storage.ts";
import { CommandQueue } from "./command_queue.ts";
import type { Engine, EngineParts, MakeEngine } from "./engine.ts";
import { Executor } from "./executor.ts";
import { GroupCommit } from "./group_commit.ts";

/**
 * Makes an engine over a table.
 *
 * @param maxTableBytes maximum size of the table, in bytes
 */
export function localEngine(opened: TableWithStorage, maxTableBytes: number): MakeEngine {
  return (parts) => makeEngine(opened, maxTableBytes, parts);
}

function makeEngine(
  { table, storage }: TableWithStorage,
  maxTableBytes: number,
  { context, maxReplyBytes, maxScanMs, yielder, log }: EngineParts,
): Engine {
  const commits = new GroupCommit(storage, table);
  const executor = new Executor({
    context: { ...context, table, maxTableBytes, ...(maxScanMs !== undefined && { maxScanMs }) },
    commits,
    maxReplyBytes,
    log,
  });
  const queue = new CommandQueue(executor.execute, commits, yielder);
  return {
    tableId: storage.tableId,
    durability: storage.durability,
    features: [],
    get durableSeq() {
      return storage.durableSeq;
    },
    get size() {
      return table.size;
    },
    get memoryBytes() {
      return table.bytes;
    },
    get ops() {
      return executor.ops;
    },
    get slowest() {
      return executor.slowest;
    },
    info: () => ({}),
    attach: (source) => queue.attach(source),
  };
}
