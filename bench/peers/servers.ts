/** The start of the servers that are compared, each on a free port of the loopback. */
import { writeBundle } from "../../tools/build/bundle.ts";
import { type Program as Built, PROGRAMS, runtimeFlags } from "../../tools/build/programs.ts";
import { ALONE_ON_DISK, isInstalled, Program } from "../harness/program.ts";
import { spawnRedis } from "../harness/redis_program.ts";
import type { Target } from "../load/generator.ts";
import type { Peer, PeerName } from "./peer.ts";
import { pinned } from "../harness/cpu_pinning.ts";

const HERE = new URL(".", import.meta.url).pathname;

/** The connection limit of each server: more than the benchmark opens. */
const MAX_CLIENTS = 15_000;

/** Options of the start of a server. */
export interface StartOptions {
  /** Folder for the files of all servers, so that they are on one disk. */
  readonly folder: string;
  /** The command that starts htserver. */
  readonly htserver: readonly string[];
  /** The command that starts an earlier version, if one is compared. */
  readonly earlier?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** Programs that may be missing, by the servers that need them. Their Debian packages have these names. */
const NEEDED: Readonly<Partial<Record<PeerName, string>>> = {
  "Redis": "redis-server",
  "Redis, durable": "redis-server",
  "Python": "python3",
  "Python, durable": "python3",
};

/** A server with its process. */
export interface RunningPeer extends Peer, AsyncDisposable {}

/** Builds htserver from its sources as the executables are, and returns the command to start it. */
export async function htserverCommand(folder: string): Promise<string[]> {
  const built = PROGRAMS.find(({ name }) => name === "htserver") as Built;
  const file = `${folder}/${built.name}.mjs`;
  await writeBundle(built, file);
  return [Deno.execPath(), "run", ...runtimeFlags(built), file];
}

/** The name of a program that is missing for a server; undefined if it can be started. */
export function missingFor(name: PeerName): string | undefined {
  const needed = NEEDED[name];
  if (needed === undefined || isInstalled(needed)) return undefined;
  return `${name}: there is no ${needed} (Debian: apt-get install ${needed})`;
}

/** Starts a server, and waits until it listens. */
export async function startPeer(name: PeerName, options: StartOptions): Promise<RunningPeer> {
  switch (name) {
    case "htserver":
    case "htserver, earlier":
      return await startListening(name, "json", htserver(name, options, "--memory"), options);
    case "htserver, durable":
    case "htserver, durable, earlier": {
      const command = htserver(name, options, "--data", newFolder(options));
      return await startListening(name, "json", command, options);
    }
    case "Deno echo": {
      const command = [Deno.execPath(), "run", "--quiet", "--allow-net", `${HERE}echo.ts`];
      return await startListening(name, "echo", command, options);
    }
    case "Redis":
      return await startRedis(name, ["--appendonly", "no"], options);
    case "Redis, durable":
      return await startRedis(name, ["--appendonly", "yes", "--appendfsync", "always"], options);
    case "Python":
      return await startListening(name, "json", ["python3", `${HERE}select_server.py`], options);
    case "Python, durable": {
      const command = ["python3", `${HERE}select_server.py`, `${newFolder(options)}/log`];
      return await startListening(name, "json", command, options);
    }
  }
}

function htserver(name: PeerName, options: StartOptions, ...args: string[]): string[] {
  const program = name.endsWith("earlier") ? options.earlier ?? [] : options.htserver;
  return [...program, "bench-a4", ...ALONE_ON_DISK, "--max-clients", String(MAX_CLIENTS), ...args];
}

/** Starts a server that chooses a port and prints it. */
async function startListening(
  name: PeerName,
  protocol: Target["protocol"],
  command: readonly string[],
  { folder, signal }: StartOptions,
): Promise<RunningPeer> {
  const program = new Program(pinned("server", command), { signal, cwd: folder });
  return await running(name, protocol, program, program.port());
}

async function startRedis(
  name: PeerName,
  args: string[],
  options: StartOptions,
): Promise<RunningPeer> {
  const { program, ready } = spawnRedis({
    folder: newFolder(options),
    args: ["--maxclients", String(MAX_CLIENTS), ...args],
    signal: options.signal,
    pin: (command) => pinned("server", command),
  });
  return await running(name, "resp", program, ready);
}

async function running(
  name: PeerName,
  protocol: Target["protocol"],
  program: Program,
  port: Promise<number>,
): Promise<RunningPeer> {
  try {
    const end = () => program[Symbol.asyncDispose]();
    return { name, protocol, port: await port, pid: program.pid, [Symbol.asyncDispose]: end };
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

function newFolder({ folder }: StartOptions): string {
  return Deno.makeTempDirSync({ dir: folder, prefix: "data-" });
}
