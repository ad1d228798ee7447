/** Tests the identity of a table: stored with the data, and new for each table in memory. */
import assert from "assert";
import { HtClient } from "../../../client.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { ALONE, ALONE_ON_DISK, fromSource, Program } from "../../../bench/harness/program.ts";

interface Identity {
  readonly table: string;
  readonly instance: string;
  readonly seq: number;
}

/** Starts a server, inserts a key, and returns its identity. */
async function identityOf(...flags: string[]): Promise<Identity> {
  await using server = new Program(fromSource("server.ts", "identity-a4", ...flags));
  const client = await HtClient.connect(`127.0.0.1:${await server.port()}`);
  await client.insert("k", 1);
  const { table, instance, seq } = await client.info() as unknown as Identity;
  await client.close();
  server.kill("SIGTERM");
  assert.equal(await server.exitCode(), 0, server.stderr);
  return { table, instance, seq };
}

Deno.test("a table on disk has the same identity after a restart; a table in memory has a new one", async () => {
  await using folder = await TempFolder.make();
  const data = ["--data", `${folder.path}/table`];
  const first = await identityOf(...ALONE_ON_DISK, ...data),
    again = await identityOf(...ALONE_ON_DISK, ...data);
  assert.equal(again.table, first.table);
  assert.notEqual(again.instance, first.instance);
  assert.deepEqual([first.seq, again.seq], [1, 2]);
  const others = await Promise.all([identityOf(...ALONE), identityOf(...ALONE)]);
  assert.equal(new Set([first, ...others].map(({ table }) => table)).size, 3);
});
