/**
 * A durable server in a process of its own, with what the questions need to set: how it syncs, how long
 * a sync takes, when it writes checkpoints. Started by `startServer`; its argument is a `Setup` as JSON.
 */
import { limitsFrom } from "../../lib/config/limit_flags.ts";
import { silentLog } from "../../lib/base/log.ts";
import { SyncPolicy } from "../../lib/engine/group_commit.ts";
import { HtServer } from "../../lib/server/server.ts";
import { DurableStorage } from "../../lib/storage/durable_storage.ts";
import { FolderFiles } from "../../lib/storage/folder/folder_files.ts";
import { recover } from "../../lib/storage/recovery/recovery.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { fromSource, Program } from "../harness/program.ts";
import { v8Flags, withV8Flags } from "../harness/htserver.ts";
import { SlowFiles } from "./slow_files.ts";

/** Of the machine, as far as limits depend on it: the table may take half. */
const MEMORY_BYTES = 2e9;

/** What the server is to do. */
export interface Setup {
  readonly folder: string;
  /** How to sync; `chosen`: as the server does. */
  readonly sync: "chosen" | "inline" | "background";
  /** Time of a sync in milliseconds, simulated; 0: the disk's own. */
  readonly syncMs: number;
}

/** Starts one. It writes its port, and for each SIGUSR1 a checkpoint and `checkpoint FROM TO` (epoch, ms). */
export function startServer(setup: Setup): Program {
  const command = fromSource("bench/durability/server_process.ts", JSON.stringify(setup));
  return new Program(withV8Flags(command, v8Flags()));
}

async function main({ folder, sync, syncMs }: Setup): Promise<void> {
  if (sync !== "chosen") {
    Object.defineProperty(SyncPolicy.prototype, "isInline", { value: () => sync === "inline" });
  }
  const real = new FolderFiles(folder);
  const files = syncMs > 0 ? new SlowFiles(real, syncMs) : real;
  const table = new HashTable();
  let isCheckpointDue = false;
  const storage = new DurableStorage({
    files,
    table,
    recovery: await recover(files, table),
    fsync: "always",
    compact: {
      bytes: Infinity,
      get entries() {
        return isCheckpointDue ? 1 : Infinity;
      },
    },
    log: silentLog,
    onSyncFailure: () => Deno.exit(1),
  });
  Deno.addSignalListener("SIGUSR1", () => {
    isCheckpointDue = true; // after the next change
    const poll = setInterval(async () => {
      if (storage.checkpointing === undefined) return;
      clearInterval(poll);
      isCheckpointDue = false;
      const began = performance.timeOrigin + performance.now();
      await storage.checkpointing;
      console.log(`checkpoint ${began} ${performance.timeOrigin + performance.now()}`);
    }, 1);
  });
  const server = new HtServer(
    {
      project: "bench-a4",
      owner: "bench",
      host: "127.0.0.1",
      port: 0,
      catalogIntervalMs: 60_000,
      ...limitsFrom({}, MEMORY_BYTES),
    },
    { table, storage },
    undefined,
    silentLog,
  );
  console.log(`Listening on port ${server.port}`);
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "{}"));
