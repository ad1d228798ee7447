/** Proves that files are written atomically, and never through a link that another user made. */
import assert from "assert";
import { requireFolderOf, writeWholeFile } from "../../lib/cli/atomic_file.ts";
import { TempFolder } from "../helpers/folders.ts";

Deno.test("atomic_file: a text replaces the old file, and no other file stays", async () => {
  await using folder = await TempFolder.make();
  const file = `${folder.path}/port`;
  await Deno.writeTextFile(file, "something long that was there before");
  await writeWholeFile(file, "9097\n", "the port");
  assert.equal(await Deno.readTextFile(file), "9097\n");
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["port"]);
  await assert.rejects(writeWholeFile(`${folder.path}/none/port`, "1", "the port"), {
    name: "ExitError",
    message: `Cannot write the port to '${folder.path}/none/port': there is no such folder`,
  });
});

Deno.test("atomic_file: a link with a name that can be guessed is not followed", async () => {
  await using folder = await TempFolder.make();
  const [file, other] = [`${folder.path}/raw.csv`, `${folder.path}/other`];
  await Deno.writeTextFile(other, "precious");
  await Deno.symlink(other, `${file}.${Deno.pid}.tmp`);
  await writeWholeFile(file, "text", "it");
  assert.equal(await Deno.readTextFile(file), "text");
  assert.equal(await Deno.readTextFile(other), "precious");
});

Deno.test("atomic_file: a missing folder is an error before the file is written", async () => {
  await using folder = await TempFolder.make();
  await requireFolderOf(`${folder.path}/raw.csv`, "it");
  await requireFolderOf("raw.csv", "it");
  await assert.rejects(requireFolderOf(`${folder.path}/none/raw.csv`, "it"), {
    name: "ExitError",
    message: `Cannot write it to '${folder.path}/none/raw.csv': there is no such folder`,
  });
  await Deno.writeTextFile(`${folder.path}/file`, "");
  await assert.rejects(requireFolderOf(`${folder.path}/file/raw.csv`, "it"), {
    name: "ExitError",
    message: `Cannot write it to '${folder.path}/file/raw.csv': its folder is a file`,
  });
});
