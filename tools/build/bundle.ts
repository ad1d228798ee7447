/** First step of the build: an entry point and all that it imports, as one file. */
import { importsPacked, PACKED_MODULES, withPacked } from "./packed_modules.ts";
import { mustRunDeno } from "./run_deno.ts";
import type { Program } from "./programs.ts";

/**
 * Bundles a program; the same sources give the same bytes on every machine.
 *
 * @param file where to write it, ending in `.mjs`: a package.json around it must not matter
 * @throws {ExitError} with what Deno says
 */
export async function bundle(program: Program, file: string): Promise<void> {
  const external = PACKED_MODULES.map(({ specifier }) => `--external=${specifier}`);
  let code = await bundled(program.entry, file, external);
  for (const [number, module] of PACKED_MODULES.entries()) {
    if (!importsPacked(code, module)) continue;
    const content = await bundled(module.entry, file, ["--minify"]);
    code = withPacked(code, module, new TextEncoder().encode(content), number);
  }
  await Deno.writeTextFile(file, code);
}

/** Bundles an entry point by way of a file, and gives its code. */
async function bundled(entry: string, file: string, flags: readonly string[]): Promise<string> {
  const args = ["bundle", "--quiet", "--platform=deno", ...flags, "--output", file, entry];
  await mustRunDeno(`bundle ${entry}`, args);
  return withoutFolders(await Deno.readTextFile(file));
}

/** Leaves only the package in the comments that say where npm's code came from. */
function withoutFolders(code: string): string {
  return code.replace(/^\/\/ \S*\/npm\/[^/\s]+\/(\S+)$/gm, "// npm:$1");
}
