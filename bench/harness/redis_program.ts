/** The start of a Redis on the loopback, for all benchmarks that compare with it. */
import { Program } from "./program.ts";

/** Options of the start. */
export interface RedisStart {
  /** The folder for its files. */
  readonly folder: string;
  readonly args: readonly string[];
  /** Kills it (default: none). */
  readonly signal?: AbortSignal;
  /** Turns its command into one that runs on a core (default: on any core). */
  readonly pin?: (command: readonly string[]) => readonly string[];
}

/** Starts a Redis without snapshots. @returns it, and its port when it is ready */
export function spawnRedis(
  { folder, args, signal, pin = (command) => command }: RedisStart,
): { program: Program; ready: Promise<number> } {
  const port = freePort();
  const own = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const command = pin(["redis-server", ...own, ...args]);
  const program = new Program(command, { cwd: folder, ...(signal && { signal }) });
  const ready = program.until("stdout", /Ready to accept connections/).then(() => port);
  return { program, ready };
}

/** Returns a port that was free a moment ago, because Redis cannot choose one itself. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
