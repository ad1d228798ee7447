/** Child programs: starts them, waits for their output, and kills them on disposal. */
import assert from "assert";
import { fileURLToPath } from "node:url";
import { settlesWithin } from "../../lib/base/clock.ts";

/** The top folder of the checkout. */
export const TOP: string = fileURLToPath(new URL("../../", import.meta.url));

/** The time limit of any wait, in milliseconds. It is long, because a busy machine is slow. */
export const PATIENCE_MS = 240_000;

/**
 * The time limit for the last output after the end of a program, in milliseconds. A program that it has
 * started may live on and hold its pipes open.
 */
const LAST_OUTPUT_MS = 2_000;

/** Flags of a server that announces itself nowhere and keeps its table in memory. */
export const ALONE = [
  ...["--host", "127.0.0.1", "--no-catalog", "--local-catalog", "off"],
  "--memory",
];

/** The same for a server with a data folder. */
export const ALONE_ON_DISK = ALONE.filter((flag) => flag !== "--memory");

/** The command that runs one of this project's entry points from its source. */
export function fromSource(entry: string, ...args: string[]): string[] {
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--allow-all",
    `${TOP}${entry}`,
    ...args,
  ];
}

/** Options of the start of a program. */
export interface ProgramOptions {
  /** Working folder (default: the top folder). */
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kills the program when it is aborted (default: none). */
  readonly signal?: AbortSignal;
}

/** The result of a program that has ended. */
export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @throws the reason of the signal if it is aborted */
export async function run(
  command: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  await using program = new Program(command, options);
  const code = await program.exitCode();
  options.signal?.throwIfAborted();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Whether a program is installed. @param name of a file in a folder of `PATH`, or a path */
export function isInstalled(name: string): boolean {
  const folders = name.includes("/") ? [""] : (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => {
    try {
      return Deno.statSync(folder === "" ? name : `${folder}/${name}`).isFile;
    } catch {
      return false;
    }
  });
}

/** A program, until disposal. */
export class Program implements AsyncDisposable {
  /** The output so far. */
  stdout = "";
  stderr = "";
  readonly pid: number;
  readonly #command: string;
  readonly #child: Deno.ChildProcess;
  readonly #pumps: Promise<unknown>;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.kill("SIGKILL");
  #isOver = false;
  #change = Promise.withResolvers<void>();

  /** @param command a path or name, and its arguments */
  constructor(command: readonly string[], { cwd = TOP, env = {}, signal }: ProgramOptions = {}) {
    signal?.throwIfAborted();
    const [path = "", ...args] = command;
    this.#command = command.join(" ");
    this.#child = new Deno.Command(path, {
      args,
      cwd,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort);
    const readers = [this.#child.stdout.getReader(), this.#child.stderr.getReader()] as const;
    this.#pumps = Promise.all([
      this.#pump(readers[0], (text) => this.stdout += text),
      this.#pump(readers[1], (text) => this.stderr += text),
    ]).then(() => {
      this.#isOver = true;
      this.#change.resolve();
    });
    void this.#child.status.then(async () => {
      const hasEnded = await settlesWithin(this.#pumps, LAST_OUTPUT_MS);
      if (!hasEnded) await Promise.all(readers.map((reader) => reader.cancel().catch(() => {})));
    });
  }

  /** Waits until the output matches, and returns the match. */
  async until(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match) return match;
      if (this.#isOver) assert.fail(this.#report(`ended without ${pattern} on ${stream}`));
      const isInTime = await settlesWithin(this.#change.promise, deadlineMs - performance.now());
      if (!isInTime) assert.fail(this.#report(`waited too long for ${pattern} on ${stream}`));
    }
  }

  /** The port of `Listening on port N`, when the line is there. */
  async port(): Promise<number> {
    return Number((await this.until("stdout", /^Listening on port (\d+)$/m))[1]);
  }

  /** Sends a signal. A program that has ended gets none. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  }

  /**
   * Waits for the end, and returns the exit code.
   *
   * @param withinMs the time limit (default: as for any wait); Infinity: none
   */
  async exitCode(withinMs: number = PATIENCE_MS): Promise<number> {
    const isInTime = withinMs === Infinity
      ? await this.#pumps.then(() => true)
      : await settlesWithin(this.#pumps, withinMs);
    if (!isInTime) assert.fail(this.#report("did not end"));
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.kill("SIGKILL");
    await this.#child.status;
    await this.#pumps;
  }

  async #pump(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    take: (text: string) => void,
  ): Promise<void> {
    const decoder = new TextDecoder();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      take(decoder.decode(part.value, { stream: true }));
      this.#change.resolve();
      this.#change = Promise.withResolvers();
    }
  }

  #report(what: string): string {
    return `${this.#command}: ${what}\n${this.stdout}\n${this.stderr}`;
  }
}
