/** A server in a process of its own. */
import { settlesWithin } from "../lib/base/clock.ts";
import { ALONE_ON_DISK, fromSource, Program } from "../bench/harness/program.ts";
import { FUZZED_PROJECT } from "./targets/live_limits.ts";

/** The time limit of a ping on a new connection, in milliseconds. */
const PING_MS = 10_000;

const PING = new TextEncoder().encode('{"method":"ping"}\n');
const PONG = '{"status":"OK","result":"pong"}\n';

/** A running server, until disposal. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program;

  private constructor(program: Program, port: number) {
    this.#program = program;
    this.port = port;
  }

  /** @param flags the place of its table, and its limits */
  static async start(flags: readonly string[]): Promise<ServerProcess> {
    const command = fromSource("server.ts", FUZZED_PROJECT, ...ALONE_ON_DISK, ...flags);
    const program = new Program(command);
    return new ServerProcess(program, await program.port());
  }

  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.port });
  }

  /** Sends a ping on a new connection. @returns the problem, if there is one */
  async ping(): Promise<string | undefined> {
    try {
      using conn = await this.connect();
      await conn.write(PING);
      const answer = new Uint8Array(PONG.length);
      const isInTime = await settlesWithin(readWhole(conn, answer), PING_MS);
      const reply = new TextDecoder().decode(answer);
      if (isInTime && reply === PONG) return undefined;
      return isInTime
        ? `its reply to a ping is ${reply}`
        : `it does not reply to a ping in ${PING_MS} ms`;
    } catch (error) {
      return `it does not reply to a ping (${error}); its stderr: ${this.stderr}`;
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

async function readWhole(conn: Deno.TcpConn, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.length;) {
    const count = await conn.read(into.subarray(at));
    if (count === null) return;
    at += count;
  }
}
