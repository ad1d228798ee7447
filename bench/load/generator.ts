/** The load generator in C: compiles it, and runs it against a server. */
import { pinned } from "../harness/cpu_pinning.ts";
import { isInstalled, Program, run } from "../harness/program.ts";

const SOURCES = new URL("./", import.meta.url);

/** A server on 127.0.0.1. */
export interface Target {
  /** For error messages. */
  readonly name: string;
  readonly protocol: "json" | "resp" | "echo";
  readonly port: number;
  /** The process whose processor time and memory are reported. */
  readonly pid: number;
}

/** The load of a server. */
export interface Load {
  readonly connections: number;
  /** Requests of each connection that wait for a reply. */
  readonly inFlight: number;
  /** Percent of the requests; the others are lookups. */
  readonly inserts: number;
  readonly keys: number;
  /** The number of the first key (default: 1). */
  readonly firstKey?: number;
  /** Time before the measurement, in seconds. */
  readonly warmUpS: number;
  readonly durationS: number;
  /** Size of a value, in bytes (default: 32). */
  readonly valueBytes?: number;
  /** Further connections that do nothing (default: 0). */
  readonly idle?: number;
  /** Further connections that hardly read their replies (default: 0). */
  readonly slow?: number;
  /** Bytes that each of these reads every 10 ms (default: 4096); 0: it never reads. */
  readonly slowBytes?: number;
  /** Whether a connection waits for all its replies before it sends again (default: false). */
  readonly inBatches?: boolean;
}

/** The measurements of a load. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  /** The share of the time in which the generator had work. */
  readonly loadBusy: number;
  /** Processor time of all threads of the server, as a share of the time. */
  readonly serverCpu: number;
  /** Resident memory of the server at the end. */
  readonly serverResidentBytes: number;
}

/** The output of the generator. */
interface Report extends LoadResult {
  readonly requests: number;
  readonly errors: number;
  readonly firstWrong: string;
  readonly seconds: number;
}

/** A load without a fixed end. */
export interface RunningLoad extends AsyncDisposable {
  /** Stops sending, and returns the measurements and their length in seconds. */
  end(): Promise<LoadResult & { readonly seconds: number }>;
}

type Pin = (command: readonly string[]) => string[];

/** The compiled generator. */
export class Generator {
  readonly #path: string;
  readonly #signal: AbortSignal;
  readonly #pin: Pin;

  private constructor(path: string, signal: AbortSignal, pin: Pin) {
    this.#path = path;
    this.#signal = signal;
    this.#pin = pin;
  }

  /**
   * Compiles the generator.
   *
   * @param folder for the executable
   * @param signal ends each run
   * @param pin turns a command into one that runs on its core (default: the core of the load)
   */
  static async compile(
    folder: string,
    signal: AbortSignal,
    pin: Pin = (command) => pinned("load", command),
  ): Promise<Generator> {
    if (!isInstalled("cc")) {
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
    return new Generator(path, signal, pin);
  }

  /** Inserts each key once. */
  async preload(target: Target, keys: number, valueBytes = 32): Promise<LoadResult> {
    const size = ["--keys", keys, "--value", valueBytes];
    return await this.#run(target, ["--preload", ...size, "--connections", 4, "--in-flight", 64]);
  }

  /**
   * Loads a server for a fixed time.
   *
   * @throws {Error} if any reply was wrong
   */
  async run(target: Target, load: Load): Promise<LoadResult> {
    const { seconds: _, ...result } = await this.#run(target, argsOf(load));
    return result;
  }

  /** Starts to load a server, until `end` is called, or at most for the time of the load. */
  async start(target: Target, load: Load): Promise<RunningLoad> {
    const signal = this.#signal;
    const program = new Program(this.#command(target, argsOf(load)), { signal });
    await program.until("stderr", /^load: started$/m);
    return {
      async end() {
        program.kill("SIGTERM");
        const code = await program.exitCode();
        return resultOf(target, code, program.stdout, program.stderr);
      },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  }

  async #run(target: Target, args: readonly (string | number)[]): ReturnType<RunningLoad["end"]> {
    const signal = this.#signal;
    const { code, stdout, stderr } = await run(this.#command(target, args), { signal });
    return resultOf(target, code, stdout, stderr);
  }

  #command({ port, protocol, pid }: Target, args: readonly (string | number)[]): string[] {
    const own = ["--port", port, "--protocol", protocol, "--server-pid", pid];
    return this.#pin([this.#path, ...[...own, ...args].map(String)]);
  }
}

function argsOf(load: Load): (string | number)[] {
  // deno-fmt-ignore
  return [
    "--connections", load.connections, "--in-flight", load.inFlight, "--inserts", load.inserts,
    "--keys", load.keys, "--first-key", load.firstKey ?? 1, "--value", load.valueBytes ?? 32,
    "--warm-up", load.warmUpS, "--duration", load.durationS,
    "--idle", load.idle ?? 0, "--slow", load.slow ?? 0, "--slow-bytes", load.slowBytes ?? 4096,
    ...(load.inBatches ? ["--in-batches"] : []), "--seed", Math.floor(Math.random() * 1e9),
  ];
}

function resultOf({ name }: Target, code: number, stdout: string, stderr: string) {
  const reason = stderr.replace("load: started\n", "").trim();
  if (code !== 0) throw new Error(`Loading ${name} failed (${code}): ${reason}`);
  const { errors, firstWrong, requests: _, ...result }: Report = JSON.parse(stdout);
  if (errors === 0) return result;
  throw new Error(`${errors} replies of ${name} were wrong: ${firstWrong}`);
}
