/** Servers in processes of their own on a data folder, which a test kills and starts again. */
import { ALONE_ON_DISK, fromSource, Program } from "../../bench/harness/program.ts";
import type { Random } from "../../bench/harness/random.ts";

/** Changes in the log before a checkpoint replaces it. */
const COMPACT_ENTRIES = 100;

/** Largest number of events in the folder before a starting server is killed. */
const MAX_EVENTS = 16;

/** Starts the server on a data folder: from the source, or the executable that `HTSERVER` names. */
export function startProgram(folder: string): Program {
  const args = [
    "crash-a4",
    ...ALONE_ON_DISK,
    "--data",
    folder,
    "--compact-entries",
    `${COMPACT_ENTRIES}`,
  ];
  const executable = Deno.env.get("HTSERVER");
  return new Program(executable ? [executable, ...args] : fromSource("server.ts", ...args));
}

/** Starts a server and kills it during its start, after a random number of events in its folder. */
export async function killDuringStart(folder: string, random: Random): Promise<void> {
  const events = 1 + random.below(MAX_EVENTS);
  using watcher = Deno.watchFs(folder);
  await using server = startProgram(folder);
  await Promise.race([waitForEvents(watcher, events), server.port()]);
  server.kill("SIGKILL");
  await server.exitCode();
}

async function waitForEvents(watcher: Deno.FsWatcher, count: number): Promise<void> {
  for await (const _ of watcher) if (--count === 0) return;
}

/** The work of a server when it was killed. */
export type Activity = "serving" | "checkpoint started" | "checkpoint half written";

/** Finds the activity from the files that a killed server has left. */
export function readActivity(folder: string): Activity {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  if (names.includes("table.ckpt.new")) return "checkpoint half written";
  return names.some((name) => /^table\.txn\.\d+$/.test(name)) ? "checkpoint started" : "serving";
}
