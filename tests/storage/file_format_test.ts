/** Proves that the example files of docs/FILE_FORMAT.md are files that a server recovers. */
import assert from "assert";
import { recover } from "../../lib/storage/recovery/recovery.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { SimulatedDisk } from "../crash/simulated/simulated_disk.ts";
import { utf8 } from "../helpers/streams.ts";
import { pairsOf } from "../helpers/table_texts.ts";

const PAGE = new URL("../../docs/FILE_FORMAT.md", import.meta.url);

/** Recovers the files; returns the number of the last change, the bytes of a torn tail, and the pairs. */
async function recoverPairs(files: Record<string, Uint8Array<ArrayBuffer>>) {
  const table = new HashTable();
  const { lastSeq, tornBytes, log } = await recover(SimulatedDisk.of(files), table);
  log.close();
  return { lastSeq, tornBytes, log: log.number, pairs: [...pairsOf(table)] };
}

Deno.test("file_format: the example files of the document are whole, and recovered as it says", async () => {
  const page = await Deno.readTextFile(PAGE);
  const [log = "", checkpoint = "", nextLog = "", ...others] = [
    ...page.matchAll(/^```text\n([^`]*)```$/gm),
  ].map(([, text = ""]) => text);
  assert.deepEqual(others, []);
  assert.deepEqual(await recoverPairs({ "table.txn": utf8(log) }), {
    lastSeq: 3,
    tornBytes: 0,
    log: 1,
    pairs: [["tree", '"\u00e4"']],
  });
  assert.deepEqual(
    await recoverPairs({ "table.ckpt": utf8(checkpoint), "table.txn": utf8(nextLog) }),
    { lastSeq: 4, tornBytes: 0, log: 2, pairs: [["lion", "4"], ["tree", '"\u00e4"']] },
  );
});

Deno.test("file_format: which missing record of the example is a torn tail, and which is damage", async () => {
  const [, log = ""] = /^```text\n([^`]*)```$/m.exec(await Deno.readTextFile(PAGE)) ?? [];
  const lines = log.split(/(?<=\n)/);
  const without = (record: number) =>
    recoverPairs({ "table.txn": utf8(lines.toSpliced(record, 1, "x\n").join("")) });
  const { lastSeq, tornBytes } = await without(2);
  assert.deepEqual([lastSeq, tornBytes], [1, `x\n${lines[3]}`.length]);
  await assert.rejects(without(1), /table\.txn: it is damaged \(change 1 was on disk/);
});
