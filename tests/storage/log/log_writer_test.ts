/** Proves that a log holds only whole batches after any failure, and that its numbers are contiguous. */
import assert from "assert";
import { LogReader } from "../../../lib/storage/log/log_reader.ts";
import { WriteError } from "../../../lib/storage/storage.ts";
import { LogWriter } from "../../../lib/storage/log/log_writer.ts";
import { insertOf } from "../changes.ts";
import { ioError, noSpace, SimulatedDisk } from "../../crash/simulated/simulated_disk.ts";

const LOG = "table.txn";
const TABLE = "an identity";
const PLACE = { name: LOG, number: 1 };

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `log_writer: ${name}`, permissions: "none", fn });
}

/** Reads the numbers of the records; undefined for a line that is no record. */
function numbers(disk: SimulatedDisk): (number | undefined)[] {
  const seqs: (number | undefined)[] = [];
  using reader = LogReader.open(disk, LOG);
  while (reader.next()) seqs.push(reader.record?.seq);
  return seqs;
}

function append(log: LogWriter, ...seqs: number[]): void {
  for (const seq of seqs) log.append(seq, 1, insertOf(`k${seq}`, "1"));
}

test("a new log is durable with its header and its name", async () => {
  const disk = new SimulatedDisk();
  (await LogWriter.create(disk, PLACE, TABLE)).close();
  for (let seed = 0; seed < 20; seed++) assert.deepEqual(numbers(disk.crashed(seed)), [0]);
});

test("only `write` writes, and it writes the whole batch at once", async () => {
  const disk = new SimulatedDisk();
  const log = await LogWriter.create(disk, PLACE, TABLE);
  const before = disk.operations;
  append(log, 1, 2, 3);
  assert.equal(disk.operations, before);
  log.write();
  assert.equal(disk.operations, before + 1);
  assert.deepEqual(numbers(disk), [0, 1, 2, 3]);
  assert.deepEqual([log.bytes, log.entries], [disk.size(LOG), 3]);
  log.write();
  assert.equal(disk.operations, before + 1, "an empty batch needs no write");
  log.close();
});

test("a change is copied when it is appended", async () => {
  const disk = new SimulatedDisk();
  const log = await LogWriter.create(disk, PLACE, TABLE);
  const change = insertOf("a", "12345");
  log.append(1, 1, change);
  change.key.bytes.fill(0);
  if (change.method === "insert") change.value.bytes.fill(0);
  log.write();
  assert.deepEqual(numbers(disk), [0, 1]);
  const text = new TextDecoder().decode(disk.bytesOf(LOG));
  assert.match(text, / 1 1 {"method":"insert","key":"a","value":12345}\n$/);
  log.close();
});

test("a write that fails after any share of its bytes is cut off, and the next one works", async () => {
  for (const taken of [0, 0.1, 0.5, 0.9, 1]) {
    const disk = new SimulatedDisk();
    const log = await LogWriter.create(disk, PLACE, TABLE);
    append(log, 1);
    log.write();
    const bytes = disk.size(LOG);
    disk.plan = ({ kind }) => kind === "write" ? { error: noSpace(), taken } : undefined;
    append(log, 2, 3);
    assert.throws(() => log.write(), (error) => {
      assert.ok(error instanceof WriteError);
      assert.match(error.message, /No space left/);
      return true;
    });
    assert.deepEqual([disk.size(LOG), log.bytes, log.entries], [bytes, bytes, 1]);
    disk.plan = () => undefined;
    log.write();
    assert.deepEqual(numbers(disk), [0, 1], "the failed batch must be dropped");
    append(log, 2);
    log.write();
    assert.deepEqual(numbers(disk), [0, 1, 2]);
    log.close();
  }
});

test("no part of a failed write is there after a power failure", async () => {
  const disk = new SimulatedDisk();
  const log = await LogWriter.create(disk, PLACE, TABLE);
  disk.plan = ({ kind }) => kind === "write" ? { error: noSpace(), taken: 0.9 } : undefined;
  append(log, 1, 2, 3);
  assert.throws(() => log.write(), WriteError);
  const left = Array.from({ length: 30 }, (_, seed) => numbers(disk.crashed(seed)));
  assert.ok(left.every((seqs) => !seqs.includes(1)), "the change was reported as failed");
  log.close();
});

test("if a failed write cannot be cut off, nothing is written after it", async () => {
  for (const failing of ["truncate", "sync"]) {
    const disk = new SimulatedDisk();
    const log = await LogWriter.create(disk, PLACE, TABLE);
    append(log, 1);
    log.write();
    log.syncNow();
    disk.plan = ({ kind }) =>
      kind === "write" || kind === failing ? { error: ioError(), taken: 0.5 } : undefined;
    append(log, 2, 3);
    // A WriteError would report that no change was made. So another error ends the process.
    assert.throws(() => log.write(), (error) => !(error instanceof WriteError));
    log.close();
  }
});

test("a resumed log continues after its whole records", async () => {
  const disk = new SimulatedDisk();
  const first = await LogWriter.create(disk, PLACE, TABLE);
  append(first, 1, 2);
  first.write();
  const { bytes, entries } = first;
  append(first, 3);
  first.write();
  first.close();
  const log = await LogWriter.resume(disk, PLACE, bytes, entries);
  for (let seed = 0; seed < 20; seed++) assert.deepEqual(numbers(disk.crashed(seed)), [0, 1, 2]);
  append(log, 3, 4);
  log.write();
  assert.deepEqual(numbers(disk), [0, 1, 2, 3, 4]);
  assert.deepEqual([log.bytes, log.entries], [disk.size(LOG), 4]);
  log.close();
});
