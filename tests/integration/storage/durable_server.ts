/** Servers with data folders as programs, and a client with one request at a time. */
import assert from "assert";
import {
  ALONE_ON_DISK,
  fromSource,
  Program,
  type ProgramResult,
  run,
} from "../../../bench/harness/program.ts";
import { RawClient } from "../../../bench/harness/raw_client.ts";

/** The command of a server on a data folder. */
export const server = (folder: string, ...flags: string[]): string[] =>
  fromSource("server.ts", "test-disk-faults", ...ALONE_ON_DISK, "--data", folder, ...flags);

export const check = (folder: string): Promise<ProgramResult> =>
  run(fromSource("server.ts", "--check", folder));

export const repair = (folder: string): Promise<ProgramResult> =>
  run(fromSource("server.ts", "--repair", folder));

/** A client that sends one request after another. */
export class Asker implements Disposable {
  readonly #client: RawClient;

  private constructor(client: RawClient) {
    this.#client = client;
  }

  static async of(program: Program): Promise<Asker> {
    return new Asker(await RawClient.connect(await program.port()));
  }

  /** Sends a request; returns the reply, or undefined if the server has ended. */
  async ask(
    request: Readonly<Record<string, unknown>>,
  ): Promise<Record<string, unknown> | undefined> {
    try {
      await this.#client.send(JSON.stringify(request) + "\n");
      const line = await this.#client.line();
      return line === undefined ? undefined : JSON.parse(line);
    } catch {
      return undefined;
    }
  }

  /** Inserts a key; returns `OK`, the type of the error, or `gone` if the server has ended. */
  async insert(key: string, value: unknown): Promise<unknown> {
    const reply = await this.ask({ method: "insert", key, value });
    if (reply === undefined) return "gone";
    return reply["status"] === "OK" ? "OK" : reply["type"];
  }

  async lookup(key: string): Promise<unknown> {
    return (await this.ask({ method: "lookup", key }))?.["result"];
  }

  async size(): Promise<unknown> {
    return (await this.ask({ method: "size" }))?.["result"];
  }

  /** The process number of the server, which may be the child of another program. */
  async pid(): Promise<number> {
    const reply = await this.ask({ method: "hello" }) as { result: { pid: number } };
    return reply.result.pid;
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

/** Asks a server for the number of its keys, over a connection of its own. */
export async function sizeOf(program: Program): Promise<unknown> {
  using asker = await Asker.of(program);
  return await asker.size();
}

/** Checks that a program did not start: exit code 1 and one message, which it returns. */
export function refusal({ code, stderr, stdout }: ProgramResult): string {
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^htserver: [^\n]+\n$/);
  return stderr;
}

/** Waits until a server ends by itself, with one message beside its log, which it returns. */
export async function lastMessage(program: Program): Promise<string> {
  assert.equal(await program.exitCode(), 1, program.stderr);
  const lines = program.stderr.split("\n").filter((line) => !/^$| (info|warn): /.test(line));
  assert.equal(lines.length, 1, program.stderr);
  return lines[0] ?? "";
}

/**
 * Starts a server on a folder and checks that it has these keys and no others.
 *
 * @param inDoubt number of other keys that it may have: pending inserts when the earlier server ended
 */
export async function serves(
  folder: string,
  pairs: ReadonlyMap<string, unknown>,
  inDoubt = 0,
): Promise<void> {
  await using program = new Program(server(folder));
  using asker = await Asker.of(program);
  for (const [key, value] of pairs) assert.deepEqual(await asker.lookup(key), value, key);
  const more = Number(await asker.size()) - pairs.size;
  assert.ok(more >= 0 && more <= inDoubt, `${more} keys more`);
  assert.doesNotMatch(program.stderr, /torn|damaged/);
  program.kill("SIGTERM");
  assert.equal(await program.exitCode(), 0, program.stderr);
}

/** Kills a server, starts another one on its folder, and checks that it has all acknowledged changes. */
export async function killAndCompare(
  first: Program,
  folder: string,
  acknowledged: ReadonlyMap<string, unknown>,
): Promise<void> {
  first.kill("SIGKILL");
  await first.exitCode();
  await serves(folder, acknowledged);
  const { code, stdout } = await check(folder);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^good$/m);
}
