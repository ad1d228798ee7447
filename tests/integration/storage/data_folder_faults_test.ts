/**
 * Tests programs on damaged data folders: they serve or repair readable data, and report missing data in
 * one message. No program hangs or fills the memory.
 */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { lockToRead } from "../../../lib/storage/folder/lock_file.ts";
import { fill } from "../../storage/real_folder.ts";
import { Asker, check, refusal, repair, server, sizeOf } from "./durable_server.ts";
import { SmallDisk, TempFolder, testWithMounts } from "../../helpers/folders.ts";
import { isLong } from "../../helpers/long.ts";
import { testWith } from "../../helpers/needs.ts";
import { peakMemoryBytes } from "../../../bench/harness/process_watch.ts";
import { fromSource, Program, run } from "../../../bench/harness/program.ts";

const KEYS = 130;

const MISSING = "fault: a missing or empty log beside a checkpoint is accepted";

/** Ways to spoil a folder with a checkpoint of 121 keys and a log of 9: what is left after a repair. */
const SPOILS: readonly (readonly [
  group: string,
  what: string,
  spoil: (folder: string) => Promise<unknown>,
  keys: number,
])[] = [
  [MISSING, "a missing log", (folder) => Deno.remove(`${folder}/table.txn`), 121],
  [MISSING, "a log of 0 bytes", (folder) => Deno.truncate(`${folder}/table.txn`, 0), 121],
  [MISSING, "a missing checkpoint", (folder) => Deno.remove(`${folder}/table.ckpt`), 9],
  ["repair", "a bad record", (folder) => editLog(folder, '"k125"', '"kX"'), KEYS - 1],
  ["repair", "a missing change", (folder) => editLog(folder, /\n[^\n]*/, ""), KEYS - 1],
  // The last record is whole within the line, and proves that the one before was on disk.
  ["repair", "a bad line end", (folder) => editLog(folder, /\n([^\n]*\n)$/, "x$1"), KEYS - 2],
];

async function editLog(folder: string, old: string | RegExp, text: string): Promise<void> {
  const path = `${folder}/table.txn`;
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace(old, text));
}

for (const [group, what, spoil, keys] of SPOILS) {
  Deno.test(`${group}: start and --check report ${what} with both commands, and --repair works`, async () => {
    await using temp = await TempFolder.make();
    await fill(temp.path, KEYS, 120);
    await spoil(temp.path);
    const readOld = (name: string) => Deno.readTextFile(`${temp.path}/${name}`).catch(() => "none");
    const old = await readOld("table.txn");
    const why = refusal(await run(server(temp.path)));
    assert.match(why, /table\.txn: .*htserver --check \/.*htserver --repair \//);
    const checked = await check(temp.path);
    assert.equal(checked.code, 1);
    assert.match(checked.stdout, /^damaged: table\.txn; /m);
    const repaired = await repair(temp.path);
    assert.equal(repaired.code, 0);
    assert.match(repaired.stdout, new RegExp(`^repaired: ${keys} keys`, "m"));
    assert.match(repaired.stdout, /new identity/);
    const [, offset] = /bad bytes at (\d+)/.exec(checked.stdout) ?? [];
    assert.equal(offset !== undefined, what.startsWith("a bad"));
    if (offset !== undefined) {
      assert.match(why, new RegExp(` at byte ${offset}\\b`));
      assert.match(
        repaired.stdout,
        new RegExp(`^dropped: \\d+ bytes of table.txn at byte ${offset}$`, "m"),
      );
    } else if (group === "repair") assert.match(repaired.stdout, /^missing in table\.txn/m);
    assert.equal(await readOld("damaged.1.table.txn"), old);
    assert.match(
      (await check(temp.path)).stdout,
      new RegExp(`^${keys} keys, last change \\d+\\ngood$`, "m"),
    );
    const tableFiles = async () =>
      (await modified(temp.path)).filter((line) => line.startsWith("table."));
    const before = await tableFiles();
    assert.match((await repair(temp.path)).stdout, /^good: nothing to repair$/m);
    assert.deepEqual(await tableFiles(), before);
  });
}

Deno.test("repair: a missing folder, or another flag, is one error message", async () => {
  assert.match(refusal(await check("/none")), /^htserver: Cannot check '\/none': /);
  const more = await run(fromSource("server.ts", "a-a4", "--repair", "/none"));
  assert.equal(more.code, 2);
  assert.match(more.stderr, /^htserver: --repair takes a data folder and nothing else/);
});

testWith(
  ["strace"],
  "fault: repair is not safe against a crash: killed at each rename and each sync",
  async () => {
    const renames = "?rename,?renameat,?renameat2", syncs = "fdatasync,fsync";
    // strace counts the calls of each thread apart, and any thread may make a sync. tests/crash has a test
    // with each sync of a simulated disk.
    for (
      const [call, minKills] of isLong
        ? [[renames, 4], [syncs, 1]] as const
        : [[renames, 4]] as const
    ) {
      let when = 1;
      for (let isOver = false; !isOver; when++) {
        await using temp = await TempFolder.make();
        await fill(temp.path, KEYS, 120);
        await editLog(temp.path, '"k125"', '"k12X"');
        const killed = await run([
          ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`],
          ...["-e", `inject=${call}:signal=KILL:when=${when}`],
          ...fromSource("server.ts", "--repair", temp.path),
        ]);
        isOver = killed.code === 0;
        const second = await repair(temp.path);
        assert.equal(second.code, 0, second.stderr);
        await using program = new Program(server(temp.path));
        assert.equal(await sizeOf(program), KEYS - 1, `killed at call ${when}: ${second.stdout}`);
      }
      assert.ok(when > minKills, `${when} times ${call}`);
    }
  },
);

testWithMounts("fault: start needs room: a torn tail on a full disk", async () => {
  await using disk = await SmallDisk.mount(400_000);
  const folder = `${disk.path}/table.ht`;
  await fill(folder, KEYS);
  const log = await Deno.readFile(`${folder}/table.txn`);
  const torn = new Uint8Array(20_000).fill("x".charCodeAt(0));
  await Deno.writeFile(`${folder}/table.txn`, torn, { append: true });
  const ballast = `${disk.path}/ballast`;
  await Deno.writeFile(ballast, new Uint8Array(1_000_000)).catch(() => {}); // until the disk is full
  const names = () => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  for (let start = 0; start < 2; start++) {
    await using program = new Program(server(folder));
    using asker = await Asker.of(program);
    assert.equal(await asker.size(), KEYS);
    await program.until("stderr", /torn write of 20000 bytes.*cannot be saved \(No space left/);
    const refused = await asker.ask({ method: "insert", key: "new", value: 1 });
    assert.equal(refused?.["type"], "StorageError");
    assert.match(String(refused?.["message"]), /torn tail/);
    assert.deepEqual(names(), ["lock", "table.txn"], "no empty files");
    program.kill("SIGTERM");
    assert.equal(await program.exitCode(), 0);
    assert.equal((await Deno.stat(`${folder}/table.txn`)).size, log.length + torn.length);
  }
  await using program = new Program(server(folder));
  using asker = await Asker.of(program);
  assert.equal(await asker.size(), KEYS);
  await Deno.remove(ballast);
  assert.equal(await asker.insert("new", 1), "OK");
  assert.deepEqual(await Deno.readFile(`${folder}/table.torn.1`), torn);
  program.kill("SIGKILL");
  await program.exitCode();
  await using again = new Program(server(folder));
  assert.equal(await sizeOf(again), KEYS + 1);
});

testWith(
  ["mkfifo"],
  "fault: a FIFO as log: an error message, as for any file that is not a plain one",
  async () => {
    const kinds: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
      FIFO: (path) => run(["mkfifo", path]),
      folder: (path) => Deno.mkdir(path),
      link: (path) => Deno.symlink("/dev/zero", path),
      socket: (path) => Promise.resolve(Deno.listen({ transport: "unix", path }).close()),
    };
    await using temp = await TempFolder.make();
    for (const [kind, make] of Object.entries(kinds)) {
      for (const name of ["table.txn", "table.ckpt", "lock"]) {
        const folder = `${temp.path}/${kind}-${name}`;
        await fill(folder, KEYS, 120);
        await Deno.remove(`${folder}/${name}`);
        await make(`${folder}/${name}`);
        // Deno removes the file of a socket with its listener.
        if (!(await Deno.lstat(`${folder}/${name}`).catch(() => undefined))) continue;
        for (const task of [(path: string) => run(server(path)), check, repair]) {
          assert.match(
            refusal(await task(folder)),
            new RegExp(`${name}' .*plain file`),
            `${kind} ${name}`,
          );
        }
      }
    }
  },
);

/** Number of zeros. A program that reads them into memory exceeds the bound, even in the short form. */
const ZEROS = isLong ? 3_000_000_000 : 400_000_000;

/** Maximum memory of a program that reads them, in bytes. A program that has read nothing takes 70 MB. */
const MEMORY_BYTES = 300_000_000;

testWith(["/proc/self/status"], "fault: 3 GB of zeros behind a log: bounded memory", async () => {
  for (const between of ["", "half a record"]) {
    await using temp = await TempFolder.make();
    const path = `${temp.path}/table.txn`;
    await fill(temp.path, KEYS);
    const { length } = await Deno.readFile(path);
    await Deno.writeTextFile(path, between, { append: true });
    await Deno.truncate(path, length + between.length + ZEROS); // takes no room
    for (const task of ["--check", "--repair"]) {
      await using program = new Program(fromSource("server.ts", task, temp.path));
      const peakBytes = await peakOf(program);
      assert.equal(await program.exitCode(), 0, program.stderr);
      assert.match(program.stdout, task === "--check" ? /^good except for a torn tail/m : /^good/m);
      assert.ok(peakBytes < MEMORY_BYTES, `${task}: ${peakBytes} bytes of memory`);
    }
    await using program = new Program(server(temp.path));
    assert.equal(await sizeOf(program), KEYS);
    const peakBytes = await peakMemoryBytes(program.pid);
    assert.ok(peakBytes < MEMORY_BYTES, `${peakBytes} bytes of memory`);
    await program.until("stderr", new RegExp(`torn write of ${between.length + ZEROS} bytes`));
    assert.equal((await Deno.stat(path)).size, length);
    const copy = await Deno.readTextFile(`${temp.path}/table.torn.1`).catch(() => "");
    assert.equal(copy, between, "zeros are not copied");
  }
});

/** Measures the peak memory of a program until it exits, in bytes, without its last milliseconds. */
async function peakOf(program: Program): Promise<number> {
  let peakBytes = 0;
  const ended = program.exitCode().then(() => true);
  while (!(await Promise.race([ended, sleep(10)])) || peakBytes === 0) {
    const now = await peakMemoryBytes(program.pid).catch(() => NaN);
    if (!(now > peakBytes)) continue;
    peakBytes = now;
  }
  return peakBytes;
}

testWithMounts("fault: --check on read-only media writes nothing", async () => {
  await using disk = await SmallDisk.mount(1_000_000);
  const folder = `${disk.path}/table.ht`;
  await fill(folder, KEYS, 120);
  const before = await Deno.readTextFile(`${folder}/lock`);
  await disk.makeReadOnly();
  const checked = await check(folder);
  assert.deepEqual([checked.code, checked.stderr], [0, ""]);
  assert.match(checked.stdout, /^130 keys, last change 130\ngood$/m);
  assert.equal(await Deno.readTextFile(`${folder}/lock`), before);
});

Deno.test("fault: --check on read-only media writes nothing: two checks at a time, and a start", async () => {
  await using temp = await TempFolder.make();
  await fill(temp.path, KEYS);
  {
    using _reading = lockToRead(temp.path);
    assert.equal((await check(temp.path)).code, 0);
    const why = refusal(await run(server(temp.path)));
    assert.match(why, /htserver --check is reading it; try again when it has ended$/m);
  }
  await using program = new Program(server(temp.path));
  assert.equal(await sizeOf(program), KEYS);
});

Deno.test("fault: --check on read-only media writes nothing: it reports a running server, and does not disturb it", async () => {
  await using temp = await TempFolder.make();
  await fill(temp.path, KEYS, 120);
  const before = await modified(temp.path);
  const checked = await check(temp.path);
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /^table\.txn +\d+ +10 +122 to 130$/m);
  assert.deepEqual(await modified(temp.path), before);
  await using program = new Program(server(temp.path));
  using asker = await Asker.of(program);
  const why = refusal(await check(temp.path));
  assert.match(why, new RegExp(`the server with process number ${program.pid} uses it`));
  assert.equal(await asker.insert("a", 1), "OK");
});

/** Reads the names, sizes and times of the files in a folder. */
async function modified(folder: string): Promise<string[]> {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  return await Promise.all(names.map(async (name) => {
    const { size, mtime, ino } = await Deno.stat(`${folder}/${name}`);
    return `${name} ${size} ${ino} ${mtime?.toISOString()}`;
  }));
}
