/** Proves that a folder is opened, or refused in one sentence with its lock released. */
import assert from "assert";
import { ExitError } from "../../lib/base/errors.ts";
import { insertOf } from "./changes.ts";
import { openReal as open } from "./real_folder.ts";
import { SmallDisk, TempFolder, testWithMounts } from "../helpers/folders.ts";
import { insertText, lookupText } from "../helpers/table_texts.ts";

/** Returns the error for a folder. It opens the folder twice: the first attempt must release the lock. */
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

Deno.test("open: a missing folder is created for its owner only, and opened again", async () => {
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

Deno.test("open: a folder that cannot be created is refused", async () => {
  for (const folder of ["", "/proc/nope", "/proc/nope/below"]) await refusal(folder);
});

Deno.test("open: a file with the name of the folder is refused", async () => {
  await using temp = await TempFolder.make();
  const file = `${temp.path}/file`;
  await Deno.writeTextFile(file, "mine");
  assert.match(await refusal(file), /there is a file of that name; .*--data/);
  assert.match(await refusal(`${file}/below`), /there is a file of that name; .*--data/);
  assert.equal(await Deno.readTextFile(file), "mine");
});

testWithMounts("open: a read-only folder is refused", async () => {
  await using disk = await SmallDisk.mount(1_000_000);
  await disk.makeReadOnly();
  for (const folder of [disk.path, `${disk.path}/not-there`]) {
    assert.match(await refusal(folder), /Cannot use the data folder '.*': Read-only file system/);
  }
});

Deno.test("open: a folder that is open in the same process is refused", async () => {
  await using temp = await TempFolder.make();
  const first = await open(temp.path);
  assert.match(await refusal(temp.path), new RegExp(`process number ${Deno.pid} uses it`));
  await first.close();
  await (await open(temp.path)).close();
});

Deno.test("open: a damaged folder is refused, and its lock released", async () => {
  await using temp = await TempFolder.make();
  await Deno.writeTextFile(`${temp.path}/table.ckpt`, "no checkpoint\n");
  assert.match(await refusal(temp.path), /table\.ckpt: it is damaged at byte 0/);
});
