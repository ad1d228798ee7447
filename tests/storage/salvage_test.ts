/** Proves that a damaged folder can be salvaged, that what was dropped is told, and that nothing is thrown away. */
import assert from "assert";
import { silentLog } from "../../lib/base/log.ts";
import { openFolder } from "../../lib/storage/open_folder.ts";
import { ALONE, fromSource, run } from "../helpers/program.ts";

const SERVE = ALONE.filter((flag) => flag !== "--memory");

/** Records as the server writes them, made by a server itself. */
async function folderWith(keys: number): Promise<string> {
  const folder = await Deno.makeTempDir();
  const compact = { entries: undefined, bytes: undefined };
  const open = await openFolder({
    folder,
    fsync: "always",
    compact,
    log: silentLog,
    onSyncFailure: (error) => assert.fail(String(error)),
  });
  for (let key = 0; key < keys; key++) {
    open.storage.append({ method: "insert", key: `k${key}`, value: String(key) });
    open.storage.write();
    open.storage.syncNow();
  }
  await open.close();
  return folder;
}

Deno.test("salvage: a good folder is said to be good, and repairing changes nothing", async () => {
  const folder = await folderWith(3);
  try {
    const before = await Deno.readTextFile(`${folder}/table.txn`);
    const check = await run(fromSource("server.ts", "--check", folder));
    assert.equal(check.code, 0, check.stderr);
    assert.match(check.stdout, /^table\.txn +\d+ +4 +1 to 3$/m);
    assert.match(check.stdout, /^3 keys, last change 3\ngood$/m);
    const repair = await run(fromSource("server.ts", "--repair", folder));
    assert.equal(repair.code, 0);
    assert.equal(await Deno.readTextFile(`${folder}/table.txn`), before);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("salvage: a damaged folder is refused, repaired with what can be read, and then served", async () => {
  const folder = await folderWith(3);
  try {
    const log = `${folder}/table.txn`;
    const damaged = (await Deno.readTextFile(log)).replace('"k1"', '"kX"');
    await Deno.writeTextFile(log, damaged);
    const offset = damaged.split("\n").slice(0, 2).join("\n").length + 1;
    const start = await run(fromSource("server.ts", "a-a4", ...SERVE, "--data", folder));
    assert.equal(start.code, 1);
    assert.match(start.stderr, new RegExp(`table\\.txn: .* at byte ${offset}\\b.*--check`));
    const check = await run(fromSource("server.ts", "--check", folder));
    assert.equal(check.code, 1);
    assert.match(check.stdout, new RegExp(`bad bytes at ${offset}`));
    const repair = await run(fromSource("server.ts", "--repair", folder));
    assert.equal(repair.code, 0, repair.stderr);
    assert.match(repair.stdout, new RegExp(`dropped: \\d+ bytes of table\\.txn at byte ${offset}`));
    assert.equal(await Deno.readTextFile(`${folder}/damaged.1.table.txn`), damaged);
    const after = await run(fromSource("server.ts", "--check", folder));
    assert.match(after.stdout, /^2 keys, last change 3\ngood$/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("salvage: a folder that is not there, or takes other flags, ends in a sentence", async () => {
  const missing = await run(fromSource("server.ts", "--check", "/none"));
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^htserver: Cannot check '\/none': /);
  const more = await run(fromSource("server.ts", "a-a4", "--repair", "/none"));
  assert.equal(more.code, 2);
  assert.match(more.stderr, /^htserver: --repair takes a data folder and nothing else/);
});
