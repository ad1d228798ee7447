/** The first step of a build: a file that contains an entry point and all of its imports. */
import { importsPacked, PACKED_MODULES, packModule } from "./packed_modules.ts";
import { mustRunDeno } from "./run_deno.ts";
import type { Program } from "./programs.ts";

/**
 * Bundles a program. The same sources give the same bytes on every machine.
 *
 * @param file that is written; its name ends in `.mjs`, so that a package.json has no influence
 * @throws {ExitError} with the message of Deno
 */
export async function writeBundle(program: Program, file: string): Promise<void> {
  const external = PACKED_MODULES.map(({ specifier }) => `--external=${specifier}`);
  let code = await bundleCode(program.entry, file, external);
  for (const [number, module] of PACKED_MODULES.entries()) {
    if (!importsPacked(code, module)) continue;
    const content = await bundleCode(module.entry, file, ["--minify"]);
    code = packModule(code, module, new TextEncoder().encode(content), number);
  }
  await Deno.writeTextFile(file, code);
}

/** Bundles an entry point into a file, and returns its code. */
async function bundleCode(entry: string, file: string, flags: readonly string[]): Promise<string> {
  const args = ["bundle", "--quiet", "--platform=deno", ...flags, "--output", file, entry];
  await mustRunDeno(`bundle ${entry}`, args);
  return removeFolders(await Deno.readTextFile(file));
}

/** Removes the folders of this machine from the comments with paths of npm packages. */
function removeFolders(code: string): string {
  return code.replace(/^\/\/ \S*\/npm\/[^/\s]+\/(\S+)$/gm, "// npm:$1");
}
