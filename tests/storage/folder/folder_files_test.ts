/**
 * Proves on a real folder that files are created and opened only when that is safe, that no step is done in
 * a lost folder, and that the space of a held file is freed in steps and only if the file has no name.
 */
import assert from "assert";
import { FolderFiles, type HeldFile } from "../../../lib/storage/folder/folder_files.ts";
import { FolderLostError, lockFolder } from "../../../lib/storage/folder/lock_file.ts";
import { LockedFolder } from "../real_folder.ts";
import { TempFolder } from "../../helpers/folders.ts";

/** Size of a file that takes several steps to free, in bytes; it has no blocks. */
const LARGE_BYTES = 10_000_000;

const never = new AbortController().signal;

/** Calls a function with a large held file; `size` reads its length through another open file. */
async function withLarge(
  use: (files: FolderFiles, held: HeldFile, size: () => number) => Promise<void>,
): Promise<void> {
  await using temp = await TempFolder.make();
  const files = new FolderFiles(temp.path);
  await Deno.writeFile(`${temp.path}/large`, new Uint8Array(1));
  await Deno.truncate(`${temp.path}/large`, LARGE_BYTES);
  using other = await Deno.open(`${temp.path}/large`, { read: true });
  const held = files.hold("large");
  assert.ok(held);
  try {
    await use(files, held, () => other.statSync().size);
  } finally {
    held.close();
  }
}

Deno.test("folder_files: a held file keeps its bytes after its name is removed, until it is freed", async () => {
  for (const how of ["removed", "replaced"]) {
    await withLarge(async (files, held, size) => {
      if (how === "removed") files.remove("large");
      else {
        files.openToWrite("small", "create").close();
        files.rename("small", "large");
      }
      assert.equal(size(), LARGE_BYTES);
      await held.freeSpace(never);
      assert.equal(size(), 0);
      assert.deepEqual(await files.list(), how === "removed" ? [] : ["large"]);
    });
  }
});

Deno.test("folder_files: freeing a held file is aborted between two steps", async () => {
  await withLarge(async (files, held, size) => {
    files.remove("large");
    await held.freeSpace(AbortSignal.abort());
    assert.ok(size() > 0 && size() < LARGE_BYTES, String(size()));
  });
});

Deno.test("folder_files: a held file that has a name is not freed", async () => {
  await withLarge(async (_files, held, size) => {
    await held.freeSpace(never);
    assert.equal(size(), LARGE_BYTES, "its own name");
  });
  await withLarge(async (files, held, size) => {
    await Deno.link(`${files.folder}/large`, `${files.folder}/backup`);
    files.remove("large");
    await held.freeSpace(never);
    assert.equal(size(), LARGE_BYTES, "a hard link");
  });
});

Deno.test("folder_files: a missing file cannot be held", async () => {
  await using temp = await TempFolder.make();
  const files = new FolderFiles(temp.path);
  assert.equal(files.hold("large"), undefined);
  assert.deepEqual(await files.list(), [], "it is not created");
});

Deno.test("folder_files: a file is created only if its name is unused, even by a link", async () => {
  await using locked = await LockedFolder.make();
  const { files, path } = locked;
  await Deno.writeTextFile(`${path}/there`, "mine");
  await Deno.symlink(`${path}/nothing`, `${path}/link`);
  for (const name of ["there", "link"]) {
    assert.throws(() => files.openToWrite(name, "create"), Deno.errors.AlreadyExists);
  }
  assert.equal(await Deno.readTextFile(`${path}/there`), "mine");
  assert.deepEqual(await files.list(), ["link", "lock", "there"]);
});

Deno.test("folder_files: only a plain file is read or written, and no link, pipe or folder", async () => {
  await using locked = await LockedFolder.make();
  const { files, path } = locked;
  await Deno.writeTextFile(`${path}/there`, "mine");
  await Deno.symlink("there", `${path}/link`);
  await Deno.mkdir(`${path}/folder`);
  const { success } = await new Deno.Command("mkfifo", { args: [`${path}/pipe`] }).output();
  assert.ok(success);
  for (const name of ["link", "pipe", "folder"]) {
    assert.throws(() => files.openToRead(name), /is not a plain file/);
    assert.throws(() => files.openToWrite(name, "append"), /is not a plain file/);
  }
  assert.throws(() => files.openToWrite("nothing", "append"), /there is no 'nothing'/);
});

Deno.test("folder_files: only the file that was read is written", async () => {
  await using locked = await LockedFolder.make();
  const { files, path } = locked;
  await Deno.writeTextFile(`${path}/log`, "mine");
  files.openToRead("log").close();
  await Deno.rename(`${path}/log`, `${path}/old`);
  await Deno.writeTextFile(`${path}/log`, "other");
  assert.throws(
    () => files.openToWrite("log", "append"),
    /'log' was replaced by another program/,
  );
  assert.equal(await Deno.readTextFile(`${path}/log`), "other");
});

Deno.test("folder_files: a file that is open for writing is locked", async () => {
  await using locked = await LockedFolder.make();
  const { files } = locked;
  const file = files.openToWrite("log", "create");
  assert.throws(() => files.openToWrite("log", "append"), /another process has locked 'log'/);
  file.close();
  files.openToWrite("log", "append").close();
});

Deno.test("folder_files: no step is done in a lost folder", async () => {
  await using locked = await LockedFolder.make();
  const { files, path } = locked;
  const open = files.openToWrite("log", "create");
  await Deno.rename(path, `${path}.moved`);
  await Deno.mkdir(path);
  await Deno.writeTextFile(`${path}/log`, "other");
  await Deno.writeTextFile(`${path}/lock`, "1\n");
  const steps: (() => unknown)[] = [
    () => files.check(),
    () => files.find("log"),
    () => files.size("log"),
    () => files.openToWrite("new", "create"),
    () => files.openToWrite("log", "append"),
    () => files.openToRead("log"),
    () => files.rename("log", "new"),
    () => files.remove("log"),
    () => files.hold("log"),
  ];
  for (const step of steps) assert.throws(step, FolderLostError, step.toString());
  await assert.rejects(files.list(), FolderLostError);
  await assert.rejects(async () => await files.syncFolder(), FolderLostError);
  open.writeSync(new TextEncoder().encode("mine")); // an open file stays in its folder
  open.close();
  assert.equal(await Deno.readTextFile(`${path}/log`), "other");
  assert.equal(await Deno.readTextFile(`${path}.moved/log`), "mine");
});

Deno.test("folder_files: a link to the folder's new path does not lead steps to the old path", async () => {
  await using temp = await TempFolder.make();
  const [old, link] = [`${temp.path}/old`, `${temp.path}/link`];
  await Deno.mkdir(old);
  await Deno.symlink("old", link);
  const lock = await lockFolder(link);
  try {
    const files = new FolderFiles(link, lock);
    await Deno.rename(old, `${temp.path}/new`);
    await Deno.remove(link);
    await Deno.symlink("new", link);
    await Deno.mkdir(old);
    await Deno.writeTextFile(`${old}/log`, "other");
    assert.throws(() => files.remove("log"), FolderLostError);
    assert.equal(await Deno.readTextFile(`${old}/log`), "other");
  } finally {
    lock.release();
  }
});
