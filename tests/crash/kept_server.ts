/** The real server on a data folder, to be killed and started again. */
import { ALONE_ON_DISK, fromSource, Program } from "../../bench/harness/program.ts";
import type { Random } from "../../bench/harness/random.ts";

/** Changes in the log after which it is compacted. */
const COMPACT_ENTRIES = 100;

/** Most events in the folder that a start is let see before it is killed. */
const MAX_EVENTS = 16;

/** A folder for one test, removed at its end. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty folder. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await Deno.makeTempDir({ prefix: "htserver-crash-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/**
 * Starts the server on a folder: from the source, or the executable that `HTSERVER` names.
 *
 * @param folder its data folder
 */
export function startOn(folder: string): Program {
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

/** Starts the server and kills it on the way, after a random number of events in its folder. */
export async function killDuringStart(folder: string, random: Random): Promise<void> {
  const events = 1 + random.below(MAX_EVENTS);
  using watcher = Deno.watchFs(folder);
  await using server = startOn(folder);
  await Promise.race([countOf(watcher, events), server.port()]);
  server.kill("SIGKILL");
  await server.exitCode();
}

async function countOf(watcher: Deno.FsWatcher, events: number): Promise<void> {
  for await (const _ of watcher) if (--events === 0) return;
}

/** What the files say about the moment of a kill. */
export type Phase = "serving" | "checkpoint begun" | "checkpoint half written";

/** Looks at a folder that a server left behind. */
export function phaseIn(folder: string): Phase {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  if (names.includes("table.ckpt.new")) return "checkpoint half written";
  return names.some((name) => /^table\.txn\.\d+$/.test(name)) ? "checkpoint begun" : "serving";
}
