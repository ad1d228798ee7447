/** A server in a process of its own, that can be killed and started again. */
import { settlesWithin } from "../lib/base/clock.ts";
import { fromSource, Program } from "../bench/harness/program.ts";
import { FUZZED_PROJECT } from "./targets/live_limits.ts";

/** How long a server may take to answer a ping on a new connection, in milliseconds. */
const PING_MS = 10_000;

const PING = new TextEncoder().encode('{"method":"ping"}\n');
const PONG = '{"status":"OK","result":"pong"}\n';

/** A server that runs. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program;

  private constructor(program: Program, port: number) {
    this.#program = program;
    this.port = port;
  }

  /** @param flags where it keeps its table, and its limits */
  static async start(flags: readonly string[]): Promise<ServerProcess> {
    const alone = ["--host", "127.0.0.1", "--no-catalog", "--local-catalog", "off"];
    const program = new Program(fromSource("server.ts", FUZZED_PROJECT, ...alone, ...flags));
    return new ServerProcess(program, await program.port());
  }

  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.port });
  }

  /** Asks for a sign of life. @returns what is wrong */
  async ping(): Promise<string | undefined> {
    try {
      using conn = await this.connect();
      await conn.write(PING);
      const answer = new Uint8Array(PONG.length);
      const isInTime = await settlesWithin(readWhole(conn, answer), PING_MS);
      const said = new TextDecoder().decode(answer);
      if (isInTime && said === PONG) return undefined;
      return isInTime
        ? `it answers a ping with ${said}`
        : `it does not answer a ping in ${PING_MS} ms`;
    } catch (error) {
      return `it answers no ping (${error}), and said: ${this.said}`;
    }
  }

  /** The end of what it wrote to stderr. */
  get said(): string {
    return this.#program.stderr.slice(-2_000);
  }

  /** Ends it as a crash does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

async function readWhole(conn: Deno.TcpConn, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.length;) {
    const count = await conn.read(into.subarray(at));
    if (count === null) return;
    at += count;
  }
}
