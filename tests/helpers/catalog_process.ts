/** Programs that a test needs: cctools' own, which may not be installed, and `htcatalog`. */
import assert from "assert";
import { sleep } from "../../lib/base/clock.ts";

const START_MS = 20_000;
const RUN_MS = 20_000;

/**
 * The options of a test that needs a program.
 *
 * Where the program is not installed, the test is skipped, with its name saying so; on CI, where
 * everything has to be installed, it runs and fails.
 */
export function needs(program: string, name: string): { name: string; ignore: boolean } {
  const missing = !isInstalled(program);
  return {
    name: missing ? `${name} (needs ${program}, which is not installed)` : name,
    ignore: missing && !Deno.env.get("CI"),
  };
}

function isInstalled(program: string): boolean {
  try {
    new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
}

/** What a program said, and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, bounded in time. */
export async function run(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const calledOff = new AbortController();
  const timer = setTimeout(() => calledOff.abort(), RUN_MS);
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    env,
    signal: calledOff.signal,
  }).output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A catalog of cctools on a free port, loopback only, which reports to nobody. */
export class CctoolsCatalog {
  readonly port: number;
  readonly #process: Deno.ChildProcess;

  private constructor(port: number, process: Deno.ChildProcess) {
    this.port = port;
    this.#process = process;
  }

  static async start(): Promise<CctoolsCatalog> {
    const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = probe.addr;
    probe.close();
    const process = new Deno.Command("catalog_server", {
      args: ["-p", `${port}`, "-I", "127.0.0.1", "-u", "127.0.0.1:1"],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const catalog = new CctoolsCatalog(port, process);
    const deadline = performance.now() + START_MS;
    while (!await accepts(port)) {
      assert.ok(performance.now() < deadline, "catalog_server does not listen");
      await sleep(20);
    }
    return catalog;
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
