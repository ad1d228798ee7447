/**
 * Makes the npm package of the client library: a folder with JavaScript, type declarations,
 * package.json and README. `deno pack` makes the first three from what `deno.json` publishes; its
 * package.json lacks some fields, and its README is the one of the whole project.
 */
import { ExitError } from "../../lib/base/errors.ts";
import { mustRunDeno, TOP } from "../build/run_deno.ts";

/** Fields of package.json that `deno pack` has no source for. */
const PACKAGE_FIELDS = {
  description: "Client library of htserver, a durable networked hash table",
  keywords: ["hash table", "key-value", "database", "client"],
  // Older ones lack AbortSignal.any; the oldest long-term release with it is this one.
  engines: { node: ">=20.9" },
  files: ["lib", "mod.js", "mod.d.ts"],
  sideEffects: false,
} as const;

/** The text about the package. */
const README = `${TOP}docs/LIBRARY.md`;

/**
 * Makes the package.
 *
 * @param folder where; what is there is replaced
 * @throws {ExitError} if a step fails; the folder may then be incomplete
 */
export async function buildNpmPackage(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.remove(folder, { recursive: true });
  await Deno.mkdir(folder);
  const tarball = `${folder}/packed.tgz`;
  await mustRunDeno("pack the library", [
    ...["pack", "--allow-dirty", "--no-source-maps", "--output", tarball],
  ]);
  await unpack(tarball, folder);
  await Deno.remove(tarball);
  await Deno.copyFile(README, `${folder}/README.md`);
  const packed: unknown = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  const manifest = { ...Object(packed), ...PACKAGE_FIELDS };
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify(manifest, null, 2) + "\n");
}

/** Unpacks a package without its top folder. */
async function unpack(tarball: string, folder: string): Promise<void> {
  const args = ["-xzf", tarball, "-C", folder, "--strip-components=1"];
  const { success, stderr } = await new Deno.Command("tar", { args }).output();
  if (!success) {
    throw new ExitError(`Cannot unpack ${tarball}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}
