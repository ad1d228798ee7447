/** Proves that a torn tail is copied before it is cut off, also on a full disk, and fill bytes are not. */
import assert from "assert";
import { encodeLogHeader } from "../../../lib/storage/log/file_header.ts";
import { recover } from "../../../lib/storage/recovery/recovery.ts";
import { WriteError } from "../../../lib/storage/storage.ts";
import { copyTornTail } from "../../../lib/storage/log/torn_tail.ts";
import { HashTable } from "../../../lib/table/hash_table.ts";
import { insertDurably, recoverPairs } from "../changes.ts";
import { pairsOf, startOn } from "../../engine/durable_engine.ts";
import { noSpace, SimulatedDisk } from "../../crash/simulated/simulated_disk.ts";
import { joined, utf8 } from "../../helpers/streams.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

const TORN = utf8("12345678 3 1 {torn");

/** Makes a log of two changes with a torn tail. */
async function tornDisk(end: Uint8Array<ArrayBuffer>): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const life = await startOn(disk);
  insertDurably(life, "a");
  insertDurably(life, "b");
  await life.storage.close();
  return SimulatedDisk.of({ "table.txn": joined([disk.bytesOf("table.txn"), end]) });
}

/** Whether any file contains these bytes. */
function holds(disk: SimulatedDisk, bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes);
  return disk.names.some((name) => new TextDecoder().decode(disk.bytesOf(name)).includes(text));
}

Deno.test("torn_tail: an existing file with the name of the copy is not changed", () => {
  const disk = SimulatedDisk.of({ "table.txn": TORN, "table.torn.1": utf8("foreign") });
  const torn = { name: "table.txn", offset: 0, bytes: TORN.length, contentBytes: TORN.length };
  assert.throws(() => copyTornTail(disk, torn, "table.torn.1"));
  assert.equal(new TextDecoder().decode(disk.bytesOf("table.torn.1")), "foreign");
});

const isCopy = (name: string) => name.startsWith("table.torn.");

test("fault: start needs room: the torn tail stays until there is room for a copy", async () => {
  for (const fails of ["create", "write", "sync"] as const) {
    const disk = await tornDisk(TORN);
    const bytes = disk.bytesOf("table.txn");
    disk.plan = ({ kind, name }) =>
      kind === fails && isCopy(name) ? { error: noSpace(), taken: 0.5 } : undefined;
    const life = await startOn(disk, { entries: 3 });
    assert.equal(pairsOf(life.table).length, 2);
    assert.match(life.recovery.copyError ?? "", /No space left/);
    for (let attempt = 0; attempt < 2; attempt++) {
      assert.throws(() => insertDurably(life, "c"), (error) => {
        assert.ok(error instanceof WriteError);
        assert.match(error.message, /no room for a copy of the log's torn tail: No space left/);
        return true;
      });
    }
    life.storage.checkFiles(); // the torn tail counts as a part of the log
    await life.storage.checkpointing;
    assert.deepEqual(disk.names, ["table.txn"], "no empty files");
    assert.deepEqual(disk.bytesOf("table.txn"), bytes);
    const operations = disk.operations;
    disk.watch = (moment, { kind }) => {
      const where = `${moment} ${kind}, ${disk.operations - operations}`;
      for (let seed = 0; seed < 20; seed++) {
        const crashed = seed === 0 ? disk.killed() : disk.crashed(seed);
        assert.ok(holds(crashed, TORN), `the torn tail was lost ${where}`);
      }
    };
    disk.plan = () => undefined;
    insertDurably(life, "c");
    insertDurably(life, "d"); // and a checkpoint
    assert.deepEqual(disk.bytesOf("table.torn.1"), TORN);
    await life.storage.checkpointing;
    await life.storage.close();
    assert.deepEqual(disk.names, ["table.ckpt", "table.torn.1", "table.txn"]);
    const recovered = (await recoverPairs(disk.crashed(1))).map(([key]) => key);
    assert.deepEqual(recovered, ["a", "b", "c", "d"]);
    assert.equal(disk.openFiles, 0);
  }
});

test("fault: start needs room: a checkpoint does not remove a log before its torn tail is copied", async () => {
  const bytes = (await tornDisk(TORN)).bytesOf("table.txn");
  // A log of an earlier version: the checkpoint that makes its new identity durable starts at once.
  const old = joined([encodeLogHeader({}), bytes.subarray(bytes.indexOf("\n".charCodeAt(0)) + 1)]);
  const disk = SimulatedDisk.of({ "table.txn": old });
  disk.plan = ({ name }) => isCopy(name) ? { error: noSpace() } : undefined;
  const life = await startOn(disk, { entries: 1 });
  assert.ok(life.recovery.isNewTableId);
  await life.storage.checkpointing;
  assert.throws(() => insertDurably(life, "c"), WriteError);
  assert.ok(holds(disk, TORN));
  disk.plan = () => undefined;
  for (const key of "cdefgh") insertDurably(life, key); // the next attempt comes when the log is twice as long
  await life.storage.checkpointing;
  await life.storage.close();
  assert.ok(holds(disk, TORN));
  assert.deepEqual(disk.names, ["table.ckpt", "table.torn.1", "table.txn"]);
});

test("torn_tail: fill bytes at its end are cut off and not copied", async () => {
  const zeros = new Uint8Array(2_500_000), ones = new Uint8Array(1_500_000).fill(255);
  const cases: readonly (readonly [end: Uint8Array<ArrayBuffer>[], copied: number])[] = [
    [[zeros], 0],
    [[ones, zeros], 0],
    [[TORN, zeros], TORN.length],
    [[zeros, TORN], zeros.length + TORN.length],
    [[TORN, zeros, TORN, ones], 2 * TORN.length + zeros.length],
  ];
  for (const [parts, copied] of cases) {
    const end = joined(parts);
    const disk = await tornDisk(end);
    const { length } = (await tornDisk(new Uint8Array(0))).bytesOf("table.txn");
    const { log, tornBytes, tornCopy } = await recover(disk, new HashTable());
    log.close();
    assert.equal(tornBytes, end.length);
    assert.equal(disk.size("table.txn"), length);
    assert.equal(tornCopy, copied === 0 ? undefined : "table.torn.1");
    if (tornCopy !== undefined) {
      assert.ok(joined([disk.bytesOf(tornCopy)]).every((byte, at) => byte === end[at]));
      assert.equal(disk.size(tornCopy), copied);
    }
  }
});
