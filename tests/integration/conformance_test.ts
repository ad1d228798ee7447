/** The protocol cases that lie beside the checkout, in every way of sending. */
import assert from "assert";
import { ALONE, fromSource, Program, run, TOP } from "../helpers/program.ts";
import { testWith } from "../helpers/needs.ts";

const RUNNER = `${TOP}../shared/conformance/run.py`;

for (const flags of [[], ["--split", "1"], ["--split", "7"], ["--pipeline"]]) {
  const way = flags.join(" ") || "a line at a time";
  testWith(["python3", RUNNER], `the protocol cases hold when sent with ${way}`, async () => {
    await using server = new Program(fromSource("server.ts", "cases-a4", ...ALONE));
    const port = await server.port();
    const { code, stdout } = await run(["python3", RUNNER, "127.0.0.1", String(port), ...flags]);
    assert.match(stdout, /^\d+ passed, 0 failed\n$/);
    assert.equal(code, 0);
  });
}
