/** The fuzzed server, in a process of its own. */
import { messageOf } from "../lib/base/errors.ts";
import { ALONE_ON_DISK, fromSource, Program } from "../bench/harness/program.ts";
import { Exchange } from "./exchange.ts";
import type { Limits } from "./oracle/table.ts";

const FUZZED_PROJECT = "fuzz";

/** The longest request line, in bytes. */
export const MAX_REQUEST_BYTES = 20_000;

/** The limits of the server, which the model knows. They are low enough that inputs reach them. */
export const LIMITS: Limits = {
  project: FUZZED_PROJECT,
  maxReplyBytes: 30_000,
  maxTableBytes: 500_000,
};

const FLAGS = [
  ...["--max-request", String(MAX_REQUEST_BYTES)],
  ...["--max-reply", String(LIMITS.maxReplyBytes)],
  ...["--max-memory", String(LIMITS.maxTableBytes)],
];

const PING = new TextEncoder().encode('{"method":"ping"}\n');

/** A running server, until disposal. */
export class ServerProcess implements AsyncDisposable {
  readonly #program: Program;

  /** @param flags the place of its table */
  constructor(flags: readonly string[]) {
    const args = [FUZZED_PROJECT, ...ALONE_ON_DISK, ...FLAGS, ...flags];
    this.#program = new Program(fromSource("server.ts", ...args));
  }

  /** Opens a connection, when the server listens. */
  async connect(): Promise<Exchange> {
    const port = await this.#program.port();
    return new Exchange(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends a ping on a new connection. @returns the problem, if there is one */
  async ping(): Promise<string | undefined> {
    try {
      using exchange = await this.connect();
      const [reply] = await exchange.ask(PING, [], 1);
      return reply === '{"status":"OK","result":"pong"}'
        ? undefined
        : `its reply to a ping is ${reply}`;
    } catch (error) {
      return `it does not reply to a ping (${messageOf(error)}); its stderr: ${this.stderr}`;
    }
  }

  /** The last part of its stderr. */
  get stderr(): string {
    return this.#program.stderr.slice(-2_000);
  }

  /** Kills the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
