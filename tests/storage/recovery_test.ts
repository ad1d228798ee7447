/** Proves what recovery tells of what it found, and that it leaves no file open. */
import assert from "assert";
import { DamageError, recover } from "../../lib/storage/recovery.ts";
import { RecordBuffer } from "../../lib/storage/txn_record.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { SimulatedDisk } from "../helpers/simulated_disk.ts";
import { joined, utf8 } from "../helpers/streams.ts";

const HEADER = '{"htserver":"txn","version":1}';

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `recovery: ${name}`, permissions: "none", fn });
}

/** A log with these changes, each of them written when all before were on disk. */
function logOf(...seqs: number[]): Uint8Array {
  const buffer = new RecordBuffer();
  buffer.add(0, 0, HEADER);
  for (const seq of seqs) buffer.add(seq, 1, `{"method":"insert","key":"k${seq}","value":${seq}}`);
  return buffer.bytes().slice();
}

function checkpointOf(covers: number, keys: readonly string[]): Uint8Array {
  const buffer = new RecordBuffer();
  buffer.add(0, 0, `{"htserver":"ckpt","version":1,"covers":${covers}}`);
  for (const [at, key] of keys.entries()) {
    buffer.add(at + 1, 0, `{"method":"insert","key":"${key}","value":0}`);
  }
  buffer.add(keys.length + 1, 0, `{"end":${keys.length}}`);
  return buffer.bytes().slice();
}

async function recovered(files: Readonly<Record<string, Uint8Array>>) {
  const disk = SimulatedDisk.of(files);
  const table = new HashTable();
  const told = await recover(disk, table);
  told.log.close();
  assert.equal(disk.openFiles, 0);
  return { ...told, disk, keys: table.size };
}

test("nothing at all is an empty table", async () => {
  const { lastSeq, keys, disk } = await recovered({});
  assert.deepEqual([lastSeq, keys, disk.list()], [0, 0, ["table.txn"]]);
});

test("it says what it found", async () => {
  const torn = utf8("12345678 8 1 {");
  const found = await recovered({
    "table.ckpt": checkpointOf(5, ["a", "b", "c"]),
    "table.txn": joined([logOf(4, 5, 6, 7), torn]),
  });
  assert.deepEqual(
    [found.lastSeq, found.checkpointKeys, found.replayed, found.cutBytes, found.cutTo, found.keys],
    [7, 3, 2, torn.length, "table.torn.1", 5],
  );
  assert.deepEqual(found.disk.bytesOf("table.torn.1"), torn);
  assert.deepEqual(found.olderLogs, []);
});

test("logs that follow each other are one history", async () => {
  const found = await recovered({
    "table.txn": logOf(1, 2),
    "table.txn.1": logOf(3),
    "table.txn.2": logOf(4, 5),
    "table.txn.10": logOf(6),
  });
  assert.deepEqual([found.lastSeq, found.keys], [6, 6]);
  assert.deepEqual(found.olderLogs, ["table.txn", "table.txn.1", "table.txn.2"]);
  assert.equal(found.log.name, "table.txn.10");
});

test("what a power failure kept of older logs is on disk before anybody is told of it", async () => {
  const disk = SimulatedDisk.of({ "table.txn": logOf(1) });
  const file = disk.openToWrite("table.txn", "append");
  file.write(logOf(2).subarray(logOf().length));
  file.close();
  disk.openToWrite("table.txn.1", "create").close();
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
    const disk = SimulatedDisk.of(files);
    await assert.rejects(recover(disk, new HashTable()), (error) => {
      assert.ok(error instanceof DamageError);
      assert.equal(error.file, name);
      assert.match(error.message, /a change before this one is missing/);
      return true;
    });
    assert.equal(disk.openFiles, 0);
  }
});

test("a checkpoint in which a whole record is missing or twice is damage", async () => {
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
  const disk = SimulatedDisk.of(files);
  await assert.rejects(recover(disk, new HashTable()), (error) => {
    assert.ok(error instanceof DamageError);
    assert.equal(error.file, "table.txn");
    return true;
  });
  assert.equal(disk.openFiles, 0, "all files are closed");
});
