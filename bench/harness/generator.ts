/** The load generator of `bench/load/`: compiled, and run against a server. */
import { run } from "./program.ts";
import { isInstalled, runBound } from "./child_program.ts";
import type { Peer } from "./peer.ts";
import { pinned } from "./cpu_pinning.ts";

const SOURCES = new URL("../load/", import.meta.url);

/** What to load a server with. */
export interface Load {
  readonly connections: number;
  /** Requests of each connection that wait for their reply. */
  readonly inFlight: number;
  /** Percent of the requests; the others are lookups. */
  readonly inserts: number;
  readonly keys: number;
  /** Not counted. */
  readonly warmUpS: number;
  readonly durationS: number;
  /** Bytes (default: 32). */
  readonly valueBytes?: number;
  /** Further connections that do nothing (default: 0). */
  readonly idle?: number;
  /** Further connections that hardly take their replies (default: 0). */
  readonly slow?: number;
  /** What each of these takes every 10 ms, in bytes (default: 4096); 0: nothing, ever. */
  readonly slowBytes?: number;
  /** Whether a connection waits for all its replies before it sends again (default: false). */
  readonly inBatches?: boolean;
}

/** What came of it. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  /** Share of the time in which the generator had something to do. */
  readonly loadBusy: number;
  /** Processor time of the server, all threads, as a share of the time. */
  readonly serverCpu: number;
  /** At the end. */
  readonly serverResidentBytes: number;
}

/** As the generator writes it. */
interface Report extends LoadResult {
  readonly requests: number;
  readonly errors: number;
  readonly firstWrong: string;
  readonly seconds: number;
}

/** The compiled generator. */
export class Generator {
  readonly #path: string;
  readonly #signal: AbortSignal;

  private constructor(path: string, signal: AbortSignal) {
    this.#path = path;
    this.#signal = signal;
  }

  /**
   * Compiles it.
   *
   * @param folder for the executable
   * @param signal ends each run
   */
  static async compile(folder: string, signal: AbortSignal): Promise<Generator> {
    if (!await isInstalled("cc")) {
      throw new Error(
        "The load generator is written in C, and there is no compiler `cc`: " +
          "install one (Debian: apt-get install gcc libc6-dev)",
      );
    }
    const path = `${folder}/load`;
    const sources = Array.from(Deno.readDirSync(SOURCES), ({ name }) => name)
      .filter((name) => name.endsWith(".c"));
    const command = ["cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", path, ...sources];
    const { code, stderr } = await run(command, { cwd: SOURCES.pathname });
    if (code !== 0) throw new Error(`Cannot compile the load generator: ${stderr}`);
    return new Generator(path, signal);
  }

  /** Inserts each key once. */
  async preload(peer: Peer, keys: number, valueBytes = 32): Promise<LoadResult> {
    return await this.#run(peer, [
      "--preload",
      ...["--keys", keys, "--value", valueBytes, "--connections", 4, "--in-flight", 64],
    ]);
  }

  /**
   * Loads a server for a while.
   *
   * @throws {Error} where any reply was wrong
   */
  async run(peer: Peer, load: Load): Promise<LoadResult> {
    // deno-fmt-ignore
    return await this.#run(peer, [
      "--connections", load.connections, "--in-flight", load.inFlight, "--inserts", load.inserts,
      "--keys", load.keys, "--value", load.valueBytes ?? 32, "--warm-up", load.warmUpS,
      "--duration", load.durationS, "--idle", load.idle ?? 0, "--slow", load.slow ?? 0,
      "--slow-bytes", load.slowBytes ?? 4096,
      ...(load.inBatches ? ["--in-batches"] : []), "--seed", Math.floor(Math.random() * 1e9),
    ]);
  }

  async #run(peer: Peer, args: readonly (string | number)[]): Promise<LoadResult> {
    const { name, port, protocol, pid } = peer;
    const own = ["--port", port, "--protocol", protocol, "--server-pid", pid];
    const command = pinned("load", [this.#path, ...[...own, ...args].map(String)]);
    const { code, stdout, stderr } = await runBound(command, this.#signal);
    if (code !== 0) throw new Error(`Loading ${name} failed (${code}): ${stderr.trim()}`);
    const { errors, firstWrong, requests: _, seconds: __, ...result }: Report = JSON.parse(stdout);
    if (errors === 0) return result;
    throw new Error(`${errors} replies of ${name} were wrong: ${firstWrong}`);
  }
}
