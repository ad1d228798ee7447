/** Proves which files of a folder are logs, in which order, and which names are free. */
import assert from "assert";
import {
  findLogNames,
  makeNextLogName,
  makeTornName,
} from "../../../lib/storage/folder/file_names.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `data_folder: ${name}`, permissions: "none", fn });
}

test("logs come in the order in which they were begun, whatever else is there", () => {
  const names = [
    "lock",
    "table.ckpt",
    "table.ckpt.new",
    "table.torn.1",
    "table.txn.10",
    "table.txn.2",
    "table.txn",
    "table.txn.1",
    "table.txn.0",
    "table.txn.01",
    "table.txn.x",
    "table.txn.",
    "table.txn.1~",
    "my.table.txn",
  ];
  assert.deepEqual(findLogNames(names), [
    "table.txn",
    "table.txn.1",
    "table.txn.2",
    "table.txn.10",
  ]);
  assert.deepEqual(findLogNames([]), []);
});

test("the next log follows all that are there", () => {
  assert.equal(makeNextLogName([]), "table.txn.1");
  assert.equal(makeNextLogName(["table.txn"]), "table.txn.1");
  assert.equal(makeNextLogName(["table.txn", "table.txn.9", "table.txn.10"]), "table.txn.11");
  assert.equal(makeNextLogName(["table.txn.3"]), "table.txn.4");
});

test("a torn tail gets a name that no file has", () => {
  assert.equal(makeTornName([]), "table.torn.1");
  assert.equal(makeTornName(["table.torn.1", "table.torn.3"]), "table.torn.2");
});
