/** Servers and clients that find each other through the real catalog of cctools, as programs. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { CctoolsCatalog } from "./catalog_process.ts";
import { freePort } from "../../catalog/free_port.ts";
import { testWith } from "../../helpers/needs.ts";
import { fromSource, PATIENCE_MS, Program, run } from "../../../bench/harness/program.ts";

/** A record as the catalog lists it. */
type CatalogRecord = Readonly<Record<string, unknown>>;

testWith(
  ["catalog_server", "catalog_query"],
  "a server is listed exactly, and refreshed",
  async () => {
    await using catalog = await realCatalog();
    await using server = htserver("me-a4-x", catalog, "--owner", "me", "--catalog-interval", "1");
    const port = await server.port();
    const first = await listed(catalog, (record) => record["port"] === port);
    assert.equal(first["type"], "hashtable");
    assert.equal(first["owner"], "me");
    assert.equal(first["port"], port);
    assert.equal(first["project"], "me-a4-x");
    assert.equal(first["address"], "127.0.0.1");
    assert.ok(!("addresses" in first), "it listens on the loopback only");
    const heard = Number(first["lastheardfrom"]);
    await listed(catalog, (record) => Number(record["lastheardfrom"]) > heard);

    const query = ["catalog_query", "--catalog", catalog.at, "--where", 'project=="me-a4-x"'];
    const { code, stdout } = await run(query);
    assert.equal(code, 0);
    assert.match(stdout, /"project":"me-a4-x"/);

    server.kill("SIGTERM");
    assert.equal(await server.exitCode(), 0);
    await listed(catalog, (record) => record["lifetime"] === 1);
  },
);

testWith(["catalog_server"], "a client finds the live server among stale records", async () => {
  await using catalog = await realCatalog();
  await using live = htserver("me-a4-x", catalog);
  const livePort = await live.port();
  await using other = htserver("somebody-else-a4", catalog);
  const otherPort = await other.port();
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dead = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const deadPort = dead.addr.port;
  dead.close();
  await listed(catalog, (record) => record["port"] === livePort);
  await nextSecond(); // so that the stale ones are the newer ones, and are tried first
  for (const port of [deadPort, silent.addr.port, otherPort]) {
    await announce(catalog, { type: "hashtable", owner: "me", project: "me-a4-x", port });
    await listed(catalog, (record) => record["port"] === port && record["project"] === "me-a4-x");
  }
  const { code, stdout, stderr } = await run(
    fromSource("testperf.ts", "me-a4-x", "--ops", "20", "--catalog", catalog.at, ...NO_LOCAL),
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^insert: 20 ops in /);
  assert.match(stderr, new RegExp(`at 127\\.0\\.0\\.1:${livePort}\\b`));
});

testWith(["catalog_server"], "a client says so where two live servers have one name", async () => {
  await using catalog = await realCatalog();
  await using first = htserver("twin-a4", catalog, "--takeover");
  await using second = htserver("twin-a4", catalog, "--takeover");
  for (const server of [first, second]) {
    const port = await server.port();
    await listed(catalog, (record) => record["port"] === port);
  }
  // The second one has a moment to answer, which may be too short on a busy machine.
  for (let attempt = 0;; attempt++) {
    const { code, stderr } = await run(
      fromSource("client.ts", "twin-a4", "ping", "--catalog", catalog.at, ...NO_LOCAL),
    );
    assert.equal(code, 0, stderr);
    if (/Two live servers are named 'twin-a4'/.test(stderr)) return;
    assert.ok(attempt < 20, stderr);
  }
});

testWith(["catalog_server"], "htclient --list shows what the catalog knows", async () => {
  await using catalog = await realCatalog();
  await using server = htserver("listed-a4", catalog, "--owner", "someone");
  const port = await server.port();
  await announce(catalog, { type: "hashtable", project: "evil\u001b[2J", owner: "x", port: 9 });
  await listed(catalog, (record) => record["port"] === port);
  await listed(catalog, (record) => record["port"] === 9);
  const { code, stdout } = await run(
    fromSource("client.ts", "--list", "--catalog", catalog.at, ...NO_LOCAL),
  );
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`^listed-a4 +someone +127\\.0\\.0\\.1:${port} +\\d+ s$`, "m"));
  assert.ok(!stdout.includes("\u001b"));
});

Deno.test("with no catalog in reach, a server and a client on one machine find each other", async () => {
  const localPort = String(freePort());
  const nowhere = ["--catalog", "127.0.0.1:1", "--local-catalog", localPort];
  await using first = new Program(
    fromSource("server.ts", "one-a4", "--memory", "--host", "127.0.0.1", ...nowhere),
  );
  await first.port();
  await testperf("one-a4", nowhere);
  await using second = new Program(
    fromSource("server.ts", "two-a4", "--memory", "--host", "127.0.0.1", ...nowhere),
  );
  await second.port();
  await testperf("two-a4", nowhere);
  // The first one served the local catalog; when it is killed, the second one takes over.
  first.kill("SIGKILL");
  await first.exitCode();
  await testperf("two-a4", nowhere);
  await using third = new Program(
    fromSource("server.ts", "three-a4", "--memory", "--host", "127.0.0.1", ...nowhere),
  );
  await third.port();
  await testperf("three-a4", nowhere);
});

Deno.test("fault: the owner of the local catalog is stopped: servers of the machine are found all the same", async () => {
  const flags = ["--no-catalog", "--local-catalog", String(freePort())];
  const start = (name: string) =>
    new Program(fromSource("server.ts", name, "--memory", "--host", "127.0.0.1", ...flags));
  await using owner = start("owner-a4");
  await owner.port();
  await testperf("owner-a4", flags);
  await using second = start("second-a4");
  await second.port();
  await testperf("second-a4", flags);
  owner.kill("SIGSTOP");
  const startMs = performance.now();
  const { code, stderr } = await run(fromSource("client.ts", "second-a4", "ping", ...flags));
  assert.equal(code, 0, stderr);
  // It took 12.4 s. On a busy machine, starting the program is most of it.
  assert.ok(performance.now() - startMs < 10_000);
  // The second owner stops as well: a further server serves, and is found.
  second.kill("SIGSTOP");
  await using third = start("third-a4");
  await third.port();
  await testperf("third-a4", flags);
});

Deno.test("a name that nobody has ends in one sentence and exit code 3", async () => {
  const { code, stdout, stderr } = await run(
    fromSource(
      "client.ts",
      "nobody-a4",
      "size",
      "--catalog",
      "127.0.0.1:9",
      ...NO_LOCAL,
      "--timeout",
      "0.3",
    ),
  );
  assert.equal(code, 3);
  assert.equal(stdout, "");
  assert.match(stderr, /^htclient: .*nobody-a4/m);
});

const NO_LOCAL = ["--local-catalog", "off"];

async function realCatalog() {
  const catalog = await CctoolsCatalog.start();
  return {
    at: `127.0.0.1:${catalog.port}`,
    port: catalog.port,
    [Symbol.asyncDispose]: () => catalog.stop(),
  };
}

type RealCatalog = Awaited<ReturnType<typeof realCatalog>>;

function htserver(name: string, catalog: RealCatalog, ...flags: string[]): Program {
  const finding = ["--memory", "--host", "127.0.0.1", "--catalog", catalog.at, ...NO_LOCAL];
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

/** Waits until the catalog lists such a record. */
async function listed(
  catalog: RealCatalog,
  wanted: (record: CatalogRecord) => boolean,
): Promise<CatalogRecord> {
  for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs; await sleep(50)) {
    const reply = await fetch(`http://${catalog.at}/query.json`);
    const records: CatalogRecord[] = JSON.parse(await reply.text());
    const found = records.find(wanted);
    if (found) return found;
  }
  return assert.fail("the record is not in the catalog");
}

/** Sends a record as a server would. */
async function announce(catalog: RealCatalog, record: unknown): Promise<void> {
  const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  const bytes = new TextEncoder().encode(JSON.stringify(record));
  await socket.send(bytes, { hostname: "127.0.0.1", port: catalog.port, transport: "udp" });
  socket.close();
}

/** The catalog counts in whole seconds: waits for the next one. */
async function nextSecond(): Promise<void> {
  await sleep(1_050 - (Date.now() % 1_000));
}
