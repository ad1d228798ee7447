/** Runs this very Deno for a step of the build. */
import { ExitError } from "../../lib/base/errors.ts";

/** Folder with deno.json and the entry points. */
export const TOP: string = new URL("../../", import.meta.url).pathname;

/** How a step ended: `problem` is the first thing it complained about, undefined where it went well. */
export interface StepResult {
  readonly problem: string | undefined;
}

/**
 * Runs Deno in the top folder, with nothing on stdin.
 *
 * @param args of the command line
 * @param timeoutMs after which it is killed, in milliseconds
 */
export async function runDeno(args: readonly string[], timeoutMs: number): Promise<StepResult> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: TOP,
    // A backtrace would look like a list of causes.
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", RUST_LIB_BACKTRACE: "0" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal: timeout,
  }).output();
  if (success) return { problem: undefined };
  if (timeout.aborted) return { problem: `it was not over after ${timeoutMs / 1e3} s` };
  return { problem: problemIn(new TextDecoder().decode(stderr)) };
}

/** Like `runDeno`, for steps that have to go well. */
export async function mustRunDeno(what: string, args: readonly string[]): Promise<void> {
  const { problem } = await runDeno(args, 120_000);
  if (problem !== undefined) throw new ExitError(`Cannot ${what}: ${problem}`);
}

/** The deepest of the causes that Deno lists, which says what really happened; else its error. */
function problemIn(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const deepest = lines.findLast((line) => /^\d+: (?!<unknown>)/.test(line));
  if (deepest !== undefined) return deepest.replace(/^\d+: /, "");
  const error = lines.find((line) => line.startsWith("error: "));
  return error?.slice("error: ".length) ?? "it ended without saying why";
}
