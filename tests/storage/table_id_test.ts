/** Proves that a table keeps its identity through restarts, crashes and upgrades, and that it is unique. */
import assert from "assert";
import { DamageError, recover } from "../../lib/storage/recovery/recovery.ts";
import { memoryStorage } from "../../lib/storage/storage.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { insertDurably } from "./changes.ts";
import { fileOf } from "./folder_contents.ts";
import { startOn } from "../engine/durable_engine.ts";
import { SimulatedDisk } from "../crash/simulated/simulated_disk.ts";

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `table_id: ${name}`, permissions: "none", fn });
}

/** Starts on a disk, makes changes and ends; returns the identity. */
async function live(disk: SimulatedDisk, changes: number, entries?: number): Promise<string> {
  const life = await startOn(disk, entries === undefined ? {} : { entries });
  const { storage } = life;
  for (let number = 0; number < changes; number++) insertDurably(life, `k${number}`);
  await storage.checkpointing;
  await storage.close();
  return storage.tableId;
}

const INSERT = '{"method":"insert","key":"a","value":1}';
const OLD_LOG = fileOf('{"htserver":"txn","version":1}', INSERT);
const OLD_CHECKPOINT = fileOf('{"htserver":"ckpt","version":1,"covers":0}', INSERT, '{"end":1}');

test("the identity stays the same through restarts, with a log only and with checkpoints", async () => {
  const disk = new SimulatedDisk();
  const tableId = await live(disk, 0);
  assert.match(tableId, /^[0-9a-f-]{36}$/);
  for (const entries of [undefined, 1, undefined, 1]) {
    assert.equal(await live(disk, 3, entries), tableId);
  }
  for (const name of ["table.txn", "table.ckpt"]) {
    const [header = ""] = new TextDecoder().decode(disk.bytesOf(name)).split("\n");
    assert.ok(header.includes(`"table":"${tableId}"`), header);
  }
});

test("a new table has a new identity", async () => {
  const first = await live(new SimulatedDisk(), 1);
  assert.notEqual(await live(new SimulatedDisk(), 1), first);
  assert.match(memoryStorage().tableId, /^[0-9a-f-]{36}$/);
  assert.notEqual(memoryStorage().tableId, memoryStorage().tableId);
});

test("files of an earlier version get an identity, which the first checkpoint makes durable", async () => {
  for (
    const files of [
      { "table.txn": OLD_LOG },
      { "table.ckpt": OLD_CHECKPOINT, "table.txn": OLD_LOG },
    ]
  ) {
    const disk = SimulatedDisk.of(files);
    const tableId = await live(disk, 0);
    assert.deepEqual(await disk.list(), ["table.ckpt", "table.txn"]);
    for (let seed = 0; seed < 10; seed++) {
      const crashed = disk.crashed(seed);
      const table = new HashTable();
      const recovered = await recover(crashed, table);
      recovered.log.close();
      assert.deepEqual([recovered.tableId, recovered.isNewTableId], [tableId, false]);
      assert.equal(table.size, 1);
    }
  }
});

test("one file with an identity is enough", async () => {
  const disk = new SimulatedDisk();
  const tableId = await live(disk, 2);
  const files = { "table.ckpt": OLD_CHECKPOINT, "table.txn": disk.bytesOf("table.txn") };
  assert.equal(await live(SimulatedDisk.of(files), 0), tableId);
});

test("files of two tables are refused, and both are named", async () => {
  const [one, other] = [new SimulatedDisk(), new SimulatedDisk()];
  const [ids, names] = [
    [await live(one, 3, 1), await live(other, 3)],
    ["table.ckpt", "table.txn"],
  ];
  const disk = SimulatedDisk.of({
    "table.ckpt": one.bytesOf("table.ckpt"),
    "table.txn": other.bytesOf("table.txn"),
  });
  await assert.rejects(recover(disk, new HashTable()), (error) => {
    assert.ok(error instanceof DamageError);
    assert.equal(error.file, "table.txn");
    for (const word of [...ids, ...names, "--check", "--repair"]) {
      assert.ok(error.message.includes(word), `${word}: ${error.message}`);
    }
    return true;
  });
  assert.deepEqual([disk.operations, disk.openFiles], [0, 0]);
});
