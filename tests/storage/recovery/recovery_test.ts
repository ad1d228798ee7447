/** Proves what recovery returns, what it refuses, and that it leaves no file open. */
import assert from "assert";
import { DamageError, recover } from "../../../lib/storage/recovery/recovery.ts";
import { LogWriter } from "../../../lib/storage/log/log_writer.ts";
import { HashTable } from "../../../lib/table/hash_table.ts";
import {
  assertRefused,
  checkpointOf,
  fileOf,
  HEADER,
  logOf,
  recoverFolder,
} from "../folder_contents.ts";
import { SimulatedDisk } from "../../crash/simulated/simulated_disk.ts";
import { joined, utf8 } from "../../helpers/streams.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `recovery: ${name}`, permissions: "none", fn });
}

test("it counts what it has read", async () => {
  const torn = utf8("12345678 8 1 {");
  const found = await recoverFolder({
    "table.ckpt": checkpointOf(5, ["a", "b", "c"]),
    "table.txn": joined([logOf(4, 5, 6, 7), torn]),
  });
  const { lastSeq, checkpointKeys, replayed, keys } = found;
  assert.deepEqual([lastSeq, checkpointKeys, replayed, keys], [7, 3, 2, 5]);
  assert.deepEqual([found.tornBytes, found.tornCopy], [torn.length, "table.torn.1"]);
  assert.deepEqual(found.disk.bytesOf("table.torn.1"), torn);
  assert.deepEqual(found.olderLogs, []);
});

test("it reports progress in bytes of all files", async () => {
  const numbers = Array.from({ length: 24_000 }, (_, at) => at + 1);
  const files = {
    "table.ckpt": checkpointOf(0, numbers.map(String)),
    "table.txn": logOf(...numbers.slice(0, 12_000)),
    "table.txn.1": logOf(...numbers.slice(12_000)),
    "table.txn.2": logOf(),
  };
  const reports: number[] = [];
  const { log } = await recover(
    SimulatedDisk.of(files),
    new HashTable(),
    (bytes) => reports.push(bytes),
  );
  log.close();
  assert.deepEqual(reports, reports.toSorted((a, b) => a - b));
  const [checkpoint = 0, log1 = 0, log2 = 0] = Object.values(files).map(({ length }) => length);
  const ends = [checkpoint, checkpoint + log1, checkpoint + log1 + log2];
  for (const [at, end] of ends.entries()) {
    const begin = ends[at - 1] ?? 0;
    assert.ok(
      reports.some((bytes) => bytes > begin && bytes <= end),
      `none from ${begin} to ${end}`,
    );
  }
  assert.ok((reports.at(-1) ?? 0) <= (ends.at(-1) ?? 0));
});

test("logs that follow each other are one history", async () => {
  const found = await recoverFolder({
    "table.txn": logOf(1, 2),
    "table.txn.1": logOf(3),
    "table.txn.2": logOf(4, 5),
    "table.txn.10": logOf(6),
  });
  assert.deepEqual([found.lastSeq, found.keys], [6, 6]);
  assert.deepEqual(found.olderLogs, ["table.txn", "table.txn.1", "table.txn.2"]);
  assert.equal(found.log.name, "table.txn.10");
});

test("changes in older logs are forced to disk before they can be shown", async () => {
  const disk = SimulatedDisk.of({ "table.txn": logOf(1) });
  const file = disk.openToWrite("table.txn", "append");
  file.writeSync(logOf(2).subarray(logOf().length));
  file.close();
  (await LogWriter.create(disk, { name: "table.txn.1", number: 2 }, "an identity")).close();
  const again = disk.killed();
  const { log, lastSeq } = await recover(again, new HashTable());
  log.close();
  assert.equal(lastSeq, 2);
  for (let seed = 0; seed < 30; seed++) {
    const table = new HashTable();
    (await recover(again.crashed(seed), table)).log.close();
    assert.equal(table.size, 2);
  }
});

test("a gap between logs, or before the first one, is damage", async () => {
  const gaps: readonly (readonly [Record<string, Uint8Array>, string])[] = [
    [{ "table.txn": logOf(2, 3) }, "table.txn"],
    [{ "table.txn": logOf(1), "table.txn.1": logOf(3) }, "table.txn.1"],
    [{ "table.ckpt": checkpointOf(3, []), "table.txn": logOf(5) }, "table.txn"],
    [{ "table.txn": logOf(1, 3) }, "table.txn"],
  ];
  for (const [files, name] of gaps) {
    await assertRefused(files, name, /a change before this one is missing/);
  }
});

test("a checkpoint with a missing or doubled record is damage", async () => {
  const whole = checkpointOf(3, ["a", "b", "c"]);
  const lines = new TextDecoder().decode(whole).split(/(?<=\n)/);
  for (const changed of [lines.toSpliced(2, 1), lines.toSpliced(2, 0, lines[2] ?? "")]) {
    const disk = SimulatedDisk.of({ "table.ckpt": utf8(changed.join("")), "table.txn": logOf() });
    await assert.rejects(recover(disk, new HashTable()), (error) => {
      assert.ok(error instanceof DamageError);
      const good = changed.length < lines.length ? 2 : 3;
      assert.equal(error.offset, lines.slice(0, good).join("").length);
      assert.match(error.message, /a record is missing/);
      return true;
    });
  }
});

test("damage that a later log proves is refused, and no file stays open", async () => {
  const first = logOf(1, 2, 3);
  first[first.length - 3] = 0;
  const files = { "table.txn": first, "table.txn.1": logOf(4), "table.txn.2": logOf(5) };
  await assertRefused(files, "table.txn", /change 3 was on disk/);
});

test("damage to changes that the checkpoint covers is refused if more changes follow", async () => {
  const bytes = logOf(4, 5, 6);
  const lines = new TextDecoder().decode(bytes).split(/(?<=\n)/);
  const offset = lines.slice(0, 2).join("").length;
  bytes[offset + 20] = 0;
  const checkpoint = checkpointOf(5, ["a"]);
  await assertRefused(
    { "table.ckpt": checkpoint, "table.txn": bytes },
    "table.txn",
    new RegExp(`change 5 was on disk.* at byte ${offset}\\.`),
  );
  const end = offset + (lines[2]?.length ?? 0);
  // As a torn tail it would lose no change, but the log of the checkpoint is missing.
  await assertRefused(
    { "table.ckpt": checkpoint, "table.txn": bytes.slice(0, end) },
    "table.txn",
    /it ends before change 5/,
  );
});

test("damage to changes that the checkpoint covers is ignored if another log follows", async () => {
  const old = logOf(4, 5);
  old[old.length - 3] = 0;
  const files = { "table.ckpt": checkpointOf(5, ["a"]), "table.txn": old, "table.txn.1": logOf(6) };
  const found = await recoverFolder(files);
  assert.deepEqual([found.lastSeq, found.keys, found.tornBytes], [6, 2, 0]);
  assert.equal(found.log.name, "table.txn.1");
  assert.deepEqual(found.disk.bytesOf("table.txn"), old, "only the next checkpoint removes it");
});

test("empty logs behind a torn tail are removed", async () => {
  const whole = logOf(1, 2);
  const found = await recoverFolder({
    "table.txn": joined([whole, utf8("12345678 3 1 {")]),
    "table.txn.1": logOf(),
    "table.txn.2": logOf(),
  });
  assert.deepEqual([found.lastSeq, found.keys, found.tornCopy], [2, 2, "table.torn.1"]);
  assert.deepEqual([found.log.name, found.log.bytes], ["table.txn", whole.length]);
  assert.deepEqual(found.disk.bytesOf("table.txn"), whole);
  assert.deepEqual(found.disk.names, ["table.torn.1", "table.txn"]);
});

test("wrong first and last records are damage", async () => {
  const header = '{"htserver":"ckpt","version":1,"covers":0}';
  const insert = '{"method":"insert","key":"a","value":1}';
  const cases: readonly (readonly [Record<string, Uint8Array>, RegExp])[] = [
    [{ "table.txn": fileOf([1, HEADER]) }, /its first record must be the header of a 'txn' file/],
    [
      { "table.ckpt": fileOf(HEADER) },
      /must be the header of a 'ckpt' file, and it is "{\\"htserver/,
    ],
    [{ "table.ckpt": fileOf(header, insert, '{"end":1}', insert) }, /bytes follow its last/],
    [{ "table.ckpt": fileOf(header, insert, '{"end":2}') }, /a record holds no change/],
    [{ "table.ckpt": fileOf(header, insert) }, /its last record is missing/],
  ];
  for (const [files, message] of cases) {
    await assertRefused(files, Object.keys(files)[0] ?? "", message);
  }
});

test("a repair that was interrupted between two renames is finished", async () => {
  const { keys, lastSeq, disk } = await recoverFolder({
    "damaged.1.table.ckpt": utf8("whatever"),
    "table.ckpt.new": checkpointOf(5, ["a", "b"]),
    "table.txn": logOf(),
  });
  assert.deepEqual([keys, lastSeq], [2, 5]);
  assert.ok(disk.names.includes("table.ckpt") && !disk.names.includes("table.ckpt.new"));
});
