/**
 * The built executables, for tests that run them.
 *
 * The first call builds them, into a folder that is named after the digest of all sources. Later calls
 * find them there. Test files that run at the same time wait at a lock.
 */
import { createHash } from "node:crypto";
import { TOP } from "../../../bench/harness/program.ts";
import { PROGRAMS } from "../../../tools/build/programs.ts";

/** A set of executables, one for each program. */
export interface Executables {
  /** The path of the executable of a program, such as `htserver`. */
  path(name: string): string;
}

/** The folder of all builds for tests. */
export const STORE = `${TOP}dist/executables`;

/** `XDG_CACHE_HOME` of all tests: only the first start of a build has to unpack its runtime. */
export const CACHE_HOME = `${STORE}/cache`;

/** The age at which a build is removed, in milliseconds: longer than any test run. */
const MAX_AGE_MS = 30 * 60_000;

/**
 * Builds the executables in their portable form, unless these sources have a build.
 *
 * @throws {Error} with the message of the build
 */
export async function executables(): Promise<Executables> {
  const folder = `${STORE}/${await digestOfSources()}`;
  await Deno.mkdir(STORE, { recursive: true });
  using lock = await Deno.open(`${STORE}/lock`, { create: true, write: true });
  await lock.lock(true); // ends when the file is closed, even by a crash
  if (await exists(folder)) await Deno.utime(folder, new Date(), new Date());
  else await build(folder);
  await removeOldBuilds();
  return { path: (name) => `${folder}/${name}` };
}

/** Builds in a temporary folder and renames it, so a folder with the final name is complete. */
async function build(folder: string): Promise<void> {
  const unfinished = `${STORE}/unfinished`;
  await removeFolder(unfinished);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tools/build.ts", "--form", "portable", "--out", unfinished],
    cwd: TOP,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot build for the tests: ${new TextDecoder().decode(stderr)}`);
  await Deno.rename(unfinished, folder);
}

async function removeOldBuilds(): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(STORE)) {
    const { mtime } = await Deno.stat(`${STORE}/${name}`);
    const isOld = Date.now() - (mtime?.getTime() ?? 0) > MAX_AGE_MS;
    const isBuild = isDirectory && name !== "cache";
    if (isBuild && isOld) await removeFolder(`${STORE}/${name}`);
  }
}

/** The digest of the names and bytes of all files that an executable is made from. */
async function digestOfSources(): Promise<string> {
  const files = [
    "deno.json",
    "deno.lock",
    "tools/build.ts",
    ...PROGRAMS.map(({ entry }) => entry),
    ...await filesIn("lib"),
    ...await filesIn("tools/build"),
  ];
  const digest = createHash("sha256").update(Deno.version.deno);
  for (const file of files.sort()) {
    digest.update(`\0${file}\0`).update(await Deno.readFile(TOP + file));
  }
  return digest.digest("hex").slice(0, 16);
}

async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(TOP + folder)) {
    const path = `${folder}/${name}`;
    files.push(...(isDirectory ? await filesIn(path) : [path]));
  }
  return files;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function removeFolder(path: string): Promise<void> {
  if (await exists(path)) await Deno.remove(path, { recursive: true });
}
