/** A server in a process of its own. */
import { messageOf } from "../lib/base/errors.ts";
import { ALONE_ON_DISK, fromSource, Program } from "../bench/harness/program.ts";
import { Exchange } from "./exchange.ts";
import { FUZZED_PROJECT } from "./targets/live_limits.ts";

const PING = new TextEncoder().encode('{"method":"ping"}\n');

/** A running server, until disposal. */
export class ServerProcess implements AsyncDisposable {
  readonly #program: Program;

  /** @param flags the place of its table, and its limits */
  constructor(flags: readonly string[]) {
    this.#program = new Program(
      fromSource("server.ts", FUZZED_PROJECT, ...ALONE_ON_DISK, ...flags),
    );
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
