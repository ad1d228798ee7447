/** A Redis server on the loopback, with the keys of the large table. */
import assert from "assert";
import type { Program } from "../harness/program.ts";
import { spawnRedis } from "../harness/redis_program.ts";
import { keyOf, valueOf } from "./dataset.ts";

/** The storage settings of a Redis server. */
export interface RedisOptions {
  readonly folder: string;
  readonly appendOnly: boolean;
  /** Whether a rewritten AOF starts with an RDB image (the default of Redis) or is all commands. */
  readonly rdbPreamble: boolean;
}

/** A running Redis, until disposal. */
export class Redis implements AsyncDisposable {
  readonly program: Program;
  readonly port: number;
  #connection: Deno.TcpConn | undefined;

  private constructor(program: Program, port: number) {
    this.program = program;
    this.port = port;
  }

  /** Starts it, and waits until it is ready. */
  static async start({ folder, appendOnly, rdbPreamble }: RedisOptions): Promise<Redis> {
    const yesNo = (on: boolean) => on ? "yes" : "no";
    const { program, ready } = spawnRedis({
      folder,
      args: [
        ...["--appendonly", yesNo(appendOnly), "--appendfsync", "everysec"],
        ...["--aof-use-rdb-preamble", yesNo(rdbPreamble)],
      ],
    });
    return new Redis(program, await ready);
  }

  /** The seconds to load the AOF, from the log of Redis; undefined without an AOF. */
  get loadSeconds(): number | undefined {
    const [, seconds] = /DB loaded from append only file: ([\d.]+) seconds/.exec(
      this.program.stdout,
    ) ?? [];
    return seconds === undefined ? undefined : Number(seconds);
  }

  /** Sends a command, and returns the first piece of the reply. */
  async ask(...words: string[]): Promise<string> {
    const connection = this.#connection ??= await Deno.connect({
      hostname: "127.0.0.1",
      port: this.port,
    });
    await connection.write(new TextEncoder().encode(`${words.join(" ")}\r\n`));
    const buffer = new Uint8Array(64 * 1024);
    const count = await connection.read(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, count));
  }

  /** One number of `INFO`. */
  async info(section: string, member: string): Promise<number> {
    const text = await this.ask("INFO", section);
    return Number(new RegExp(`^${member}:(\\d+)`, "m").exec(text)?.[1]);
  }

  /** Sets all keys of the table. */
  async fill(keys: number): Promise<void> {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    const replies = drain(connection, keys * "+OK\r\n".length);
    const encoder = new TextEncoder();
    for (let n = 1; n <= keys;) {
      let text = "";
      for (const end = Math.min(keys, n + 9_999); n <= end; n++) {
        text += `*3\r\n$3\r\nSET\r\n$10\r\n${keyOf(n)}\r\n$32\r\n${valueOf(n)}\r\n`;
      }
      for (let bytes = encoder.encode(text); bytes.length > 0;) {
        bytes = bytes.subarray(await connection.write(bytes));
      }
    }
    await replies;
    assert.match(await this.ask("DBSIZE"), new RegExp(`^:${keys}\r\n`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection?.close();
    this.program.kill("SIGTERM"); // It writes its AOF first.
    await this.program.exitCode();
    await this.program[Symbol.asyncDispose]();
  }
}

/** Reads `bytes` bytes, and drops them. */
async function drain(connection: Deno.TcpConn, bytes: number): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  while (bytes > 0) {
    const count = await connection.read(buffer);
    assert(count !== null, "Redis closed the connection");
    bytes -= count;
  }
}
