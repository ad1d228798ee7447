/** Tests servers that check for others of their name before they are announced, as programs. */
import assert from "assert";
import { TempFolder } from "../../helpers/folders.ts";
import { freePort, startCatalogServer } from "../../catalog/catalog_client.ts";
import { ALONE_ON_DISK, fromSource, Program, run } from "../../../bench/harness/program.ts";

Deno.test("fault: two servers of one name: a second one with a new table ends, and reports the first one", async () => {
  const flags = [
    "twin-a4",
    ...["--host", "127.0.0.1", "--no-catalog", "--local-catalog", String(freePort())],
  ];
  await using folder = await TempFolder.make();
  const data = `${folder.path}/data`;
  const fresh = [["--memory"], ["--data", data]];
  // An older table with data, created under another name.
  const old = `${folder.path}/old`;
  {
    const command = fromSource("server.ts", "old-a4", ...ALONE_ON_DISK, "--data", old);
    await using before = new Program(command);
    const target = `127.0.0.1:${await before.port()}`;
    assert.equal((await run(fromSource("client.ts", target, "insert", "k", "1"))).code, 0);
    before.kill("SIGTERM");
    assert.equal(await before.exitCode(), 0);
  }
  await using first = new Program(fromSource("server.ts", ...flags, "--memory", "--owner", "me"));
  const port = await first.port();
  const found = await run(
    fromSource("client.ts", "twin-a4", "ping", "--no-catalog", ...flags.slice(4)),
  );
  assert.equal(found.code, 0, found.stderr);

  for (const table of fresh) {
    const { code, stdout, stderr } = await run(fromSource("server.ts", ...flags, ...table));
    assert.equal(code, 1, stderr);
    assert.match(stdout, /^Listening on port \d+$/m, "the port is open before");
    assert.match(
      stderr,
      new RegExp(
        `^htserver: Cannot serve the name 'twin-a4': a live server has it \\(at 127\\.0\\.0\\.1:${port}, of me\\)`,
        "m",
      ),
    );
  }

  // Another server of the name cannot prevent the service of a table with data.
  await using withData = new Program(fromSource("server.ts", ...flags, "--data", old));
  await withData.until("stderr", /warn: Another live server has the name 'twin-a4'/);
  withData.kill("SIGTERM");
  assert.equal(await withData.exitCode(), 0);

  await using takeover = new Program(fromSource("server.ts", ...flags, "--memory", "--takeover"));
  const itsPort = await takeover.port();
  first.kill("SIGTERM");
  assert.equal(await first.exitCode(), 0);
  const { stdout, stderr, code } = await run(
    fromSource("client.ts", "twin-a4", "info", "--no-catalog", ...flags.slice(4)),
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`"takeover":true.*"port":${itsPort}\\b`));
  assert.equal(takeover.stderr.includes("Another live server"), false);
});

Deno.test("fault: catalogs that disagree: each lookup finds the same server, and warns", async () => {
  const catalogs = [startCatalogServer(), startCatalogServer()];
  try {
    const [one, other] = catalogs.map(({ port }) => `127.0.0.1:${port}`);
    const alone = ["--host", "127.0.0.1", "--local-catalog", "off"];
    const server = (at = "") =>
      new Program(fromSource("server.ts", "split-a4", "--memory", ...alone, "--catalog", at));
    await using older = server(one);
    await older.until("stderr", /Listed in the catalog/);
    await using younger = server(other);
    await younger.until("stderr", /Listed in the catalog/);
    const ports = new Set<string>();
    for (const list of [`${one},${other}`, `${other},${one}`, `${one},${other}`]) {
      const { code, stdout, stderr } = await run(
        fromSource("client.ts", "split-a4", "info", "--catalog", list, ...alone.slice(2)),
      );
      assert.equal(code, 0, stderr);
      ports.add(/"port":(\d+)/.exec(stdout)?.[1] ?? "none");
      assert.notEqual(stderr, "", "it warns");
    }
    assert.deepEqual([...ports], [String(await older.port())]);
  } finally {
    for (const catalog of catalogs) await catalog.stop();
  }
});
