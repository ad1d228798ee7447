/**
 * A durable server in a process of its own, with settings that no flag has: the way and the time of
 * a sync, and checkpoints on a signal. `startServer` starts it; its argument is a `Setup` as JSON.
 */
import { limitsFrom } from "../../lib/config/limit_flags.ts";
import { sleep } from "../../lib/base/clock.ts";
import { silentLog } from "../../lib/base/log.ts";
import { SyncPolicy } from "../../lib/engine/group_commit.ts";
import { localEngine } from "../../lib/engine/local_engine.ts";
import { HtServer } from "../../lib/server/server.ts";
import { DurableStorage } from "../../lib/storage/durable_storage.ts";
import { FolderFiles, type WritableFile } from "../../lib/storage/folder/folder_files.ts";
import { recover } from "../../lib/storage/recovery/recovery.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { fromSource, Program } from "../harness/program.ts";
import { withV8Flags } from "../harness/htserver.ts";
import type { Target } from "../load/generator.ts";

/** The memory of the machine for the limits: the table gets half of it. */
const MEMORY_BYTES = 2e9;

/** The settings. */
export interface Setup {
  readonly folder: string;
  /** The way to sync; `chosen`: the policy of the server. */
  readonly sync: "chosen" | "inline" | "background";
  /** The time of a simulated sync in milliseconds; 0: that of the disk. */
  readonly syncMs: number;
}

/**
 * Starts a server process. After a SIGUSR1, the next change starts a checkpoint. At its end, the server
 * prints `checkpoint done`.
 */
export function startServer(setup: Setup): Program {
  const command = fromSource("bench/durability/server_process.ts", JSON.stringify(setup));
  return new Program(withV8Flags(command));
}

/** Waits until the server listens, and returns it as a target of the load generator. */
export async function targetOf(server: Program): Promise<Target> {
  return {
    name: "htserver, durable",
    protocol: "json",
    port: await server.port(),
    pid: server.pid,
  };
}

async function main({ folder, sync, syncMs }: Setup): Promise<void> {
  if (sync !== "chosen") {
    Object.defineProperty(SyncPolicy.prototype, "isInline", { value: () => sync === "inline" });
  }
  const files = syncMs > 0 ? new SlowFiles(folder, syncMs) : new FolderFiles(folder);
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
    isCheckpointDue = true;
    const poll = setInterval(async () => {
      if (storage.checkpointing === undefined) return;
      clearInterval(poll);
      isCheckpointDue = false;
      await storage.checkpointing;
      console.log("checkpoint done");
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
    localEngine({ table, storage }, MEMORY_BYTES),
    undefined,
    silentLog,
  );
  console.log(`Listening on port ${server.port}`);
}

/** A folder on a simulated slow disk: a sync takes a fixed time and does not reach the real disk. */
class SlowFiles extends FolderFiles {
  readonly #syncMs: number;

  constructor(folder: string, syncMs: number) {
    super(folder);
    this.#syncMs = syncMs;
  }

  override openToWrite(name: string, how: "create" | "append"): WritableFile {
    const file = super.openToWrite(name, how);
    file.syncDataSync = () => this.syncFolderNow();
    file.syncData = () => this.syncFolder();
    return file;
  }

  override async syncFolder(): Promise<void> {
    await sleep(this.#syncMs);
  }

  /** Blocks the thread. */
  override syncFolderNow(): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, this.#syncMs);
  }
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "{}"));
