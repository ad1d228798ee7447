/** Tests the build tool: both forms of an executable, and the proof that each starts. */
import assert from "assert";
import { TOP } from "../../../bench/harness/program.ts";
import { VERSION } from "../../../lib/base/version.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { isLong } from "../../helpers/long.ts";
import { testWith } from "../../helpers/needs.ts";
import { executables } from "./executables.ts";
import { run } from "./isolated_process.ts";

/** The output of a build that makes the portable form after it reported a problem with the other one. */
const PORTABLE_AFTER_PROBLEM =
  /^Making the portable form, [^\n]+\nhtcatalog +[\d.]+MB {2}portable \(Deno [^\n]+\)\n$/;

/** Runs the build tool for one program. */
function runBuild(
  args: readonly string[],
  out: string,
  env: Readonly<Record<string, string>> = {},
) {
  const all = ["run", "-A", "tools/build.ts", "--only", "htcatalog", "--out", out, ...args];
  const own = { XDG_CACHE_HOME: "", ...Deno.env.toObject() }; // Deno's own cache, not the tests'
  return run(Deno.execPath(), all, { cwd: TOP, env: { ...own, ...env } });
}

Deno.test("without Deno's runtime part, a build makes the portable form, with the same bytes each time", async () => {
  await using folder = await TempFolder.make();
  const built = await executables();
  const { code, stdout } = await runBuild([], folder.path, { DENORT_BIN: "/no/such/file" });
  assert.equal(code, 0);
  assert.match(stdout, PORTABLE_AFTER_PROBLEM);
  const again = await Deno.readFile(`${folder.path}/htcatalog`);
  const first = await Deno.readFile(built.path("htcatalog"));
  assert.equal(again.length, first.length);
  assert.ok(again.every((byte, at) => byte === first[at]));
});

Deno.test("without Deno's runtime part, the compiled form is an error", async () => {
  await using folder = await TempFolder.make();
  const env = { DENORT_BIN: "/no/such/file" };
  const { code, stderr } = await runBuild(["--form", "compile"], folder.path, env);
  assert.equal(code, 1);
  assert.match(stderr, /^\w+: [^\n]+\n$/);
});

Deno.test("with Deno's runtime part, `deno compile` packs the program into it", async () => {
  await using folder = await TempFolder.make();
  const env = { DENORT_BIN: Deno.execPath() };
  // For another machine, so the build does not start it: Deno is in the place of the runtime part.
  const other = `${Deno.build.arch === "x86_64" ? "aarch64" : "x86_64"}-unknown-linux-gnu`;
  const { code, stdout, stderr } = await runBuild(["--target", other], folder.path, env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^htcatalog +[\d.]+MB {2}compiled \(Deno [^\n]+, not started: [^\n]+\)\n$/);
  const text = new TextDecoder("latin1").decode(await Deno.readFile(`${folder.path}/htcatalog`));
  assert.ok(text.includes("A catalog"), "the text of the program is in it");
});

Deno.test("fault: a build proves what it made: Deno itself as runtime part", async () => {
  await using folder = await TempFolder.make();
  const env = { DENORT_BIN: Deno.execPath() };
  const { code, stdout, stderr } = await runBuild(["--form", "compile"], folder.path, env);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^build: Cannot use [^\n]+ printed "deno [^\n]+\n$/);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

if (isLong) {
  Deno.test("fault: a build proves what it made: the portable form replaces a bad one", async () => {
    await using folder = await TempFolder.make();
    const env = { DENORT_BIN: Deno.execPath() };
    const { code, stdout, stderr } = await runBuild([], folder.path, env);
    assert.equal(code, 0, stderr);
    assert.match(stdout, PORTABLE_AFTER_PROBLEM);
    assert.match(stdout, /^Making the portable form, [^:]+: Cannot use /);
    assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["htcatalog"]);
    const version = await run(`${folder.path}/htcatalog`, ["--version"]);
    assert.equal(version.stdout, `htcatalog ${VERSION}\n`);
  });
}

/** C programs in the place of Deno's runtime part. Tests of the proof have more of them, as scripts. */
const RUNTIME_PARTS = {
  "prints nothing": "int main(void) { return 0; }",
  ...(isLong
    ? {
      crashes: "#include <stdlib.h>\nint main(void) { abort(); }",
      hangs: "#include <unistd.h>\nint main(void) { for (;;) pause(); }",
    }
    : {}),
};

for (const [what, source] of Object.entries(RUNTIME_PARTS)) {
  testWith(["cc"], `fault: a build proves what it made: a runtime part that ${what}`, async () => {
    await using folder = await TempFolder.make();
    await Deno.writeTextFile(`${folder.path}/part.c`, source);
    const compiled = await run("cc", ["-o", "part", "part.c"], { cwd: folder.path });
    assert.equal(compiled.code, 0, compiled.stderr);
    const env = { DENORT_BIN: `${folder.path}/part` };
    const args = ["--form", "compile"];
    const { code, stderr } = await runBuild(args, `${folder.path}/out`, env);
    assert.equal(code, 1);
    assert.match(stderr, /^build: Cannot use [^\n]+'htcatalog --version' [^\n]+\n$/);
  });
}
