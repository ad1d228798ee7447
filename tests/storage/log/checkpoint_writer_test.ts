/** Proves that a checkpoint holds each key once, for any slices in which it is written. */
import assert from "assert";
import { textAt } from "../../../lib/bytes/span.ts";
import { CheckpointWriter } from "../../../lib/storage/log/checkpoint_writer.ts";
import { NEW_CHECKPOINT } from "../../../lib/storage/folder/file_names.ts";
import { LogReader } from "../../../lib/storage/log/log_reader.ts";
import { HashTable } from "../../../lib/table/hash_table.ts";
import { SimulatedDisk } from "../../crash/simulated/simulated_disk.ts";
import { insertText, removeText } from "../../helpers/table_texts.ts";

const TABLE = "an identity";

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `checkpoint_writer: ${name}`, permissions: "none", fn });
}

/** Reads the records of a checkpoint: numbers and JSON. */
function recordsOf(disk: SimulatedDisk): [seq: number, json: string][] {
  const records: [number, string][] = [];
  using reader = LogReader.open(disk, NEW_CHECKPOINT);
  while (reader.next()) {
    assert.ok(reader.record, `no record at byte ${reader.offset}`);
    const { seq, bytes, jsonStart, jsonEnd } = reader.record;
    records.push([seq, textAt(bytes, jsonStart, jsonEnd)]);
  }
  return records;
}

test("it writes the keys of the table, and no removed one", () => {
  const disk = new SimulatedDisk();
  const table = new HashTable();
  for (const key of ["a", "b", "c", "d"]) insertText(table, key, "1");
  removeText(table, "b");
  removeText(table, "d");
  insertText(table, "c", '"\u00e4"');
  const writer = new CheckpointWriter(disk, { covers: 7, table: TABLE, log: 3 });
  assert.ok(writer.writeSlice(table, Infinity));
  writer.finish();
  assert.equal(writer.bytes, disk.size(NEW_CHECKPOINT));
  writer.close();
  assert.deepEqual(recordsOf(disk), [
    [0, '{"htserver":"ckpt","version":1,"covers":7,"table":"an identity","log":3}'],
    [1, '{"method":"insert","key":"a","value":1}'],
    [2, '{"method":"insert","key":"c","value":"\u00e4"}'],
    [3, '{"end":2}'],
  ]);
});

test("slices without time write each key once", () => {
  const disk = new SimulatedDisk();
  const table = new HashTable();
  const keys = Array.from({ length: 100 }, (_, at) => `key ${at}`);
  for (const key of keys) insertText(table, key, "1");
  const writer = new CheckpointWriter(disk, { covers: 0, table: TABLE, log: 3 });
  let slices = 1;
  while (!writer.writeSlice(table, -Infinity)) slices++;
  assert.ok(slices > 5 && slices <= 100, `${slices} slices`);
  writer.finish();
  writer.close();
  const written = recordsOf(disk).slice(1, -1).map(([, json]) => JSON.parse(json).key);
  assert.deepEqual(written, keys);
});

test("slices end in time, also with free slots and large values", () => {
  const table = new HashTable();
  const large = JSON.stringify("x".repeat(1_500_000));
  for (let at = 0; at < 100; at++) insertText(table, `key ${at}`, at < 90 ? "1" : large);
  for (let at = 1; at < 90; at++) removeText(table, `key ${at}`);
  const writer = new CheckpointWriter(new SimulatedDisk(), { covers: 0, table: TABLE, log: 3 });
  let slices = 1;
  while (!writer.writeSlice(table, -Infinity)) slices++;
  assert.ok(slices > 12, `${slices} slices`);
  writer.close();
});

test("it counts the bytes that are not on disk", async () => {
  const disk = new SimulatedDisk();
  const table = new HashTable();
  insertText(table, "a", JSON.stringify("x".repeat(3_000_000)));
  insertText(table, "b", "1");
  const writer = new CheckpointWriter(disk, { covers: 0, table: TABLE, log: 3 });
  writer.writeSlice(table, Infinity);
  assert.ok(writer.bytes > 3_000_000);
  assert.equal(writer.unsyncedBytes, writer.bytes);
  await writer.sync();
  assert.equal(writer.unsyncedBytes, 0);
  const before = writer.bytes;
  writer.finish();
  assert.equal(writer.unsyncedBytes, writer.bytes - before);
  writer.close();
});
