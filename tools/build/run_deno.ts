/** A run of this Deno for one step of a build. */
import { ExitError } from "../../lib/base/errors.ts";

/** Folder with deno.json and the entry points. */
export const TOP: string = new URL("../../", import.meta.url).pathname;

/** The result of a step: its first problem, or undefined if it succeeded. */
export interface StepResult {
  readonly problem: string | undefined;
}

/**
 * Runs Deno in the top folder, with nothing on stdin.
 *
 * @param args of the command line
 * @param timeoutMs limit, in milliseconds; then the step is killed
 */
export async function runDeno(args: readonly string[], timeoutMs: number): Promise<StepResult> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: TOP,
    // Deno would print a backtrace in the form of a list of causes.
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", RUST_LIB_BACKTRACE: "0" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal: timeout,
  }).output();
  if (success) return { problem: undefined };
  if (timeout.aborted) return { problem: `it took longer than ${timeoutMs / 1e3} s` };
  return { problem: problemIn(new TextDecoder().decode(stderr)) };
}

/** Runs a step that must succeed. @throws {ExitError} with its problem */
export async function mustRunDeno(what: string, args: readonly string[]): Promise<void> {
  const { problem } = await runDeno(args, 120_000);
  if (problem !== undefined) throw new ExitError(`Cannot ${what}: ${problem}`);
}

/** Returns the deepest cause that Deno lists, or else its error. */
function problemIn(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const deepest = lines.findLast((line) => /^\d+: (?!<unknown>)/.test(line));
  if (deepest !== undefined) return deepest.replace(/^\d+: /, "");
  const error = lines.find((line) => line.startsWith("error: "));
  return error?.slice("error: ".length) ?? "it ended without a message";
}
