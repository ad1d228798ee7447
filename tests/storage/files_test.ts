/**
 * Proves, on a real folder, that files are created and opened only as they should be, that no step
 * is done in a folder that was lost, and that a held file is freed bit by bit and only if no name leads
 * to it.
 */
import assert from "assert";
import { FolderFiles, type HeldFile } from "../../lib/storage/files.ts";
import { TempFolder } from "../helpers/folders.ts";

/** A file that takes several steps to free; it has no blocks. */
const LARGE_BYTES = 10_000_000;

const never = new AbortController().signal;

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
