/** A process in a clean environment, with its output as text. It never outlives the test. */
import { CACHE_HOME } from "./executables.ts";

/** The time after which a process is killed, in milliseconds: a hang ends the test. */
const MAX_RUN_MS = 240_000;

/** How to start a process. */
export interface ProcessOptions {
  /** Default: `/`. */
  readonly cwd?: string;
  /** Added to `PATH` and `XDG_CACHE_HOME`, which are all that is set. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The end of a program that succeeded. */
export const success = (stdout: string): ProcessEnd => ({ code: 0, stdout, stderr: "" });

/** Runs a program to its end. */
export async function run(
  path: string,
  args: readonly string[],
  options?: ProcessOptions,
): Promise<ProcessEnd> {
  await using process = new IsolatedProcess(path, args, options);
  return await process.end();
}

/** Starts a program after a line of shell, for example one that sets a limit. */
export function after(line: string, program: string, ...args: string[]): IsolatedProcess {
  return new IsolatedProcess("/bin/sh", ["-c", `${line}; exec "$@"`, "sh", program, ...args]);
}

/** One process; its portable executables unpack into `CACHE_HOME`. */
export class IsolatedProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #watchdog: ReturnType<typeof setTimeout>;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  readonly #stderr: Promise<string>;
  #stdoutText = "";

  /** @param path of the executable, or its name in `PATH` */
  constructor(path: string, args: readonly string[], options: ProcessOptions = {}) {
    this.#child = new Deno.Command(path, {
      args: [...args],
      cwd: options.cwd ?? "/",
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "", XDG_CACHE_HOME: CACHE_HOME, ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#watchdog = setTimeout(() => this.#child.kill("SIGKILL"), MAX_RUN_MS);
    this.#stdout = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stderr = new Response(this.#child.stderr).text();
  }

  get pid(): number {
    return this.#child.pid;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the first line of a server, and returns its port. */
  async port(): Promise<number> {
    while (!this.#stdoutText.includes("\n") && await this.#read());
    const line = this.#stdoutText.split("\n", 1)[0] ?? "";
    const [, digits] = /^Listening on port (\d+)$/.exec(line) ?? [];
    if (digits === undefined) {
      throw new Error(`first line is '${line}', stderr: ${(await this.end()).stderr}`);
    }
    return Number(digits);
  }

  /** Waits for the end. */
  async end(): Promise<ProcessEnd> {
    while (await this.#read());
    const { code } = await this.#child.status;
    clearTimeout(this.#watchdog);
    return { code, stdout: this.#stdoutText, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.end();
  }

  async #read(): Promise<boolean> {
    const { done, value } = await this.#stdout.read();
    this.#stdoutText += value ?? "";
    return !done;
  }
}
