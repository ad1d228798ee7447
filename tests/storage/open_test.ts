/** Proves that a folder is opened, or refused in one sentence with the lock given back. */
import assert from "assert";
import { ExitError } from "../../lib/base/errors.ts";
import { silentLog } from "../../lib/base/log.ts";
import { openFolder, type OpenTable } from "../../lib/storage/open.ts";
import { insertOf } from "./changes.ts";
import { SmallDisk, TempFolder, testWithMounts } from "../helpers/folders.ts";
import { insertText, lookupText } from "../helpers/table_texts.ts";

function open(folder: string): Promise<OpenTable> {
  return openFolder({
    folder,
    fsync: "always",
    compact: { entries: undefined, bytes: undefined },
    log: silentLog,
    onSyncFailure: (error) => assert.fail(String(error)),
  });
}

/** The sentence with which a folder is refused; twice, since the first must not keep the lock. */
async function refusal(folder: string): Promise<string> {
  const sentences: string[] = [];
  for (let attempt = 0; attempt < 2; attempt++) {
    await assert.rejects(open(folder), (error) => {
      assert.ok(error instanceof ExitError, String(error));
      assert.equal(error.exitCode, 1);
      assert.doesNotMatch(error.message, /\n/);
      assert.ok(error.message.includes(folder), error.message);
      sentences.push(error.message);
      return true;
    });
  }
  assert.equal(sentences[0], sentences[1]);
  return sentences[0] ?? "";
}

Deno.test("open_folder: a missing folder is made, for its owner only, and found again", async () => {
  await using temp = await TempFolder.make();
  const folder = `${temp.path}/a/b`;
  const first = await open(folder);
  insertText(first.table, "a", "[1.0]");
  first.storage.append(insertOf("a", "[1.0]"));
  first.storage.write();
  await first.close();
  const second = await open(folder);
  assert.equal(lookupText(second.table, "a"), "[1.0]");
  assert.deepEqual([second.recovery.lastSeq, second.recovery.replayed], [1, 1]);
  await second.close();
  for await (const { name } of Deno.readDir(folder)) {
    assert.equal(((await Deno.stat(`${folder}/${name}`)).mode ?? 0) & 0o077, 0, name);
  }
  assert.equal(((await Deno.stat(folder)).mode ?? 0) & 0o077, 0);
});

Deno.test("open_folder: where no folder can be made, that is said", async () => {
  for (const folder of ["", "/proc/nope", "/proc/nope/below"]) await refusal(folder);
});

Deno.test("open_folder: a file where the folder should be", async () => {
  await using temp = await TempFolder.make();
  const file = `${temp.path}/file`;
  await Deno.writeTextFile(file, "mine");
  assert.match(await refusal(file), /there is a file of that name/);
  assert.match(await refusal(`${file}/below`), /there is a file of that name/);
  assert.equal(await Deno.readTextFile(file), "mine");
});

Deno.test("open_folder: a file that cannot be read", async () => {
  for (const name of ["table.txn", "table.ckpt", "lock"]) {
    await using temp = await TempFolder.make();
    await Deno.mkdir(`${temp.path}/${name}`);
    assert.match(await refusal(temp.path), /Cannot use the data folder/);
  }
});

testWithMounts("open_folder: a read-only folder", async () => {
  await using disk = await SmallDisk.mount(1_000_000);
  await disk.makeReadOnly();
  assert.match(await refusal(disk.path), /Read-only file system/);
});

Deno.test("open_folder: one that is open in this process already", async () => {
  await using temp = await TempFolder.make();
  const first = await open(temp.path);
  assert.match(await refusal(temp.path), new RegExp(`process number ${Deno.pid} uses it`));
  await first.close();
  await (await open(temp.path)).close();
});

Deno.test("open_folder: damage is refused, and the lock given back", async () => {
  await using temp = await TempFolder.make();
  await Deno.writeTextFile(`${temp.path}/table.ckpt`, "no checkpoint\n");
  assert.match(await refusal(temp.path), /table\.ckpt: it is damaged at byte 0/);
});
