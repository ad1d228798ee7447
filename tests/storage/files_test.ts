/**
 * Proves, on a real folder, that a deleted file is noticed, and that a held file is freed bit by bit
 * and only if no name leads to it.
 */
import assert from "assert";
import { FolderFiles, type HeldFile, type WritableFile } from "../../lib/storage/files.ts";
import { TempFolder } from "../helpers/folders.ts";
import { stoppedClock } from "../helpers/stopped_clock.ts";

/** A file that takes several steps to free; it has no blocks. */
const LARGE_BYTES = 10_000_000;

const never = new AbortController().signal;

/** Both ways to sync, as one. */
const SYNCS: Readonly<Record<string, (file: WritableFile) => Promise<void>>> = {
  syncNow: (file) => Promise.try(() => file.syncNow()),
  sync: (file) => file.sync(),
};

for (const [how, sync] of Object.entries(SYNCS)) {
  Deno.test(`files: ${how} looks at once whether the file was deleted, and then every second`, async () => {
    await using temp = await TempFolder.make();
    const files = new FolderFiles(temp.path);
    using clock = stoppedClock();
    const deletedFirst = files.openToWrite("a", "create");
    files.remove("a");
    await assert.rejects(sync(deletedFirst), /the file was deleted/);
    deletedFirst.close();
    const file = files.openToWrite("b", "create");
    await sync(file);
    files.rename("b", "c");
    clock.advance(1_000);
    await sync(file);
    files.remove("c");
    clock.advance(999);
    await sync(file);
    clock.advance(1);
    await assert.rejects(sync(file), /the file was deleted/);
    await assert.rejects(sync(file), /the file was deleted/, "and from then on");
    file.close();
  });
}

/** A large file in a folder, held, and seen by somebody who opened it before. */
async function withLarge(
  use: (files: FolderFiles, held: HeldFile, size: () => number) => Promise<void>,
): Promise<void> {
  await using temp = await TempFolder.make();
  const files = new FolderFiles(temp.path);
  await Deno.writeFile(`${temp.path}/large`, new Uint8Array(1));
  await Deno.truncate(`${temp.path}/large`, LARGE_BYTES);
  using seen = await Deno.open(`${temp.path}/large`, { read: true });
  const held = files.hold("large");
  assert.ok(held);
  try {
    await use(files, held, () => seen.statSync().size);
  } finally {
    held.close();
  }
}

Deno.test("files: a held file keeps its bytes when it loses its name, until it is freed", async () => {
  for (const how of ["removed", "replaced"]) {
    await withLarge(async (files, held, size) => {
      if (how === "removed") files.remove("large");
      else {
        files.openToWrite("small", "create").close();
        files.rename("small", "large");
      }
      assert.equal(size(), LARGE_BYTES);
      await held.free(never);
      assert.equal(size(), 0);
      assert.deepEqual(await files.list(), how === "removed" ? [] : ["large"]);
    });
  }
});

Deno.test("files: to free a held file is called off between two steps", async () => {
  await withLarge(async (files, held, size) => {
    files.remove("large");
    await held.free(AbortSignal.abort());
    assert.ok(size() > 0 && size() < LARGE_BYTES, String(size()));
  });
});

Deno.test("files: a held file to which a name leads is not freed", async () => {
  await withLarge(async (_files, held, size) => {
    await held.free(never);
    assert.equal(size(), LARGE_BYTES, "its own");
  });
  await withLarge(async (files, held, size) => {
    await Deno.link(`${files.folder}/large`, `${files.folder}/backup`);
    files.remove("large");
    await held.free(never);
    assert.equal(size(), LARGE_BYTES, "a hard link");
  });
});

Deno.test("files: a file that is not there cannot be held", async () => {
  await using temp = await TempFolder.make();
  const files = new FolderFiles(temp.path);
  assert.equal(files.hold("large"), undefined);
  assert.deepEqual(await files.list(), [], "nor is it made");
});
