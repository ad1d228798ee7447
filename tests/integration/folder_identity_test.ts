/**
 * Real servers whose data folder cannot be listed, is moved, replaced or emptied: no acknowledged
 * change is lost, and no file of another server is changed (I10).
 */
import assert from "assert";
import { Asker, refusal, server } from "../helpers/durable_server.ts";
import { TempFolder } from "../helpers/folders.ts";
import { testWith } from "../helpers/needs.ts";
import { Program, run } from "../helpers/program.ts";

/** Keys of the folder on which a listing fails. */
const KEYS = 130;

/** Runs a server on a folder, inserts keys, and ends the server. */
async function fill(folder: string, keys: number, ...flags: string[]): Promise<void> {
  await using program = new Program(server(folder, ...flags));
  using asker = await Asker.of(program);
  for (let number = 0; number < keys; number++) {
    assert.equal(await asker.insert(`k${number}`, number), "OK");
  }
  program.kill("SIGTERM");
  assert.equal(await program.exitCode(), 0, program.stderr);
}

testWith(
  ["strace"],
  "fault: a listing that fails is taken for an empty folder: the start is refused, the log stays",
  async () => {
    await using temp = await TempFolder.make();
    const folder = `${temp.path}/table.ht`;
    await fill(folder, KEYS);
    const log = await Deno.readFile(`${folder}/table.txn`);
    // The first getdents of a thread gives the names, the second one the end.
    for (const when of ["1", "2", "1+"]) {
      const fault = `inject=getdents64:error=EIO:when=${when}`;
      const trace = ["-f", "-qq", "-o", `${temp.path}/trace`, "-P", folder, "-e", fault];
      const why = refusal(await run(["strace", ...trace, ...server(folder)]));
      assert.match(why, /Cannot use the data folder '.*': Input\/output error/);
      assert.deepEqual(await Deno.readFile(`${folder}/table.txn`), log);
    }
    await using program = new Program(server(folder));
    using asker = await Asker.of(program);
    assert.equal(await asker.size(), KEYS);
  },
);
