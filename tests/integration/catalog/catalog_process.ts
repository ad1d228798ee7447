/** The catalog of cctools as a process, on a free port of the loopback. It reports to no other catalog. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { PATIENCE_MS, Program } from "../../../bench/harness/program.ts";

/** Attempts to start: the program also needs the next port, and exits if it is in use. */
const START_TRIES = 5;

export class CctoolsCatalog implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program;
  readonly #folder: TempFolder;

  private constructor(port: number, program: Program, folder: TempFolder) {
    this.port = port;
    this.#program = program;
    this.#folder = folder;
  }

  /** HOST:PORT. */
  get target(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts a catalog, and waits until it listens. */
  static async start(): Promise<CctoolsCatalog> {
    for (let tries = 1;; tries++) {
      // It stores records in its working folder, and would list those of an earlier run.
      const folder = await TempFolder.make("cctools-catalog-");
      const portFile = `${folder.path}/port`;
      const command = ["catalog_server", "-Z", portFile, "-I", "127.0.0.1", "-u", "127.0.0.1:1"];
      const program = new Program(command, { cwd: folder.path });
      const port = await readPort(portFile, program);
      const catalog = new CctoolsCatalog(port ?? 0, program, folder);
      if (port !== undefined) return catalog;
      await catalog[Symbol.asyncDispose]();
      assert.ok(tries < START_TRIES, `catalog_server does not listen: ${program.stderr}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Waits for the port, which the program writes once it listens; undefined if it exited before. */
async function readPort(portFile: string, program: Program): Promise<number | undefined> {
  let hasExited = false;
  void program.exitCode().then(() => hasExited = true, () => hasExited = true);
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(10)) {
    if (hasExited) return undefined;
    const text = await Deno.readTextFile(portFile).catch(() => "");
    if (text.endsWith("\n")) return Number(text);
  }
  return undefined;
}
