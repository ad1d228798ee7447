/** Child programs that end with a signal: servers, and programs that run to their end. */
import { Program, type ProgramOptions } from "./program.ts";

/** A program that is killed when a signal is aborted, or on disposal. */
export class BoundProgram extends Program {
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.kill("SIGKILL");

  /**
   * @param command a path or name, and its arguments
   * @param signal ends it
   */
  constructor(command: readonly string[], signal: AbortSignal, options?: ProgramOptions) {
    signal.throwIfAborted();
    super(command, options);
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener("abort", this.#onAbort);
    await super[Symbol.asyncDispose]();
  }
}

/** The result of a program that ran to its end. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 *
 * @param command a path or name, and its arguments
 * @param signal ends it
 */
export async function runBound(
  [program = "", ...args]: readonly string[],
  signal: AbortSignal,
): Promise<Finished> {
  signal.throwIfAborted();
  const options = { args, signal, stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const { code, stdout, stderr } = await new Deno.Command(program, options).output();
  signal.throwIfAborted();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Whether a program is installed. It is started with an option that does nothing. */
export async function isInstalled(name: string): Promise<boolean> {
  try {
    const command = new Deno.Command(name, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    });
    return (await command.output()).success;
  } catch {
    return false;
  }
}
