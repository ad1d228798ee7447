/** First step of the build: an entry point and all that it imports, as one file. */
import { mustRunDeno } from "./run_deno.ts";
import type { Program } from "./programs.ts";

/**
 * Bundles a program; the same sources give the same bytes on every machine.
 *
 * @param file where to write it, ending in `.mjs`: a package.json around it must not matter
 * @throws {ExitError} with what Deno says
 */
export async function bundle(program: Program, file: string): Promise<void> {
  const args = ["bundle", "--quiet", "--platform=deno", "--output", file, program.entry];
  await mustRunDeno(`bundle ${program.entry}`, args);
  await Deno.writeTextFile(file, withoutFolders(await Deno.readTextFile(file)));
}

/** Leaves only the package in the comments that say where npm's code came from. */
function withoutFolders(code: string): string {
  return code.replace(/^\/\/ \S*\/npm\/[^/\s]+\/(\S+)$/gm, "// npm:$1");
}
