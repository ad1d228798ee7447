/**
 * The header of the portable form, where something about the machine or the user is not as usual:
 * one sentence, and what to do.
 */
import assert from "assert";
import { VERSION } from "../../../lib/base/version.ts";
import { PROGRAMS } from "../../../tools/build/programs.ts";
import {
  CACHE_HOME,
  type End,
  executables,
  headerOf,
  run,
  Running,
  unpacked,
} from "./executables.ts";
import { SmallDisk, TempFolder, testWithMounts } from "../../helpers/folders.ts";
import { testWith } from "../../helpers/needs.ts";

const built = await executables();
const HTSERVER = built.path("htserver");

/** What a start prints that works. */
const GOOD = { code: 0, stdout: `htserver ${VERSION}\n`, stderr: "" };

/** Runs a line of shell in which "$@" is `htserver --version`. */
function inShell(line: string, env: Record<string, string> = {}): Promise<End> {
  return run("/bin/sh", ["-c", line, "sh", HTSERVER, "--version"], { env });
}

/** Names of the files that htserver unpacks into its cache folder. */
const UNPACKED: readonly string[] = await (async () => {
  await run(HTSERVER, ["--version"]);
  const header = headerOf(await Deno.readFile(HTSERVER));
  return [...header.matchAll(/^(?:program|runtime)=(\S+)$/gm)].map(([, name = ""]) => name);
})();

/** Makes a cache folder as a start leaves it, in a fraction of the time. */
async function unpackInto(folder: string): Promise<void> {
  await Deno.mkdir(folder, { mode: 0o700 });
  for (const name of UNPACKED) {
    await Deno.copyFile(`${CACHE_HOME}/htserver/${name}`, `${folder}/${name}`);
  }
}

/** A folder for both a cache folder and what takes its place, of which the latter is unpacked. */
async function homeOf(folder: TempFolder): Promise<Record<string, string>> {
  await unpackInto(`${folder.path}/htserver-${Deno.uid()}`);
  return { XDG_CACHE_HOME: folder.path, TMPDIR: folder.path };
}

function assertSentence({ code, stdout, stderr }: End, pattern: RegExp): void {
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
    // Shells complain at their own start, before the first line of any script.
    const own = stderr.split("\n").filter((one) => one !== "" && !/getcwd|current dir/.test(one));
    assert.equal(own.length, 1, stderr);
    assert.match(own[0] ?? "", new RegExp(`^${name}: Cannot start in a folder that was deleted `));
  });
}

for (const shell of ["dash", "bash", "busybox"]) {
  testWith([shell], `fault: a deleted working directory: as seen by ${shell}`, async () => {
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

Deno.test("fault: `ulimit -n 16`: too few open files are refused by the header", async () => {
  for (const files of [14, 16, 24, 31]) {
    const pattern = /^htserver: Cannot start with a limit of \d+ open files: it takes 32 \(ulimit/;
    assertSentence(await inShell(`ulimit -n ${files}; exec "$@"`), pattern);
  }
  const args = ["t", "--memory", "--host", "127.0.0.1", "--no-catalog", "--local-catalog", "off"];
  const line = 'ulimit -n 32; exec "$@"';
  await using server = new Running("/bin/sh", ["-c", line, "sh", HTSERVER, ...args]);
  assert.ok(await server.port() > 0, "as many as it asks for are enough");
});

Deno.test("fault: `ulimit -n 16`: so are other limits that the runtime does not survive", async () => {
  for (const limit of ["-v 8000000", "-d 300000", "-s 256"]) {
    const pattern =
      /^htserver: Cannot start with a limit of \d+ bytes of [^\n]+ \(ulimit -. \d+\)\n$/;
    const refused = await inShell(`ulimit ${limit}; exec "$@"`);
    assertSentence(refused, pattern);
    const [, enough = ""] = /\((ulimit [^)]+)\)/.exec(refused.stderr) ?? [];
    assert.deepEqual(await inShell(`${enough}; exec "$@"`), GOOD, enough);
  }
});

for (const [what, mode] of [["others", 0o777], ["the group", 0o770]] as const) {
  Deno.test(`fault: files that others can read or write: a cache folder of ${what}`, async () => {
    await using folder = await TempFolder.make();
    const cache = `${folder.path}/htserver`;
    const env = await homeOf(folder);
    await Deno.mkdir(cache);
    // What another user could have planted, under the right names.
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
  const env = await homeOf(folder);
  const { code, stdout, stderr } = await inShell('exec "$@"', env);
  assert.deepEqual([code, stdout], [0, GOOD.stdout]);
  assert.match(stderr, /^htserver: Not using the cache folder '[^']+': it must be a folder, not a/);
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/elsewhere`)], []);
});

Deno.test("fault: files that others can read or write: a cache folder that was only readable", async () => {
  await using folder = await TempFolder.make();
  const env = { XDG_CACHE_HOME: folder.path };
  await unpackInto(`${folder.path}/htserver`);
  await Deno.chmod(`${folder.path}/htserver`, 0o755);
  assert.deepEqual(await inShell('exec "$@"', env), GOOD, "no other user could put anything there");
  assert.equal(((await Deno.stat(`${folder.path}/htserver`)).mode ?? 0) & 0o777, 0o700);
});

Deno.test("fault: files that others can read or write: a data folder", async () => {
  await using folder = await TempFolder.make();
  const data = `${folder.path}/t.ht`;
  await Deno.mkdir(data);
  await Deno.chmod(data, 0o777);
  const flags = ["--host", "127.0.0.1", "--no-catalog", "--local-catalog", "off", "--data", data];
  await using server = new Running(HTSERVER, ["t", ...flags]);
  await server.port();
  server.kill("SIGTERM");
  const { stderr } = await server.end();
  const sentence = `warn: The data folder '${data}' can be read and written by other users`;
  assert.ok(stderr.includes(`${sentence} (mode 0777): chmod 700 ${data}\n`), stderr);
});

Deno.test("no folder of the user is needed", async () => {
  await using folder = await TempFolder.make();
  const env = { ...await homeOf(folder), XDG_CACHE_HOME: "" };
  assert.deepEqual(await inShell('unset HOME XDG_CACHE_HOME; exec "$@"', env), GOOD);
});

testWithMounts("full and read-only disks: one sentence", async () => {
  await using disk = await SmallDisk.mount(1_000_000);
  const env = { XDG_CACHE_HOME: disk.path, TMPDIR: disk.path };
  assertSentence(
    await inShell('exec "$@"', env),
    /^htserver: Cannot unpack the runtime .* disk have room for it, but: .*[Nn]o space left/,
  );
  assert.deepEqual(unpacked(disk.path), [], "nothing half is left");
  await disk.makeReadOnly();
  const nowhere = { XDG_CACHE_HOME: `${disk.path}/a`, TMPDIR: `${disk.path}/b` };
  assertSentence(
    await inShell('exec "$@"', nowhere),
    /^htserver: Cannot find a folder to unpack into: \$XDG_CACHE_HOME, .* must be one that can be/,
  );
  // What is unpacked already is enough, though the runtime cannot write its own cache there.
  await using other = await SmallDisk.mount(400_000_000);
  const home = { XDG_CACHE_HOME: other.path };
  await unpackInto(`${other.path}/htserver`);
  await other.makeReadOnly();
  assert.deepEqual(await inShell('exec "$@"', home), GOOD);
});

testWith(
  ["bash", "iconv"],
  "fault: text that is not UTF-8: the path of a cache folder",
  async () => {
    await using folder = await TempFolder.make();
    await homeOf(folder);
    const odd = `"$(printf '%s/a\\377' '${folder.path}')"`;
    const line = `XDG_CACHE_HOME=${odd} TMPDIR='${folder.path}'; export XDG_CACHE_HOME TMPDIR`;
    const { code, stdout, stderr } = await inShell(`${line}; exec "$@"`);
    assert.deepEqual([code, stdout], [0, GOOD.stdout], stderr);
    assert.match(stderr, /^htserver: Not using the cache folder '[^']+': its path must be UTF-8/);
    assertSentence(
      await inShell(`XDG_CACHE_HOME= TMPDIR=${odd}; export XDG_CACHE_HOME TMPDIR
      mkdir -p "$TMPDIR"; exec "$@"`),
      /^htserver: Cannot find a folder to unpack into: .* with a path in UTF-8/,
    );
  },
);

Deno.test("the cache that tests share is private", async () => {
  await run(HTSERVER, ["--version"]);
  assert.equal(((await Deno.stat(`${CACHE_HOME}/htserver`)).mode ?? 0) & 0o777, 0o700);
});
