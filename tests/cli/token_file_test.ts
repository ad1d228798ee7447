/** Proves the checks of a token file. */
import assert from "assert";
import { UsageError } from "../../lib/base/errors.ts";
import { readToken } from "../../lib/cli/token_file.ts";
import { TempFolder } from "../helpers/folders.ts";

Deno.test(
  { name: "token_file: without a file, the token is undefined", permissions: "none" },
  async () => {
    assert.equal(await readToken(undefined), undefined);
  },
);

Deno.test("token_file: a token is the text without white space around it, if it is long enough", async () => {
  await using folder = await TempFolder.make();
  const written = async (text: string) => {
    await Deno.writeTextFile(`${folder.path}/token`, text);
    return await readToken(`${folder.path}/token`);
  };
  assert.equal(await written(" secret-8\n"), "secret-8");
  assert.equal(await written("two words\u00e9"), "two words\u00e9");
  await assert.rejects(written("secret7\n"), UsageError);
  await assert.rejects(written("  \n"), /at least 8 characters; it has 0/);
  const expected = {
    name: "ExitError",
    exitCode: 1,
    message: /Cannot read the token from .*none': [^']+$/,
  };
  await assert.rejects(readToken(`${folder.path}/none`), expected);
});
