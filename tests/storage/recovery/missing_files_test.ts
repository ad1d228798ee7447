/** Proves that a start notices a log or a checkpoint that is missing, empty or headless (I4). */
import assert from "assert";
import { encodeHeader, encodeLogHeader } from "../../../lib/storage/log/file_header.ts";
import {
  assertRefused,
  checkpointOf,
  fileOf,
  logOf,
  logWith,
  recoverFolder,
} from "../folder_contents.ts";
import { joined, utf8 } from "../../helpers/streams.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

test("fault: a missing or empty log beside a checkpoint is accepted: a log without a header", async () => {
  const header = encodeLogHeader({ table: "an identity", log: 1 });
  const places: readonly ((log: Uint8Array) => Record<string, Uint8Array>)[] = [
    (log) => ({ "table.txn": log }),
    (log) => ({ "table.ckpt": checkpointOf(5, ["a"]), "table.txn": log }),
    (log) => ({ "table.txn": logOf(1), "table.txn.1": log }),
    (log) => ({ "table.txn": joined([logOf(1), utf8("torn")]), "table.txn.1": log }),
  ];
  for (const place of places) {
    for (const log of [0, 10, header.length - 1].map((length) => header.slice(0, length))) {
      const files = place(log);
      await assertRefused(files, Object.keys(files).at(-1) ?? "", /its first record is not whole/);
    }
  }
});

test("fault: a missing or empty log beside a checkpoint is accepted: a missing log", async () => {
  const one = { table: "an identity", log: 1 },
    two = { ...one, log: 2 },
    three = { ...one, log: 3 };
  const checkpoint = (covers: number, log: number) =>
    fileOf(encodeHeader("ckpt", { covers, table: "an identity", log }), '{"end":0}');
  const cases: readonly (readonly [Record<string, Uint8Array>, string, RegExp])[] = [
    [{ "table.ckpt": checkpointOf(5, ["a"]) }, "table.txn", /it is missing, and table\.ckpt/],
    [{ "table.ckpt": checkpoint(5, 2) }, "table.txn", /it is missing, and table\.ckpt/],
    // An older log exists, but the log of the checkpoint is missing.
    [
      { "table.ckpt": checkpoint(2, 2), "table.txn": logWith(one, 1, 2) },
      "table.txn",
      /log number 2, which follows table\.ckpt, is missing/,
    ],
    // The log after the missing one is empty, so its changes prove nothing.
    [
      { "table.ckpt": checkpoint(2, 1), "table.txn": logWith(three) },
      "table.txn",
      /it is log number 3, and log number 1 is missing/,
    ],
    [{ "table.txn": logWith(two) }, "table.txn", /neither table\.ckpt nor log number 1 exists/],
    [{ "table.txn": logWith(one, 1), "table.txn.1": logWith(three) }, "table.txn.1", /number 2/],
    [{ "table.txn.1": logOf() }, "table.txn", /it is missing, and table\.txn\.1 exists/],
    [{ "table.torn.1": utf8("x") }, "table.txn", /it is missing, and table\.torn\.1 exists/],
    [{ "damaged.1.table.txn": logOf(1) }, "table.txn", /so this is no new table/],
    [{ "table.ckpt": checkpointOf(5, ["a"]), "table.txn": logOf(2, 3) }, "table.txn", /change 5/],
  ];
  for (const [files, name, message] of cases) await assertRefused(files, name, message);
});

test("missing_files: logs that the checkpoint replaces may be missing or damaged", async () => {
  const header = { table: "an identity" };
  const checkpoint = fileOf(encodeHeader("ckpt", { covers: 9, ...header, log: 4 }), '{"end":0}');
  const old = logWith({ ...header, log: 1 }, 1, 2, 3).slice(0, -5);
  const found = await recoverFolder({
    "table.ckpt": checkpoint,
    "table.txn": old,
    "table.txn.2": logWith({ ...header, log: 3 }, 7, 8, 9),
    "table.txn.3": logWith({ ...header, log: 4 }, 10),
  });
  assert.deepEqual([found.lastSeq, found.keys, found.tornBytes], [10, 1, 0]);
  assert.deepEqual([found.log.name, found.log.number], ["table.txn.3", 4]);
  assert.deepEqual(found.olderLogs, ["table.txn", "table.txn.2"]);
});

test("missing_files: a folder with only an unfinished log is a new table", async () => {
  const found = await recoverFolder({ lock: utf8("1"), "table.txn.new": logOf().slice(0, 20) });
  assert.deepEqual([found.lastSeq, found.keys], [0, 0]);
  assert.deepEqual(await found.disk.list(), ["lock", "table.txn"]);
});
