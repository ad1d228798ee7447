/**
 * Tests servers with a data folder that cannot be listed, or is moved, replaced or emptied: no acknowledged
 * change is lost, and no file of another server is changed (I10).
 */
import assert from "assert";
import {
  Asker,
  killAndCompare,
  lastMessage,
  refusal,
  server,
  serves,
  sizeOf,
} from "./durable_server.ts";
import { fill } from "../../storage/real_folder.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { testWith } from "../../helpers/needs.ts";
import { fromSource, PATIENCE_MS, Program, run } from "../../../bench/harness/program.ts";

/** Keys in the folder that cannot be listed. */
const KEYS = 130;

testWith(
  ["strace"],
  "fault: a listing that fails is taken for an empty folder: the start fails, and the log is unchanged",
  async () => {
    await using temp = await TempFolder.make();
    const folder = `${temp.path}/table.ht`;
    await fill(folder, KEYS);
    const log = await Deno.readFile(`${folder}/table.txn`);
    // The first getdents of a thread returns the names, the second one the end.
    for (const when of ["1", "2", "1+"]) {
      const fault = `inject=getdents64:error=EIO:when=${when}`;
      const trace = ["-f", "-qq", "-o", `${temp.path}/trace`, "-P", folder, "-e", fault];
      const why = refusal(await run(["strace", ...trace, ...server(folder)]));
      assert.match(why, /Cannot use the data folder '.*': Input\/output error/);
      assert.deepEqual(await Deno.readFile(`${folder}/table.txn`), log);
    }
    await using program = new Program(server(folder));
    assert.equal(await sizeOf(program), KEYS);
  },
);

/** Inserts until the server has ended, and notes the acknowledged keys. */
async function insertUntilGone(
  asker: Asker,
  acknowledged: Map<string, unknown>,
  word: string,
): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (let number = 0; Date.now() < deadlineMs; number++) {
    const answer = await asker.insert(`${word} ${number}`, number);
    if (answer === "OK") acknowledged.set(`${word} ${number}`, number);
    if (answer === "gone") return;
  }
  assert.fail("the server does not end");
}

/** Waits until a server ends because it has lost its folder. */
async function endedForLostFolder(program: Program): Promise<void> {
  const message = await lastMessage(program);
  assert.match(message, /^htserver: Ending: '.*\/lock' is no longer the lock that this/);
}

for (const how of ["moved", "a link that is switched"]) {
  Deno.test(`fault: the folder is known by its path only: ${how}`, async () => {
    await using temp = await TempFolder.make();
    const [path, first, second] = ["table.ht", "first", "second"].map((name) =>
      `${temp.path}/${name}`
    ) as [string, string, string];
    const isLink = how !== "moved";
    if (isLink) {
      await Deno.mkdir(first);
      await Deno.symlink(first, path);
    }
    const flags = ["--compact-entries", "7"];
    await using a = new Program(server(path, ...flags));
    using askA = await Asker.of(a);
    const ofA = new Map<string, unknown>();
    assert.equal(await askA.insert("a", 1), "OK");
    ofA.set("a", 1);
    // The second server starts before the next check of the first one.
    await using b = new Program(server(isLink ? second : `${path}.new`, ...flags));
    using askB = await Asker.of(b);
    const ofB = new Map<string, unknown>();
    for (let number = 0; number < 10; number++) {
      assert.equal(await askB.insert(`b${number}`, number), "OK");
      ofB.set(`b${number}`, number);
    }
    if (isLink) {
      await Deno.symlink(second, `${path}.new`);
      await Deno.rename(`${path}.new`, path);
    } else {
      await Deno.rename(path, first);
      await Deno.rename(`${path}.new`, path);
    }
    await insertUntilGone(askA, ofA, "a");
    await endedForLostFolder(a);
    if (isLink) {
      assert.equal(await askB.insert("b", 1), "OK");
      ofB.set("b", 1);
      b.kill("SIGTERM");
      assert.equal(await b.exitCode(), 0, b.stderr);
    } else {
      await insertUntilGone(askB, ofB, "b"); // its path has moved, too
      await endedForLostFolder(b);
    }
    await serves(first, ofA, 1);
    await serves(isLink ? second : path, ofB, isLink ? 0 : 1);
  });
}

Deno.test("fault: the folder is known by its path only: an idle server ends, too", async () => {
  await using temp = await TempFolder.make();
  await using program = new Program(server(`${temp.path}/table.ht`));
  await program.port();
  await Deno.rename(`${temp.path}/table.ht`, `${temp.path}/moved`);
  await endedForLostFolder(program);
});

Deno.test("fault: the lock is a file that can be removed: a second server is rejected", async () => {
  await using temp = await TempFolder.make();
  const folder = `${temp.path}/table.ht`;
  await using a = new Program(server(folder));
  using asker = await Asker.of(a);
  const acknowledged = new Map<string, unknown>([["a", 1]]);
  assert.equal(await asker.insert("a", 1), "OK");
  a.kill("SIGSTOP"); // so that the second server starts before the next check of the first one
  try {
    await Deno.remove(`${folder}/lock`);
    for (const command of [server(folder), fromSource("server.ts", "--repair", folder)]) {
      const { code, stderr } = await run(command);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^htserver: [^\n]*another server still uses its log '.*table\.txn'[^\n]*\n$/,
      );
    }
  } finally {
    a.kill("SIGCONT");
  }
  await insertUntilGone(asker, acknowledged, "a");
  await endedForLostFolder(a);
  await serves(folder, acknowledged, 1);
});

/** Locks that are links to a file, which may be missing. */
const LINKS: Readonly<Record<string, (target: string, lock: string) => Promise<void>>> = {
  "a symbolic link": Deno.symlink,
  "a hard link": Deno.link,
  "a link without a target": (target, lock) => Deno.symlink(`${target}.missing`, lock),
};

for (const [kind, make] of Object.entries(LINKS)) {
  Deno.test(`fault: lock as a symlink: ${kind} is rejected, and its target is unchanged`, async () => {
    await using temp = await TempFolder.make();
    const folder = `${temp.path}/table.ht`;
    const target = `${temp.path}/precious`;
    await Deno.mkdir(folder);
    await Deno.writeTextFile(target, "mine\n");
    await make(target, `${folder}/lock`);
    const why = refusal(await run(server(folder)));
    assert.match(why, /'.*\/lock' must be a plain file with one name, and is a link/);
    assert.equal(await Deno.readTextFile(target), "mine\n");
    await assert.rejects(Deno.lstat(`${target}.missing`), Deno.errors.NotFound);
  });
}

/** Changes to the files of a running server; `foreign` is a file that it must not change. */
const LOSSES: Readonly<Record<string, (folder: string, foreign: string) => Promise<unknown>>> = {
  "the log is removed": (folder) => Deno.remove(`${folder}/table.txn`),
  "the log is cut": (folder) => Deno.truncate(`${folder}/table.txn`, 10),
  "another file has the log's name": (folder, foreign) =>
    Deno.rename(foreign, `${folder}/table.txn`),
  "the checkpoint is removed": (folder) => Deno.remove(`${folder}/table.ckpt`),
  "another file has the checkpoint's name": (folder, foreign) =>
    Deno.rename(foreign, `${folder}/table.ckpt`),
};

for (const [how, lose] of Object.entries(LOSSES)) {
  Deno.test(`fault: a log that disappears under a running server: ${how}`, async () => {
    await using temp = await TempFolder.make();
    const folder = `${temp.path}/table.ht`;
    await fill(folder, 20, 10);
    const pairs = new Map<string, unknown>();
    for (let number = 0; number < 20; number++) pairs.set(`k${number}`, number);
    const foreign = `${temp.path}/foreign`;
    await Deno.writeTextFile(foreign, "precious\n");
    await using program = new Program(server(folder, "--compact-entries", "1000000"));
    using asker = await Asker.of(program);
    const insert = async (key: string) => {
      assert.equal(await asker.insert(key, key), "OK");
      pairs.set(key, key);
    };
    await insert("before");
    await lose(folder, foreign);
    await insert("after");
    await program.until("stderr", /warn: 'table\.(txn|ckpt)' was removed or changed by another/);
    await insert("noticed"); // waits until the whole table is on disk
    await program.until("stderr", /warn: The table is on disk again/);
    await insert("later");
    if (how.startsWith("another")) {
      const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
      const name = names.find((name) => name.startsWith("foreign.1.table."));
      assert.equal(await Deno.readTextFile(`${folder}/${name}`), "precious\n");
    }
    await killAndCompare(program, folder, pairs);
  });
}

Deno.test("fault: a log that disappears under a running server: the server is stopped before its next check", async () => {
  await using temp = await TempFolder.make();
  const folder = `${temp.path}/table.ht`;
  await using program = new Program(server(folder));
  using asker = await Asker.of(program);
  assert.equal(await asker.insert("a", 1), "OK");
  await Deno.remove(`${folder}/table.txn`);
  program.kill("SIGTERM");
  assert.equal(await program.exitCode(), 0, program.stderr);
  await serves(folder, new Map([["a", 1]]));
});
