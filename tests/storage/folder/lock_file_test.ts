/** Proves that a folder has at most one server, and that a killed server does not block a restart (I10). */
import assert from "assert";
import { ExitError } from "../../../lib/base/errors.ts";
import { lockFolder } from "../../../lib/storage/folder/lock_file.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { Program, TOP } from "../../../bench/harness/program.ts";

/** Starts a process that locks a folder and stays. */
function holder(folder: string): Program {
  const code = `
    const { lockFolder } = await import(${
    JSON.stringify(`file://${TOP}lib/storage/folder/lock_file.ts`)
  });
    await lockFolder(${JSON.stringify(folder)});
    console.log("locked");
    await new Promise((done) => setTimeout(done, 1e9));
  `;
  return new Program([Deno.execPath(), "eval", code]);
}

Deno.test("lock_file: the second server is refused with the process number of the first", async () => {
  await using temp = await TempFolder.make();
  await using first = holder(temp.path);
  await first.until("stdout", /locked/);
  for (let attempt = 0; attempt < 2; attempt++) {
    await assert.rejects(lockFolder(temp.path), (error) => {
      assert.ok(error instanceof ExitError);
      assert.ok(error.message.includes(temp.path));
      assert.match(error.message, new RegExp(`process number ${first.pid} uses it.*--data`));
      return true;
    });
  }
});

Deno.test("lock_file: the lock of a killed process is free", async () => {
  await using temp = await TempFolder.make();
  await using first = holder(temp.path);
  await first.until("stdout", /locked/);
  first.kill("SIGKILL");
  await first.exitCode();
  const lock = await lockFolder(temp.path);
  assert.equal(await Deno.readTextFile(`${temp.path}/lock`), `${Deno.pid}\n`);
  lock.release();
});

Deno.test("lock_file: a released lock can be taken again, with any content of the file", async () => {
  await using temp = await TempFolder.make();
  await Deno.writeTextFile(`${temp.path}/lock`, "1234567890 and more\n");
  for (let round = 0; round < 2; round++) {
    const lock = await lockFolder(temp.path);
    assert.equal(await Deno.readTextFile(`${temp.path}/lock`), `${Deno.pid}\n`);
    lock.release();
  }
});
