/** Proves the list of files of the client library, and that a program in another folder can import it. */
import assert from "assert";
import { type ProgramResult, run, TOP } from "../../bench/harness/program.ts";
import { TempFolder } from "../helpers/folders.ts";
import { testWith } from "../helpers/needs.ts";
import { OPENSSL } from "../helpers/certificates.ts";
import { assertUses, startLibraryServers } from "./library_servers.ts";

/** Folders of `lib/` whose files the library may load. */
const FOLDERS = /^lib\/(base|bytes|json|protocol|client|catalog|catalog\/(record|resolve))\/[^/]+$/;

/** The only file of the library that may name Deno. */
const DENO_FILE = "lib/client/deno_socket.ts";

Deno.test("library: mod.ts imports no program, no server and no package", async () => {
  const { files, others } = await libraryImports();
  assert.deepEqual(files.filter((file) => file !== "mod.ts" && !FOLDERS.test(file)), []);
  assert.deepEqual(others.filter((specifier) => !specifier.startsWith("node:")), []);
  const naming = files.filter((file) => /\bDeno\./.test(withoutComments(file)));
  assert.deepEqual(naming, [DENO_FILE]);
});

Deno.test("library: JSR gets the files that mod.ts imports, and no other", async () => {
  const { files } = await libraryImports();
  const { code, stderr } = await deno("publish", "--dry-run", "--allow-dirty");
  assert.equal(code, 0, stderr);
  const published = [...stderr.matchAll(/^ +file:\/\/(\S+) \(/gm)].map(([, path = ""]) =>
    path.slice(TOP.length)
  );
  assert.deepEqual(
    published.sort(),
    ["LICENSE", "deno.json", ...files].sort(),
    "the list `publish.include` of deno.json differs from the imports of mod.ts",
  );
});

Deno.test("library: everything that mod.ts exports is documented", async () => {
  const { code, stderr } = await deno("doc", "--lint", "mod.ts");
  assert.equal(code, 0, stderr);
});

testWith(OPENSSL, "library: a program in another folder imports mod.ts by its path", async () => {
  await using folder = await TempFolder.make();
  await using servers = await startLibraryServers();
  const example = await Deno.readTextFile(`${TOP}tests/library/example.ts`);
  const byPath = example.replace("@htserver/htserver", `file://${TOP}mod.ts`);
  const main = `import { useLibrary } from "./example.ts";
    console.log(JSON.stringify(await useLibrary(${JSON.stringify(servers.facts)})));`;
  await Promise.all([
    Deno.writeTextFile(`${folder.path}/deno.json`, "{}"),
    Deno.writeTextFile(`${folder.path}/example.ts`, byPath),
    Deno.writeTextFile(`${folder.path}/main.ts`, main),
  ]);
  const options = { cwd: folder.path };
  const { code, stdout, stderr } = await run(
    [Deno.execPath(), "run", "--check", "--quiet", "--no-prompt", "--allow-net", "main.ts"],
    options,
  );
  assert.equal(code, 0, stderr);
  assertUses(JSON.parse(stdout));
});

function deno(...args: readonly string[]): Promise<ProgramResult> {
  return run([Deno.execPath(), ...args]);
}

/** Lists the files that mod.ts loads, and their other imports. */
async function libraryImports(): Promise<{ files: string[]; others: string[] }> {
  const { code, stdout, stderr } = await deno("info", "--json", "mod.ts");
  assert.equal(code, 0, stderr);
  const modules: { specifier: string }[] = JSON.parse(stdout).modules;
  const top = `file://${TOP}`;
  const specifiers = modules.map(({ specifier }) => specifier);
  const isFile = (specifier: string) => specifier.startsWith(top);
  return {
    files: specifiers.filter(isFile).map((specifier) => specifier.slice(top.length)),
    others: specifiers.filter((specifier) => !isFile(specifier)),
  };
}

function withoutComments(file: string): string {
  const code = Deno.readTextFileSync(TOP + file);
  return code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
