/** Proves that the file has the port, and that no temporary file stays. */
import assert from "assert";
import { ExitError } from "../../lib/base/errors.ts";
import { writePortFile } from "../../lib/cli/port_file.ts";

Deno.test("port_file: the port and an LF replace the old file, and no other file stays", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/port`, "something long that was there before");
    await writePortFile(`${folder}/port`, 9_097);
    assert.equal(await Deno.readTextFile(`${folder}/port`), "9097\n");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["port"]);
    await assert.rejects(writePortFile(`${folder}/none/port`, 1), (error) => {
      assert.ok(error instanceof ExitError);
      assert.match(error.message, /Cannot write the port to .*none/);
      return true;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
