/** Tests the header of the portable form on unusual machines: one message, with the command that helps. */
import assert from "assert";
import { ALONE, ALONE_ON_DISK } from "../../../bench/harness/program.ts";
import { VERSION } from "../../../lib/base/version.ts";
import { PROGRAMS } from "../../../tools/build/programs.ts";
import { SmallDisk, TempFolder, testWithMounts } from "../../helpers/folders.ts";
import { isLong } from "../../helpers/long.ts";
import { testWith } from "../../helpers/needs.ts";
import { CACHE_HOME, executables } from "./executables.ts";
import { after, IsolatedProcess, type ProcessEnd, run, success } from "./isolated_process.ts";
import { filesInCache, unpackedNames } from "./portable_file.ts";
import { SMALL_DISK_BYTES, standIns } from "./stand_ins.ts";

const built = await (isLong ? executables() : standIns());
const HTSERVER = built.path("htserver");

/** The executable with the real runtime. */
const REAL_HTSERVER = (await executables()).path("htserver");

/** The end of `htserver --version`. */
const GOOD = success(`htserver ${VERSION}\n`);

/** Runs a line of shell in which "$@" is `htserver --version`. */
function inShell(
  line: string,
  env: Record<string, string> = {},
  path = HTSERVER,
): Promise<ProcessEnd> {
  return run("/bin/sh", ["-c", line, "sh", path, "--version"], { env });
}

await run(HTSERVER, ["--version"]); // unpacks
const UNPACKED = Object.values(await unpackedNames(HTSERVER));

/** Makes the cache folder that a start leaves, without the time to unpack. */
async function unpackInto(folder: string): Promise<void> {
  await Deno.mkdir(folder, { mode: 0o700 });
  for (const name of UNPACKED) {
    await Deno.copyFile(`${CACHE_HOME}/htserver/${name}`, `${folder}/${name}`);
  }
}

/**
 * Unpacks into the temporary folder that a start uses if it cannot use the cache folder, and returns the
 * variables for both.
 */
async function fallbackIn(folder: TempFolder): Promise<Record<string, string>> {
  await unpackInto(`${folder.path}/htserver-${Deno.uid()}`);
  return { XDG_CACHE_HOME: folder.path, TMPDIR: folder.path };
}

/** Asserts that a start failed with one line on stderr. */
function assertFailed({ code, stdout, stderr }: ProcessEnd, pattern: RegExp): void {
  assert.deepEqual([code, stdout], [1, ""], stderr);
  assert.match(stderr, pattern);
  assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
}

for (const { name } of PROGRAMS) {
  Deno.test(`fault: a deleted working directory: ${name}`, async () => {
    await using folder = await TempFolder.make();
    const line = 'cd "$0" && rmdir "$0" && "$@"';
    const path = `${folder.path}/gone`;
    await Deno.mkdir(path);
    const args = ["-c", line, path, built.path(name), "--version"];
    const { code, stdout, stderr } = await run("/bin/sh", args);
    assert.deepEqual([code, stdout], [1, ""]);
    // A shell prints an error at its own start, before the first line of any script.
    const own = stderr.split("\n").filter((one) => one !== "" && !/getcwd|current dir/.test(one));
    assert.equal(own.length, 1, stderr);
    assert.match(own[0] ?? "", new RegExp(`^${name}: Cannot start in a folder that was deleted `));
  });
}

for (const shell of ["dash", "bash", "busybox"]) {
  testWith([shell], `fault: a deleted working directory: under ${shell}`, async () => {
    await using folder = await TempFolder.make();
    const program = shell === "busybox" ? "busybox sh" : shell;
    const gone = `cd '${folder.path}' && mkdir d && cd d && rmdir ../d`;
    for (const line of [gone, `${gone} && mkdir ../d`]) {
      const { code, stderr } = await inShell(`${line} && ${program} "$@"`);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /^htserver: Cannot start in a folder that was deleted/m);
      await Deno.remove(`${folder.path}/d`).catch(() => {});
    }
    assert.deepEqual(await inShell(`PWD=/nowhere ${program} "$@"`), GOOD);
    assert.deepEqual(await inShell(`unset PWD; ${program} "$@"`), GOOD);
  });
}

Deno.test("fault: `ulimit -n 16`: the header requires 32 open files", async () => {
  for (const files of [14, 16, 24, 31]) {
    const pattern = /^htserver: Cannot start with a limit of \d+ open files: it takes 32 \(ulimit/;
    assertFailed(await inShell(`ulimit -n ${files}; exec "$@"`), pattern);
  }
  await using server = after("ulimit -n 32", REAL_HTSERVER, "t", ...ALONE);
  assert.ok(await server.port() > 0, "32 are enough");
});

Deno.test("fault: `ulimit -n 16`: the header requires what the runtime needs of memory", async () => {
  for (const limit of ["-v 8000000", "-d 300000", "-s 256"]) {
    const pattern =
      /^htserver: Cannot start with a limit of \d+ bytes of [^\n]+ \(ulimit -. \d+\)\n$/;
    const refused = await inShell(`ulimit ${limit}; exec "$@"`);
    assertFailed(refused, pattern);
    const [, enough = ""] = /\((ulimit [^)]+)\)/.exec(refused.stderr) ?? [];
    assert.deepEqual(await inShell(`${enough}; exec "$@"`, {}, REAL_HTSERVER), GOOD, enough);
  }
});

for (const [what, mode] of [["others", 0o777], ["the group", 0o770]] as const) {
  Deno.test(`fault: files that others can read or write: a cache folder of ${what}`, async () => {
    await using folder = await TempFolder.make();
    const cache = `${folder.path}/htserver`;
    const env = await fallbackIn(folder);
    await Deno.mkdir(cache);
    // Another user could have planted these files.
    for (const name of UNPACKED) {
      await Deno.writeTextFile(`${cache}/${name}`, "#!/bin/sh\necho trapped\n", { mode: 0o755 });
    }
    await Deno.chmod(cache, mode);
    const { code, stdout, stderr } = await inShell('exec "$@"', env);
    assert.deepEqual([code, stdout], [0, GOOD.stdout]);
    assert.match(stderr, /^htserver: Not using the cache folder '[^']+': others can write into it/);
    const [, command = ""] = /: (rm -r '[^']+')\n$/.exec(stderr) ?? [];
    assert.equal((await run("/bin/sh", ["-c", command])).code, 0, stderr);
    await assert.rejects(Deno.stat(cache), Deno.errors.NotFound);
  });
}

Deno.test("fault: files that others can read or write: a cache folder that is a link", async () => {
  await using folder = await TempFolder.make();
  await Deno.mkdir(`${folder.path}/elsewhere`, { mode: 0o700 });
  await Deno.symlink("elsewhere", `${folder.path}/htserver`);
  const env = await fallbackIn(folder);
  const { code, stdout, stderr } = await inShell('exec "$@"', env);
  assert.deepEqual([code, stdout], [0, GOOD.stdout]);
  assert.match(stderr, /^htserver: Not using the cache folder '[^']+': it must be a folder, not a/);
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/elsewhere`)], []);
});

Deno.test("fault: files that others can read or write: a cache folder that others could only read", async () => {
  await using folder = await TempFolder.make();
  const env = { XDG_CACHE_HOME: folder.path };
  await unpackInto(`${folder.path}/htserver`);
  await Deno.chmod(`${folder.path}/htserver`, 0o755);
  assert.deepEqual(await inShell('exec "$@"', env), GOOD, "other users could not write there");
  assert.equal(((await Deno.stat(`${folder.path}/htserver`)).mode ?? 0) & 0o777, 0o700);
});

Deno.test("fault: files that others can read or write: a data folder", async () => {
  await using folder = await TempFolder.make();
  const data = `${folder.path}/t.ht`;
  await Deno.mkdir(data);
  await Deno.chmod(data, 0o777);
  const args = ["t", ...ALONE_ON_DISK, "--data", data];
  await using server = new IsolatedProcess(REAL_HTSERVER, args);
  await server.port();
  server.kill("SIGTERM");
  const { stderr } = await server.end();
  const warning = `warn: The data folder '${data}' can be read and written by other users`;
  assert.ok(stderr.includes(`${warning} (mode 0777): chmod 700 ${data}\n`), stderr);
});

Deno.test("a start without HOME and XDG_CACHE_HOME uses TMPDIR", async () => {
  await using folder = await TempFolder.make();
  const env = { ...await fallbackIn(folder), XDG_CACHE_HOME: "" };
  assert.deepEqual(await inShell('unset HOME XDG_CACHE_HOME; exec "$@"', env), GOOD);
});

testWithMounts("a start on a full or read-only disk reports it in one message", async () => {
  await using disk = await SmallDisk.mount(SMALL_DISK_BYTES);
  const env = { XDG_CACHE_HOME: disk.path, TMPDIR: disk.path };
  assertFailed(
    await inShell('exec "$@"', env),
    /^htserver: Cannot unpack the runtime .* disk have room for it, but: .*[Nn]o space left/,
  );
  assert.deepEqual(filesInCache(disk.path), [], "no temporary file is left");
  await disk.makeReadOnly();
  const nowhere = { XDG_CACHE_HOME: `${disk.path}/a`, TMPDIR: `${disk.path}/b` };
  assertFailed(
    await inShell('exec "$@"', nowhere),
    /^htserver: Cannot find a folder to unpack into: \$XDG_CACHE_HOME, .* must be one that can be/,
  );
  // An unpacked cache folder is enough, although the runtime cannot write its own cache there.
  await using other = await SmallDisk.mount(400_000_000);
  await unpackInto(`${other.path}/htserver`);
  await other.makeReadOnly();
  assert.deepEqual(await inShell('exec "$@"', { XDG_CACHE_HOME: other.path }), GOOD);
});

testWith(
  ["bash", "iconv"],
  "fault: text that is not UTF-8: the path of a cache folder",
  async () => {
    await using folder = await TempFolder.make();
    await fallbackIn(folder);
    const odd = `"$(printf '%s/a\\377' '${folder.path}')"`;
    const line = `XDG_CACHE_HOME=${odd} TMPDIR='${folder.path}'; export XDG_CACHE_HOME TMPDIR`;
    const { code, stdout, stderr } = await inShell(`${line}; exec "$@"`);
    assert.deepEqual([code, stdout], [0, GOOD.stdout], stderr);
    assert.match(stderr, /^htserver: Not using the cache folder '[^']+': its path must be UTF-8/);
    assertFailed(
      await inShell(`XDG_CACHE_HOME= TMPDIR=${odd}; export XDG_CACHE_HOME TMPDIR
      mkdir -p "$TMPDIR"; exec "$@"`),
      /^htserver: Cannot find a folder to unpack into: .* with a path in UTF-8/,
    );
  },
);
