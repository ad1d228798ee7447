/** Proves that a damaged folder is repaired with all readable records, a report, and copies of all files. */
import assert from "assert";
import { recover } from "../../../lib/storage/recovery/recovery.ts";
import { repairFolder } from "../../../lib/storage/recovery/repair.ts";
import { readDamagedFolder } from "../../../lib/storage/recovery/damaged_folder.ts";
import { HashTable } from "../../../lib/table/hash_table.ts";
import { fileOf } from "../folder_contents.ts";
import { insertDurably } from "../changes.ts";
import { startOn } from "../../engine/durable_engine.ts";
import { SimulatedDisk } from "../../crash/simulated/simulated_disk.ts";
import { joined, utf8 } from "../../helpers/streams.ts";
import { pairsOf } from "../../helpers/table_texts.ts";

/** Makes a checkpoint of two keys, a damaged log with gaps, and a second log. */
function damagedFolder(): Record<string, Uint8Array<ArrayBuffer>> {
  const log = fileOf(
    '{"htserver":"txn","version":1}',
    [5, '{"method":"insert","key":"a","value":"covered"}'],
    [6, '{"method":"remove","key":"b"}'],
  );
  const more = fileOf([8, '{"method":"insert","key":"c","value":8}'], [9, '{"method":"ping"}']);
  return {
    "table.ckpt": fileOf(
      '{"htserver":"ckpt","version":1,"covers":5}',
      '{"method":"insert","key":"a","value":1}',
      '{"method":"insert","key":"b","value":[2.0]}',
      '{"end":2}',
    ),
    "table.txn": joined([log, utf8("damage\n"), more]),
    "table.txn.1": joined([
      fileOf([12, '{"method":"insert","key":"\u00e4","value":12}']),
      utf8("torn"),
    ]),
  };
}

Deno.test("repair: all whole records are read, and the other ranges reported", () => {
  const files = damagedFolder();
  const disk = SimulatedDisk.of(files);
  const { files: found, table, lastSeq } = readDamagedFolder(disk, disk.names);
  const placeOf = (name: string, text: string) =>
    new TextDecoder("latin1").decode(files[name]).indexOf(text);
  const place = placeOf("table.txn", "damage\n");
  const gap = `numbers 7 to 7 are missing at byte ${place + 7}`;
  const torn = { offset: placeOf("table.txn.1", "torn"), bytes: 4 };
  assert.deepEqual(
    found.map((
      { name, records, first, last, damage, problems },
    ) => [name, records, [first, last], damage, problems]),
    [
      ["table.ckpt", 4, [1, 3], [], []],
      ["table.txn", 5, [5, 9], [{ offset: place, bytes: 7 }], [gap]],
      ["table.txn.1", 1, [12, 12], [torn], ["its first record is missing"]],
    ],
  );
  assert.deepEqual(
    found.map(({ bytes }) => bytes),
    Object.values(files).map((file) => file.length),
  );
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

/** Makes a folder with a checkpoint of three keys, and a log of two. */
async function servedFolder(): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 3 });
  for (let key = 0; key < 5; key++) {
    insertDurably(life, `k${key}`);
    await life.storage.checkpointing;
  }
  await life.storage.close();
  return disk.files;
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
