/** Proves which names of a folder are logs, in which order, and how new names are made. */
import assert from "assert";
import {
  findLogNames,
  makeNextLogName,
  makeTornName,
} from "../../../lib/storage/folder/file_names.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `file_names: ${name}`, permissions: "none", fn });
}

test("logs are found among other files, in the order in which they were started", () => {
  const others = ["lock", "table.ckpt", "table.ckpt.new", "table.torn.1", "my.table.txn"];
  const invalid = ["0", "01", "x", "", "1~"].map((end) => `table.txn.${end}`);
  const names = [...others, "table.txn.10", "table.txn.2", "table.txn", "table.txn.1", ...invalid];
  const logs = ["table.txn", "table.txn.1", "table.txn.2", "table.txn.10"];
  assert.deepEqual(findLogNames(names), logs);
  assert.deepEqual(findLogNames([]), []);
});

test("the next log follows all others", () => {
  assert.equal(makeNextLogName([]), "table.txn.1");
  assert.equal(makeNextLogName(["table.txn"]), "table.txn.1");
  assert.equal(makeNextLogName(["table.txn", "table.txn.9", "table.txn.10"]), "table.txn.11");
  assert.equal(makeNextLogName(["table.txn.3"]), "table.txn.4");
});

test("a copy of a torn tail gets an unused name", () => {
  assert.equal(makeTornName([]), "table.torn.1");
  assert.equal(makeTornName(["table.torn.1", "table.torn.3"]), "table.torn.2");
});
