/** The compiled form of an executable: `deno compile` puts the program into Deno's runtime part. */
import { type Program, runtimeFlags } from "./programs.ts";
import { runDeno, type StepResult } from "./run_deno.ts";

/** The limit of a compilation, which once downloads the runtime part (40 MB), in milliseconds. */
const COMPILE_TIMEOUT_MS = 120_000;

/**
 * Compiles a bundled program.
 *
 * @param bundle file of the bundle
 * @param output file of the executable; for Windows its name must end in `.exe`
 * @param target of `deno compile` (default: this machine)
 * @returns the problem, usually that there is no runtime part
 */
export function compile(
  program: Program,
  bundle: string,
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
    bundle,
  ], COMPILE_TIMEOUT_MS);
}
