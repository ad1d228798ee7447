/** Tests that clients find servers through the catalog of cctools, with all of them as programs. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { freePort, sendUpdates, untilListed } from "../../catalog/catalog_client.ts";
import { CctoolsCatalog } from "./catalog_process.ts";
import { testWith } from "../../helpers/needs.ts";
import { fromSource, Program, run } from "../../../bench/harness/program.ts";

testWith(
  ["catalog_server", "catalog_query"],
  "a server is listed with its members, and updated regularly",
  async () => {
    await using catalog = await CctoolsCatalog.start();
    const flags = ["--owner", "me", "--catalog-interval", "1"];
    await using server = startServer("me-a4-x", catalog, ...flags);
    const port = await server.port();
    const [first] = await untilListed(catalog.port, 1, (record) => record["port"] === port);
    assert.equal(first?.["type"], "hashtable");
    assert.equal(first?.["owner"], "me");
    assert.equal(first?.["port"], port);
    assert.equal(first?.["project"], "me-a4-x");
    assert.equal(first?.["address"], "127.0.0.1");
    assert.equal(first?.["requires_token"], false);
    assert.equal(typeof first?.["instance"], "string");
    assert.ok(!("addresses" in (first ?? {})), "it listens on the loopback only");
    const heard = Number(first?.["lastheardfrom"]);
    await untilListed(catalog.port, 1, (record) => Number(record["lastheardfrom"]) > heard);

    const query = ["catalog_query", "--catalog", catalog.target, "--where", 'project=="me-a4-x"'];
    const { code, stdout } = await run(query);
    assert.equal(code, 0);
    assert.match(stdout, /"project":"me-a4-x"/);

    server.kill("SIGTERM");
    assert.equal(await server.exitCode(), 0);
    await untilListed(catalog.port, 1, (record) => record["lifetime"] === 1);
  },
);

testWith(["catalog_server"], "a client finds the live server among stale records", async () => {
  await using catalog = await CctoolsCatalog.start();
  await using live = startServer("me-a4-x", catalog);
  const livePort = await live.port();
  await using other = startServer("other-a4", catalog);
  const otherPort = await other.port();
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await untilListed(catalog.port, 1, (record) => record["port"] === livePort);
  await nextSecond(); // so that the stale records are newer, and are tried first
  for (const port of [1, silent.addr.port, otherPort]) {
    await sendUpdates(catalog.port, [{ type: "hashtable", owner: "me", project: "me-a4-x", port }]);
    await untilListed(
      catalog.port,
      1,
      (record) => record["port"] === port && record["project"] === "me-a4-x",
    );
  }
  const { code, stdout, stderr } = await run(
    fromSource("testperf.ts", "me-a4-x", "--ops", "20", "--catalog", catalog.target, ...NO_LOCAL),
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^insert: 20 ops in /);
  assert.match(stderr, new RegExp(`server 127\\.0\\.0\\.1:${livePort}\\b`));
});

Deno.test("fault: the owner of the local catalog is stopped: clients still find the servers of this machine", async () => {
  const flags = ["--no-catalog", "--local-catalog", String(freePort())];
  const start = (name: string) =>
    new Program(fromSource("server.ts", name, "--memory", "--host", "127.0.0.1", ...flags));
  await using first = start("first-a4");
  await first.port();
  await testperf("first-a4", flags);
  await using second = start("second-a4");
  await second.port();
  await testperf("second-a4", flags);
  first.kill("SIGSTOP");
  const startMs = performance.now();
  const { code, stderr } = await run(fromSource("client.ts", "second-a4", "ping", ...flags));
  assert.equal(code, 0, stderr);
  // Without the fix it took 12.4 s. On a busy machine, the start of the program takes most of the time.
  assert.ok(performance.now() - startMs < 10_000);
  // The second server stops, too: a third one serves the catalog, and is found.
  second.kill("SIGSTOP");
  await using third = start("third-a4");
  await third.port();
  await testperf("third-a4", flags);
});

Deno.test("an unknown name ends with a message and exit code 3", async () => {
  const nowhere = ["--catalog", "127.0.0.1:9"];
  const { code, stdout, stderr } = await run(
    fromSource("client.ts", "unknown-a4", "size", ...nowhere, ...NO_LOCAL, "--timeout", "0.3"),
  );
  assert.equal(code, 3);
  assert.equal(stdout, "");
  assert.match(stderr, /^htclient: .*unknown-a4/m);
});

const NO_LOCAL = ["--local-catalog", "off"];

function startServer(name: string, catalog: CctoolsCatalog, ...flags: string[]): Program {
  const finding = ["--memory", "--host", "127.0.0.1", "--catalog", catalog.target, ...NO_LOCAL];
  return new Program(fromSource("server.ts", name, ...finding, ...flags));
}

async function testperf(name: string, flags: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(
    fromSource("testperf.ts", name, "--ops", "20", "--quiet", ...flags),
  );
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^insert: 20 ops in .*\nlookup: 20 ops in .*\nscan: 20 ops in .*\nremove: 20/,
  );
}

/** Waits for the next whole second, the resolution of the catalog. */
async function nextSecond(): Promise<void> {
  await sleep(1_050 - (Date.now() % 1_000));
}
