/** Programs of the harness end, whatever they leave behind. */
import assert from "assert";
import { Program } from "../../bench/harness/program.ts";

Deno.test("a program has ended although a program that it started holds its pipes open", async () => {
  await using program = new Program(["sh", "-c", "sleep 300 & echo $!"]);
  const [, pid] = await program.until("stdout", /^(\d+)\n/);
  try {
    assert.equal(await program.exitCode(), 0);
  } finally {
    Deno.kill(Number(pid), "SIGKILL");
  }
});
