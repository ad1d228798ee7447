/** Tests the htcatalog program: its flags, its port, and how it ends. */
import assert from "assert";
import { TempFolder } from "../../helpers/folders.ts";
import { fromSource, Program, run } from "../../../bench/harness/program.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`htcatalog: prints its port, writes it to a file, and exits with 0 after ${signal}`, async () => {
    await using folder = await TempFolder.make();
    const portFile = `${folder.path}/port`;
    const flags = ["--host", "127.0.0.1", "--port", "0", "--port-file", portFile];
    await using program = new Program(fromSource("catalog.ts", ...flags));
    const port = await program.port();
    assert.equal(await Deno.readTextFile(portFile), `${port}\n`);
    const response = await fetch(`http://127.0.0.1:${port}/query.json`);
    assert.deepEqual(await response.json(), []);
    program.kill(signal);
    assert.equal(await program.exitCode(), 0);
  });
}

Deno.test("htcatalog: exits with 1 and a message if its port is in use, and with 2 for a bad flag", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const flags = ["--host", "127.0.0.1", "--port"];
  const { code, stderr } = await run(fromSource("catalog.ts", ...flags, `${taken.addr.port}`));
  assert.equal(code, 1);
  assert.match(stderr, /^htcatalog: Cannot listen on .* it is in use, .* --port\n$/);
  assert.equal((await run(fromSource("catalog.ts", ...flags, "x"))).code, 2);
});
