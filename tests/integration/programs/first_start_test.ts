/** Tests the first start of a portable executable: it unpacks whole files into a private folder. */
import assert from "assert";
import { VERSION } from "../../../lib/base/version.ts";
import { PROGRAMS } from "../../../tools/build/programs.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { isLong } from "../../helpers/long.ts";
import { testWith } from "../../helpers/needs.ts";
import { executables } from "./executables.ts";
import { run, success } from "./isolated_process.ts";
import { filesInCache, headerOf, indexOfPayload, unpackedNames } from "./portable_file.ts";
import { standIns } from "./stand_ins.ts";

const built = await (isLong ? executables() : standIns());
const HTSERVER = built.path("htserver");

/** The end of `htserver --version`. */
const GOOD = success(`htserver ${VERSION}\n`);

async function modeOf(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

Deno.test("ten first starts at the same time all work, in one cache folder", async () => {
  await using folder = await TempFolder.make("ht test ");
  const env = { XDG_CACHE_HOME: folder.path };
  await Deno.mkdir(`${folder.path}/htserver`, { mode: 0o755 });
  const ends = await Promise.all(
    Array.from({ length: 10 }, () => run(HTSERVER, ["--version"], { env })),
  );
  for (const end of ends) assert.deepEqual(end, GOOD);
  const files = filesInCache(folder.path);
  assert.equal(files.length, 2, `temporary files: ${files}`);
  assert.equal(await modeOf(`${folder.path}/htserver`), 0o700);
});

Deno.test("all programs share one unpacked runtime", async () => {
  await using folder = await TempFolder.make("ht test ");
  const env = { XDG_CACHE_HOME: folder.path };
  for (const { name } of PROGRAMS) await run(built.path(name), ["--version"], { env });
  const files = filesInCache(folder.path);
  assert.equal(files.length, PROGRAMS.length + 1);
  assert.equal(files.filter((name) => name.startsWith("deno-")).length, 1);
});

Deno.test("an executable with one changed bit does not start", async () => {
  await using folder = await TempFolder.make("ht test ");
  const bytes = await Deno.readFile(HTSERVER);
  const env = { XDG_CACHE_HOME: folder.path };
  // One offset in the runtime, and one in the program, which is behind the header.
  const offsets = [Math.floor(bytes.length / 2), indexOfPayload(bytes) + 5_000];
  for (const offset of offsets) {
    const damaged = bytes.slice();
    damaged[offset] = (damaged[offset] ?? 0) ^ 0x10;
    await Deno.writeFile(`${folder.path}/damaged`, damaged, { mode: 0o755 });
    const { code, stdout, stderr } = await run(`${folder.path}/damaged`, ["--version"], { env });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^htserver: Cannot (start|unpack)[^\n]+\n$/);
  }
});

Deno.test("an executable with another digest does not start, even if gzip finds no error", async () => {
  await using folder = await TempFolder.make("ht test ");
  const bytes = await Deno.readFile(HTSERVER);
  const digits = / ([0-9a-f]{64})\n/.exec(headerOf(bytes));
  assert.ok(digits?.[1]);
  bytes[digits.index + 1] = digits[1].startsWith("0") ? 0x31 : 0x30;
  await Deno.writeFile(`${folder.path}/damaged`, bytes, { mode: 0o755 });
  const env = { XDG_CACHE_HOME: folder.path };
  const { code, stderr } = await run(`${folder.path}/damaged`, ["--version"], { env });
  assert.equal(code, 1);
  assert.match(stderr, /^htserver: Cannot start: [^\n]+SHA-256[^\n]+\n$/);
  assert.deepEqual(filesInCache(folder.path), []);
});

Deno.test("the environment and files of the current folder do not change a program", async () => {
  await using folder = await TempFolder.make("ht test ");
  const files = ["deno.json", "package.json", "tsconfig.json", ".npmrc", ".env"];
  for (const file of files) {
    await Deno.writeTextFile(`${folder.path}/${file}`, "{ broken [");
  }
  const env = {
    HOME: folder.path,
    DENO_DIR: `${folder.path}/not here`,
    DENO_V8_FLAGS: "--no-such-flag",
    DENO_CERT: "/no/such/file",
    DENO_NO_PROMPT: "0",
    DENO_PERMISSION_BROKER_PATH: "/no/such/socket",
    DENO_TLS_CA_STORE: "none such",
    DENO_LOG: "trace",
    RUST_LOG: "trace",
    RUST_MIN_STACK: "nonsense",
    TOKIO_WORKER_THREADS: "nonsense",
    NODE_OPTIONS: "--no-such-flag",
    NODE_CHANNEL_FD: "1",
    OTEL_DENO: "true",
    GZIP: "--no-such-flag",
    DENO_COVERAGE_DIR: folder.path,
  };
  const cwd = folder.path;
  assert.deepEqual(await run(HTSERVER, ["--version"], { cwd, env }), GOOD);
  const first = await run(HTSERVER, ["--version"], {
    cwd,
    env: { ...env, DENO_DIR: `${folder.path}/.env`, XDG_CACHE_HOME: `${folder.path}/new/cache` },
  });
  assert.deepEqual(first, GOOD);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assert.deepEqual(names, [...files, "new"].sort());
  assert.equal(await modeOf(`${folder.path}/new`), 0o700);
});

Deno.test("a read-only executable starts through PATH, a link and a path with spaces", async () => {
  await using folder = await TempFolder.make("ht test ");
  const real = `${folder.path}/real name`;
  await Deno.copyFile(HTSERVER, real);
  await Deno.chmod(real, 0o555);
  await Deno.symlink("real name", `${folder.path}/ht server`);
  const path = `${folder.path}:${Deno.env.get("PATH")}`;
  const script = '"ht server" --version && cd "$1" && "./ht server" --version';
  const env = { PATH: path, XDG_CACHE_HOME: `${folder.path}/c` };
  const { stdout, stderr } = await run("/bin/sh", ["-c", script, "sh", folder.path], { env });
  assert.equal(stdout, GOOD.stdout + GOOD.stdout);
  assert.equal(stderr, "");
});

Deno.test("without a cache folder, all starts use one private folder in TMPDIR", async () => {
  await using folder = await TempFolder.make("ht test ");
  await Deno.chmod(folder.path, 0o777);
  // A relative XDG_CACHE_HOME does not count, and the cache folder of HOME is a file.
  await Deno.writeTextFile(`${folder.path}/.cache`, "");
  const env = { XDG_CACHE_HOME: "relative", HOME: folder.path, TMPDIR: folder.path };
  assert.deepEqual(await run(HTSERVER, ["--version"], { env }), GOOD);
  assert.deepEqual(await run(HTSERVER, ["--version"], { env }), GOOD);
  const [name, ...others] = [...Deno.readDirSync(folder.path)].filter((one) => one.isDirectory)
    .map((one) => one.name);
  assert.deepEqual(others, []);
  assert.equal(await modeOf(`${folder.path}/${name}`), 0o700);
});

Deno.test("a temporary folder that other users can write is not used", async () => {
  await using folder = await TempFolder.make("ht test ");
  const trap = `${folder.path}/htserver-${Deno.uid()}`;
  await Deno.mkdir(trap);
  await Deno.chmod(trap, 0o777);
  const env = { XDG_CACHE_HOME: "", HOME: "", TMPDIR: folder.path };
  assert.equal((await run(HTSERVER, ["--version"], { env })).code, 0);
  assert.deepEqual([...Deno.readDirSync(trap)], []);
});

Deno.test({
  name: "a cache folder of another user is not used, and the header warns",
  ignore: !Deno.env.has("CI") && Deno.uid() !== 0, // only root can change the owner of a folder
  fn: async () => {
    await using folder = await TempFolder.make("ht test ");
    const foreign = `${folder.path}/htserver`;
    await Deno.mkdir(foreign);
    const planted = Object.values(await unpackedNames(HTSERVER)).sort();
    for (const name of planted) {
      await Deno.writeTextFile(`${foreign}/${name}`, "#!/bin/sh\necho trapped\n", { mode: 0o755 });
    }
    await Deno.chown(foreign, 12_345, null);
    const env = { XDG_CACHE_HOME: folder.path, TMPDIR: folder.path };
    const { code, stdout, stderr } = await run(HTSERVER, ["--version"], { env });
    assert.deepEqual([code, stdout], [0, GOOD.stdout]);
    assert.match(stderr, /^htserver: Not using the cache folder [^\n]+\n$/);
    assert.deepEqual(filesInCache(folder.path), planted);
  },
});

for (const shell of ["dash", "bash", "busybox"]) {
  testWith([shell], `the header runs under ${shell}`, async () => {
    await using folder = await TempFolder.make("ht test ");
    const env = { XDG_CACHE_HOME: folder.path };
    const args = [...(shell === "busybox" ? ["sh"] : []), HTSERVER, "--version"];
    for (const start of ["first start", "second start"]) {
      assert.deepEqual(await run(shell, args, { env }), GOOD, start);
    }
  });
}
