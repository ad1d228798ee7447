/** With the real programs of cctools: their catalog and our servers, our catalog and their clients. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { silentLog } from "../../../lib/base/log.ts";
import type { ServerFacts } from "../../../lib/catalog/record/server_record.ts";
import { Announcer } from "../../../lib/catalog/announce/announcer.ts";
import { CatalogServer } from "../../../lib/catalog/server/catalog_server.ts";
import { Resolver } from "../../../lib/catalog/resolve/resolver.ts";
import { CctoolsCatalog } from "./catalog_process.ts";
import { testWith } from "../../helpers/needs.ts";
import { run } from "../../../bench/harness/program.ts";

const DEADLINE_MS = 60_000;

const facts: ServerFacts = {
  project: "me-a4-x",
  owner: "me",
  port: 4_321,
  version: "0.1.0",
  instance: "1f0c",
  lifetimeS: 300,
  startTimeS: 1_700_000_000,
  clients: 0,
  size: 3,
  durability: "always",
  requiresToken: true,
  protocol: 1,
};

type Members = Record<string, unknown>;

/** Asks again until a record fits: an update by UDP has no event of its own. */
async function untilListed(port: number, fits: (record: Members) => boolean): Promise<Members> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/query.json`);
    const records: Members[] = await response.json();
    const found = records.find(fits);
    if (found) return found;
    assert.ok(performance.now() < deadline, `not listed: ${JSON.stringify(records)}`);
    await sleep(20);
  }
}

function ourCatalog(tcpUpdates: boolean): CatalogServer {
  return new CatalogServer({
    hostname: "127.0.0.1",
    port: 0,
    lifetimeS: 900,
    log: silentLog,
    tcpUpdates,
  });
}

/** A file with the members of a record, for catalog_update. */
async function recordFile(members: Members): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(path, JSON.stringify(members));
  return path;
}

testWith(
  ["catalog_server"],
  "cctools: its catalog lists what we announce, and we find it there",
  async () => {
    await using catalog = await CctoolsCatalog.start();
    const address = { hostname: "127.0.0.1", port: catalog.port };
    const announcer = new Announcer({
      catalogs: [address],
      intervalMs: 50,
      facts: () => facts,
      log: silentLog,
      addresses: () => ["192.0.2.7"],
      confirms: false,
    });
    announcer.start();
    const record = await untilListed(catalog.port, ({ project }) => project === facts.project);
    assert.equal(record["type"], "hashtable");
    assert.equal(record["owner"], "me");
    assert.equal(record["port"], 4_321);
    assert.equal(record["address"], "127.0.0.1");

    const resolver = new Resolver({ catalogs: [address] });
    const { servers: [server], answered } = await resolver.lookUp(facts.project);
    assert.deepEqual(answered, [address]);
    assert.equal(server?.port, 4_321);
    assert.equal(server?.instance, "1f0c");
    assert.equal(server?.requiresToken, true);
    assert.deepEqual(server?.addresses, ["192.0.2.7"]);

    await announcer.stop();
    await untilListed(
      catalog.port,
      ({ project, lifetime }) => project === facts.project && lifetime === 1,
    );
  },
);

testWith(
  ["catalog_server", "catalog_query"],
  "cctools: catalog_query --where finds what we announce",
  async () => {
    await using catalog = await CctoolsCatalog.start();
    const announcer = new Announcer({
      catalogs: [{ hostname: "127.0.0.1", port: catalog.port }],
      intervalMs: 50,
      facts: () => facts,
      log: silentLog,
      addresses: () => [],
    });
    announcer.start();
    await untilListed(catalog.port, ({ project }) => project === facts.project);
    const { stdout } = await run([
      "catalog_query",
      "--catalog",
      `127.0.0.1:${catalog.port}`,
      "--where",
      'project=="me-a4-x"',
    ]);
    assert.equal(JSON.parse(stdout).length, 1);
    await announcer.stop();
  },
);

testWith(
  ["catalog_update", "catalog_query"],
  "cctools: catalog_update and catalog_query work with our catalog",
  async () => {
    await using catalog = ourCatalog(true);
    const host = `127.0.0.1:${catalog.port}`;
    const update = async (project: string, env: Record<string, string>) => {
      const file = await recordFile({ type: "hashtable", project, port: project.length });
      await run(["catalog_update", "--catalog", host, "--file", file], { env });
      await Deno.remove(file);
      await untilListed(catalog.port, (record) => record["project"] === project);
    };
    await update("by-udp", { CATALOG_UPDATE_PROTOCOL: "udp" });
    await update("by-default-which-is-tcp", {});
    // Large enough for it to compress, in the versions that do.
    await update("compressed-by-udp", {
      CATALOG_UPDATE_PROTOCOL: "udp",
      CATALOG_UPDATE_LIMIT: "10",
    });
    const count = async (filter: string) => {
      const { stdout } = await run(["catalog_query", "--catalog", host, "--where", filter]);
      return JSON.parse(stdout).length;
    };
    assert.equal(await count('project=="by-udp"'), 1);
    assert.equal(await count('type=="hashtable" && project!="by-udp"'), 2);
    assert.equal(await count("port+0==6"), 1);
    const { stdout } = await run(["catalog_query", "--catalog", host]);
    assert.equal(JSON.parse(stdout).length, 3);
  },
);

testWith(
  ["catalog_query"],
  "cctools: catalog_query reads our catalog whatever strangers sent to it",
  async () => {
    await using catalog = ourCatalog(false);
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const odd = [
      '{"port":1,"owner":"\u00e9\\u00e9\\ud800\\n\\u0000"}',
      '{"port":2,"n":1e999,"m":-0.0e-7,"i":123456789012345678901234567890}',
      `{"port":3,"deep":${"[".repeat(15)}${"]".repeat(15)}}`,
      `{"port":4,"long":"${"l".repeat(30_000)}"}`,
      '{"port":5,"":"","\\"":{},"a b":[null,true,false]}',
      '{"port":6,"address":"6.6.6.6","name":"<script>"}',
    ];
    for (const text of odd) {
      const bytes = new TextEncoder().encode(text);
      await socket.send(bytes, { transport: "udp", hostname: "127.0.0.1", port: catalog.port });
    }
    socket.close();
    for (const port of [1, 2, 3, 4, 5, 6]) {
      await untilListed(catalog.port, (record) => record["port"] === port);
    }
    const host = `127.0.0.1:${catalog.port}`;
    const { stdout } = await run(["catalog_query", "--catalog", host, "--where", "port>0"]);
    assert.equal(stdout.match(/"address":"127\.0\.0\.1"/g)?.length, 6, stdout);
  },
);
