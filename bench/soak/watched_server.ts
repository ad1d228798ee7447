/** A server that reports the resources it holds. */
import { startHtserver } from "../harness/htserver.ts";
import { handles, settledMemoryBytes, threads } from "../harness/process_watch.ts";
import { type Program, TOP } from "../harness/program.ts";

/** The report of the server's own process, after a garbage collection. */
export interface Census {
  readonly timers: number;
  /** V8's heap in use. */
  readonly heapBytes: number;
  /** Memory outside of the heap: the segments of the table, used or not, and buffers. */
  readonly externalBytes: number;
}

/** The resources of an idle server. */
export interface Holdings extends Census {
  readonly residentBytes: number;
  readonly handles: number;
  readonly sockets: number;
  readonly threads: number;
}

/** The time for a process to give memory back to the system, in milliseconds. */
const SETTLE_MS = 1_000;

/** A running server, until disposal. */
export class WatchedServer implements AsyncDisposable {
  readonly program: Program;
  #censuses = 0;

  /**
   * @param args of the server
   * @param preloads scripts to load before it, after the census (default: none)
   */
  constructor(args: readonly string[], preloads: readonly string[] = []) {
    this.program = startHtserver(args, [`${TOP}bench/soak/census.ts`, ...preloads]);
  }

  get pid(): number {
    return this.program.pid;
  }

  /** The census, after a garbage collection. */
  async census(): Promise<Census> {
    this.program.kill("SIGUSR2");
    const line = new RegExp(`^census ${++this.#censuses} (\\{.*\\})$`, "m");
    const [, json = ""] = await this.program.until("stderr", line);
    return JSON.parse(json);
  }

  /** All resources, after a garbage collection, and when the memory has settled. */
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
