/** The usual form of an executable: made by `deno compile`, with Deno's own small runtime. */
import { type Program, runtimeFlags } from "./programs.ts";
import { runDeno, type StepResult } from "./run_deno.ts";

/** The runtime part is downloaded once, some 40 MB; a network that swallows packets ends here. */
const COMPILE_TIMEOUT_MS = 120_000;

/**
 * Compiles a bundled program.
 *
 * @param bundled the bundle's file
 * @param output where to write the executable; for Windows it must end in `.exe`
 * @param target of `deno compile`; this machine's where undefined
 * @returns what went wrong: mostly that the runtime part cannot be had
 */
export function compile(
  program: Program,
  bundled: string,
  output: string,
  target: string | undefined,
): Promise<StepResult> {
  return runDeno([
    "compile",
    "--no-check",
    ...runtimeFlags(program),
    ...(program.startsItself ? ["--allow-run"] : []),
    ...(target === undefined ? [] : ["--target", target]),
    "--output",
    output,
    bundled,
  ], COMPILE_TIMEOUT_MS);
}
