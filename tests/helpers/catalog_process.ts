/** The catalog of cctools as a process: a free port, loopback only, reporting to nobody. */
import assert from "assert";
import { sleep } from "../../lib/base/clock.ts";
import { PATIENCE_MS, Program } from "./program.ts";

/** Ports tried: another process may take a free one before the catalog does. */
const PORT_TRIES = 5;

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
      const catalog = await CctoolsCatalog.#start();
      if (await catalog.#listens()) return catalog;
      await catalog.stop();
      assert.ok(tries < PORT_TRIES, `catalog_server does not listen: ${catalog.#program.stderr}`);
    }
  }

  static async #start(): Promise<CctoolsCatalog> {
    const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = probe.addr;
    probe.close();
    // It keeps its records in its working folder, and would list those of an earlier run.
    const folder = await Deno.makeTempDir({ prefix: "cctools-catalog-" });
    const command = ["catalog_server", "-p", `${port}`, "-I", "127.0.0.1", "-u", "127.0.0.1:1"];
    return new CctoolsCatalog(port, new Program(command, { cwd: folder }), folder);
  }

  /** Ends it and removes what it kept. */
  async stop(): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #listens(): Promise<boolean> {
    let isOver = false;
    void this.#program.exitCode().then(() => isOver = true, () => isOver = true);
    const deadline = performance.now() + PATIENCE_MS;
    while (!isOver && performance.now() < deadline) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port: this.port })).close();
        return !isOver;
      } catch {
        await sleep(10);
      }
    }
    return false;
  }
}
