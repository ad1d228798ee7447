/** The catalog of cctools as a process: a free port, loopback only, reporting to nobody. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { PATIENCE_MS, Program } from "../../../bench/harness/program.ts";

/** Starts tried: it also listens on the next port, and ends when another process has that one. */
const START_TRIES = 5;

export class CctoolsCatalog implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program;
  readonly #folder: string;

  private constructor(port: number, program: Program, folder: string) {
    this.port = port;
    this.#program = program;
    this.#folder = folder;
  }

  /** Starts one, and waits until it listens. */
  static async start(): Promise<CctoolsCatalog> {
    for (let tries = 1;; tries++) {
      // It keeps its records in its working folder, and would list those of an earlier run.
      const folder = await Deno.makeTempDir({ prefix: "cctools-catalog-" });
      const portFile = `${folder}/port`;
      const command = ["catalog_server", "-Z", portFile, "-I", "127.0.0.1", "-u", "127.0.0.1:1"];
      const program = new Program(command, { cwd: folder });
      const port = await portIn(portFile, program);
      const catalog = new CctoolsCatalog(port ?? 0, program, folder);
      if (port !== undefined) return catalog;
      await catalog.stop();
      assert.ok(tries < START_TRIES, `catalog_server does not listen: ${program.stderr}`);
    }
  }

  /** Ends it and removes what it kept. */
  async stop(): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** The port that it writes once it listens on all it needs, or undefined when it ended before. */
async function portIn(portFile: string, program: Program): Promise<number | undefined> {
  let isOver = false;
  void program.exitCode().then(() => isOver = true, () => isOver = true);
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(10)) {
    if (isOver) return undefined;
    const text = await Deno.readTextFile(portFile).catch(() => "");
    if (text.endsWith("\n")) return Number(text);
  }
  return undefined;
}
