/** Proves that a damaged folder is repaired with all readable records, a report, and copies of all files. */
import assert from "assert";
import { silentLog } from "../../../lib/base/log.ts";
import { openFolder } from "../../../lib/storage/open.ts";
import { recover } from "../../../lib/storage/recovery/recovery.ts";
import { repairFolder } from "../../../lib/storage/recovery/repair.ts";
import { readDamagedFolder } from "../../../lib/storage/recovery/damaged_folder.ts";
import { RecordBuffer } from "../../../lib/storage/log/log_record.ts";
import { HashTable } from "../../../lib/table/hash_table.ts";
import { insertOf, removeOf } from "../changes.ts";
import { startOn } from "../../engine/durable_engine.ts";
import { ALONE_ON_DISK, fromSource, run } from "../../../bench/harness/program.ts";
import { SimulatedDisk } from "../../crash/simulated/simulated_disk.ts";
import { joined, utf8 } from "../../helpers/streams.ts";
import { insertText, pairsOf } from "../../helpers/table_texts.ts";

/** Makes a folder with this number of keys, by the storage of a server. */
async function folderWith(keys: number): Promise<string> {
  const folder = await Deno.makeTempDir();
  const compact = { entries: undefined, bytes: undefined };
  const open = await openFolder({
    folder,
    fsync: "always",
    compact,
    log: silentLog,
    onSyncFailure: (error) => assert.fail(String(error)),
  });
  for (let key = 0; key < keys; key++) {
    open.storage.append(insertOf(`k${key}`, String(key)));
    open.storage.write();
    open.storage.syncNow();
  }
  await open.close();
  return folder;
}

Deno.test("repair: a good folder is reported as good, and not changed", async () => {
  const folder = await folderWith(3);
  try {
    const before = await Deno.readTextFile(`${folder}/table.txn`);
    const check = await run(fromSource("server.ts", "--check", folder));
    assert.equal(check.code, 0, check.stderr);
    assert.match(check.stdout, /^table\.txn +\d+ +4 +1 to 3$/m);
    assert.match(check.stdout, /^3 keys, last change 3\ngood$/m);
    const repair = await run(fromSource("server.ts", "--repair", folder));
    assert.equal(repair.code, 0);
    assert.equal(await Deno.readTextFile(`${folder}/table.txn`), before);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("repair: a damaged folder is refused, repaired with what can be read, and then served", async () => {
  const folder = await folderWith(3);
  try {
    const log = `${folder}/table.txn`;
    const damaged = (await Deno.readTextFile(log)).replace('"k1"', '"kX"');
    await Deno.writeTextFile(log, damaged);
    const offset = damaged.split("\n").slice(0, 2).join("\n").length + 1;
    const start = await run(fromSource("server.ts", "a-a4", ...ALONE_ON_DISK, "--data", folder));
    assert.equal(start.code, 1);
    assert.match(start.stderr, new RegExp(`table\\.txn: .* at byte ${offset}\\b.*--check`));
    const check = await run(fromSource("server.ts", "--check", folder));
    assert.equal(check.code, 1);
    assert.match(check.stdout, new RegExp(`bad bytes at ${offset}`));
    const repair = await run(fromSource("server.ts", "--repair", folder));
    assert.equal(repair.code, 0, repair.stderr);
    assert.match(repair.stdout, new RegExp(`dropped: \\d+ bytes of table\\.txn at byte ${offset}`));
    assert.equal(await Deno.readTextFile(`${folder}/damaged.1.table.txn`), damaged);
    const after = await run(fromSource("server.ts", "--check", folder));
    assert.match(after.stdout, /^2 keys, last change 3\ngood$/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("repair: a missing folder, or another flag, ends in one sentence", async () => {
  const missing = await run(fromSource("server.ts", "--check", "/none"));
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^htserver: Cannot check '\/none': /);
  const more = await run(fromSource("server.ts", "a-a4", "--repair", "/none"));
  assert.equal(more.code, 2);
  assert.match(more.stderr, /^htserver: --repair takes a data folder and nothing else/);
});

/** Makes a checkpoint of two keys, a damaged log with gaps, and a second log. */
function damagedFolder(): Record<string, Uint8Array<ArrayBuffer>> {
  const checkpoint = new RecordBuffer();
  checkpoint.add(0, 0, '{"htserver":"ckpt","version":1,"covers":5}');
  checkpoint.addChange(1, 0, insertOf("a", "1"));
  checkpoint.addChange(2, 0, insertOf("b", "[2.0]"));
  checkpoint.add(3, 0, '{"end":2}');
  const log = new RecordBuffer();
  log.add(0, 0, '{"htserver":"txn","version":1}');
  log.addChange(5, 1, insertOf("a", '"covered"'));
  log.addChange(6, 1, removeOf("b"));
  const more = new RecordBuffer();
  more.addChange(8, 1, insertOf("c", "8"));
  more.add(9, 1, '{"method":"ping"}');
  const next = new RecordBuffer();
  next.addChange(12, 1, insertOf("\u00e4", "12"));
  return {
    "table.ckpt": checkpoint.bytes().slice(),
    "table.txn": joined([log.bytes(), utf8("damage\n"), more.bytes()]),
    "table.txn.1": joined([next.bytes(), utf8("torn")]),
  };
}

Deno.test("repair: all whole records are read, and the other ranges reported", () => {
  const files = damagedFolder();
  const disk = SimulatedDisk.of(files);
  const { files: found, table, lastSeq } = readDamagedFolder(disk, disk.names);
  const placeOf = (name: string, text: string) =>
    new TextDecoder("latin1").decode(files[name]).indexOf(text);
  const next = placeOf("table.txn", "damage\n") + 7;
  assert.deepEqual(found, [
    {
      name: "table.ckpt",
      bytes: files["table.ckpt"]?.length,
      records: 4,
      first: 1,
      last: 3,
      damage: [],
      problems: [],
    },
    {
      name: "table.txn",
      bytes: files["table.txn"]?.length,
      records: 5,
      first: 5,
      last: 9,
      damage: [{ offset: next - 7, bytes: 7 }],
      problems: [`numbers 7 to 7 are missing at byte ${next}`],
    },
    {
      name: "table.txn.1",
      bytes: files["table.txn.1"]?.length,
      records: 1,
      first: 12,
      last: 12,
      damage: [{ offset: placeOf("table.txn.1", "torn"), bytes: 4 }],
      problems: ["its first record is missing"],
    },
  ]);
  assert.equal(lastSeq, 12);
  assert.deepEqual([...pairsOf(table)].sort(), [["a", "1"], ["c", "8"], ["\u00e4", "12"]]);
  assert.deepEqual([disk.operations, disk.openFiles], [0, 0]);
});

Deno.test("repair: a checkpoint without its end is reported, and its records are read", () => {
  const { "table.ckpt": checkpoint = new Uint8Array(0) } = damagedFolder();
  const disk = SimulatedDisk.of({ "table.ckpt": checkpoint.slice(0, -5) });
  const { files: [found], table } = readDamagedFolder(disk, disk.names);
  assert.deepEqual(found?.problems, ["its last record is missing"]);
  assert.equal(found?.damage.length, 1);
  assert.equal(table.size, 2);
});

Deno.test("repair: a start recovers the repaired table, and the old files are kept", async () => {
  const files = damagedFolder();
  const disk = SimulatedDisk.of(files);
  const contents = readDamagedFolder(disk, disk.names);
  const newNames = await repairFolder(disk, contents);
  const names = Object.keys(files);
  assert.deepEqual(newNames, names.map((name) => `damaged.1.${name}`));
  for (const name of names) assert.deepEqual(disk.bytesOf(`damaged.1.${name}`), files[name]);
  const table = new HashTable();
  const { log, lastSeq } = await recover(disk, table);
  log.close();
  assert.equal(lastSeq, 12);
  assert.deepEqual([...pairsOf(table)].sort(), [...pairsOf(contents.table)].sort());
  assert.equal(disk.openFiles, 0);
});

Deno.test("repair: --check refuses what a start refuses, and --repair repairs it", async () => {
  const spoil: Record<string, (log: string) => string> = {
    // The last record is whole within the line, and proves that the one before was on disk.
    "the line end before the last record": (log) =>
      log.replace(/\n([^\n]*\n)$/, (_, last: string) => `x${last}`),
    "the first change": (log) => log.replace(/\n[^\n]*/, ""),
  };
  for (const [what, change] of Object.entries(spoil)) {
    const folder = await folderWith(3);
    try {
      const path = `${folder}/table.txn`;
      await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
      const start = await run(
        fromSource("server.ts", "repair-a4", ...ALONE_ON_DISK, "--data", folder),
      );
      assert.match(start.stderr, /table\.txn: .*--check/, what);
      const check = await run(fromSource("server.ts", "--check", folder));
      assert.deepEqual([check.code, /^damaged: table\.txn;/m.test(check.stdout)], [1, true], what);
      const repair = await run(fromSource("server.ts", "--repair", folder));
      assert.match(repair.stdout, /^dropped|missing in table\.txn/m, what);
      assert.match(repair.stdout, /^repaired: [12] keys/m, what);
      const after = await run(fromSource("server.ts", "--check", folder));
      assert.deepEqual([after.code, after.stdout.endsWith("good\n")], [0, true], what);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
});

/** Makes a folder with a checkpoint and a log. */
async function servedFolder(): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const disk = new SimulatedDisk();
  const { storage, table } = await startOn(disk, { entries: 3 });
  for (let key = 0; key < 5; key++) {
    insertText(table, `k${key}`, "1");
    storage.append(insertOf(`k${key}`, "1"));
    storage.write();
    storage.syncNow();
    await storage.checkpointing;
  }
  await storage.close();
  return Object.fromEntries(disk.names.map((name) => [name, disk.bytesOf(name).slice()]));
}

async function repairFiles(files: Readonly<Record<string, Uint8Array>>) {
  const disk = SimulatedDisk.of(files);
  const contents = readDamagedFolder(disk, disk.names);
  await repairFolder(disk, contents);
  const table = new HashTable();
  const { log, tableId, isNewTableId } = await recover(disk, table);
  log.close();
  assert.equal(isNewTableId, false);
  return { contents, tableId, size: table.size };
}

Deno.test("repair: the table has a new identity only if changes may be missing", async () => {
  const whole = await servedFolder();
  const { "table.txn": log = new Uint8Array(0), "table.ckpt": checkpoint = new Uint8Array(0) } =
    whole;
  const { tableId } = readDamagedFolder(SimulatedDisk.of(whole), Object.keys(whole));
  assert.ok(tableId);
  const lines = new TextDecoder().decode(log).split(/(?<=\n)/);
  const headless = utf8(lines.with(0, "no header\n").join(""));
  const disturbed = utf8(lines.toSpliced(1, 0, "no record\n").join(""));
  const { "table.txn": _, ...alone } = whole;
  const cases: readonly (readonly [Record<string, Uint8Array>, lost: boolean, size: number])[] = [
    [{ ...whole, "table.txn": disturbed }, false, 5],
    [{ ...whole, "table.txn": headless }, true, 5], // its number is lost, so a log may be missing
    [{ ...whole, "table.txn": joined([...lines.map((line) => utf8(line)), utf8("x")]) }, true, 5],
    [{ ...whole, "table.txn": utf8(lines.slice(0, -1).join("") + "bad\n") }, true, 4],
    [{ ...whole, "table.ckpt": checkpoint.slice(0, -5) }, true, 5],
    [alone, true, 3],
  ];
  for (const [files, isLost, size] of cases) {
    const after = await repairFiles(files);
    assert.equal(after.contents.mayLackChanges, isLost, Object.keys(files).join());
    assert.equal(after.tableId !== tableId, isLost);
    assert.equal(after.size, size);
  }
});

Deno.test("repair: a log of another table is kept, but not read", async () => {
  const one = await servedFolder(), other = await servedFolder();
  const files = {
    "table.ckpt": one["table.ckpt"] ?? utf8(""),
    "table.txn": other["table.txn"] ?? utf8(""),
  };
  const { contents, size } = await repairFiles(files);
  assert.match(contents.files.at(-1)?.problems.join() ?? "", /it belongs to another table, "/);
  assert.deepEqual([size, contents.mayLackChanges], [3, true]);
});

Deno.test("repair: many damaged lines in a row are reported as one range", () => {
  const { "table.txn": log = new Uint8Array(0) } = damagedFolder();
  const files = { "table.txn": joined([log, utf8("bad\n".repeat(1_000))]) };
  const { files: [found] } = readDamagedFolder(SimulatedDisk.of(files), ["table.txn"]);
  assert.deepEqual(found?.damage.at(-1), { offset: log.length, bytes: 4_000 });
});
