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

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

/** Checks that a program did not start: exit code 1 and one message, which it returns. */
export function refusal({ code, stderr, stdout }: ProgramResult): string {
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^htserver: [^\n]+\n$/);
  return stderr;
}

/** Kills a server, starts another one on its folder, and checks that it has all acknowledged changes. */
export async function killAndCompare(
  first: Program,
  folder: string,
  acknowledged: ReadonlyMap<string, unknown>,
): Promise<void> {
  first.kill("SIGKILL");
  await first.exitCode();
  await using second = new Program(server(folder));
  using asker = await Asker.of(second);
  for (const [key, value] of acknowledged) assert.deepEqual(await asker.lookup(key), value, key);
  assert.equal(await asker.size(), acknowledged.size);
  assert.doesNotMatch(second.stderr, /torn|damaged/);
  second.kill("SIGTERM");
  assert.equal(await second.exitCode(), 0, second.stderr);
  const check = await run(fromSource("server.ts", "--check", folder));
  assert.equal(check.code, 0, check.stdout);
  assert.match(check.stdout, /^good$/m);
}
