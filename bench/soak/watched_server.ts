/** A server from its source that can be asked what it holds. */
import { handles, settledMemoryBytes, threads } from "../harness/process_watch.ts";
import { fromSource, Program, TOP } from "../harness/program.ts";

/** What the server's own process says of itself, once its garbage is collected. */
export interface Census {
  readonly timers: number;
  /** V8's heap in use. */
  readonly heapBytes: number;
  /** Memory outside of it: the segments of the table, touched or not, and buffers. */
  readonly externalBytes: number;
}

/** All that is known of a server that has nothing to do. */
export interface Holdings extends Census {
  readonly residentBytes: number;
  readonly handles: number;
  readonly sockets: number;
  readonly threads: number;
}

/** Flags with which it touches nothing that others share. */
const ALONE = ["--host", "127.0.0.1", "--no-catalog", "--local-catalog", "off"] as const;

/** How long a process may take to give memory back to the system, in milliseconds. */
const SETTLE_MS = 1_000;

/** A running server. */
export class WatchedServer implements AsyncDisposable {
  readonly program: Program;
  #censuses = 0;

  /**
   * @param args of the server
   * @param preloads scripts that are loaded before it, after the census (default: none)
   */
  constructor(args: readonly string[], preloads: readonly string[] = []) {
    const [deno = "", run = "", ...rest] = fromSource("server.ts", "soak-a4", ...ALONE, ...args);
    const scripts = [`${TOP}bench/soak/census.ts`, ...preloads];
    this.program = new Program([
      deno,
      run,
      "--v8-flags=--expose-gc,--max-semi-space-size=4,--heap-growing-percent=30",
      ...scripts.map((script) => `--preload=${script}`),
      ...rest,
    ]);
  }

  get pid(): number {
    return this.program.pid;
  }

  /** Has it collect its garbage, and say what is left. */
  async census(): Promise<Census> {
    this.program.kill("SIGUSR2");
    const line = new RegExp(`^census ${++this.#censuses} (\\{.*\\})$`, "m");
    const [, json = ""] = await this.program.until("stderr", line);
    return JSON.parse(json);
  }

  /** What it holds after collecting garbage, with the memory that it settles at. */
  async holdings(): Promise<Holdings> {
    await this.census();
    const residentBytes = await settledMemoryBytes(this.pid, { withinMs: SETTLE_MS });
    const { all, sockets } = await handles(this.pid);
    return {
      ...await this.census(),
      residentBytes,
      handles: all,
      sockets,
      threads: await threads(this.pid),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program[Symbol.asyncDispose]();
  }
}
