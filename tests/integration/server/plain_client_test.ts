/** Tests a plain client in Python: `makefile`, `json.dumps`, `readline`. */
import assert from "assert";
import { testWith } from "../../helpers/needs.ts";
import { ALONE, fromSource, Program, run } from "../../../bench/harness/program.ts";

testWith(["python3"], "a plain Python client inserts, looks up, scans and removes", async () => {
  await using server = new Program(fromSource("server.ts", "plain-a4", ...ALONE));
  const port = String(await server.port());
  const command = ["python3", "docs/examples/plain_client.py", "127.0.0.1", port];
  const { code, stdout, stderr } = await run(command);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.deepEqual(stdout.split("\n"), [
    "{'weight': 100, 'name': 'fred'}",
    "[['zebra', {'weight': 100, 'name': 'fred'}]]",
    "{'weight': 100, 'name': 'fred'}",
    "gone: 'Cannot look up \"zebra\": there is no such key'",
    "",
  ]);
});
