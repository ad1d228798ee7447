/** Proves the checks of a token file. */
import assert from "assert";
import { ExitError, UsageError } from "../../lib/base/errors.ts";
import { readToken } from "../../lib/cli/token_file.ts";

Deno.test({
  name: "token_file: without a file, the token is undefined",
  permissions: "none",
  async fn() {
    assert.equal(await readToken(undefined), undefined);
  },
});

Deno.test("token_file: a token is the text without white space around it, if it is long enough", async () => {
  const folder = await Deno.makeTempDir();
  const written = async (text: string) => {
    await Deno.writeTextFile(`${folder}/token`, text);
    return await readToken(`${folder}/token`);
  };
  try {
    assert.equal(await written(" secret-8\n"), "secret-8");
    assert.equal(await written("two words\u00e9"), "two words\u00e9");
    await assert.rejects(written("secret7\n"), UsageError);
    await assert.rejects(written("  \n"), /at least 8 characters; it has 0/);
    await assert.rejects(readToken(`${folder}/none`), (error) => {
      assert.ok(error instanceof ExitError);
      assert.equal(error.exitCode, 1);
      assert.match(error.message, /Cannot read the token from .*none/);
      return true;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
