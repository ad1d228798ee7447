/** Tests with the programs of cctools: their catalog with our servers, our catalog with their clients. */
import assert from "assert";
import { silentLog } from "../../../lib/base/log.ts";
import { Announcer } from "../../../lib/catalog/announce/announcer.ts";
import { CatalogServer } from "../../../lib/catalog/server/catalog_server.ts";
import { Resolver } from "../../../lib/catalog/resolve/resolver.ts";
import { type Members, sendUpdates, untilListed } from "../../catalog/catalog_client.ts";
import { serverFacts } from "../../catalog/records.ts";
import { CctoolsCatalog } from "./catalog_process.ts";
import { testWith } from "../../helpers/needs.ts";
import { run } from "../../../bench/harness/program.ts";

const facts = serverFacts({ requiresToken: true });

function ourCatalog(tcpUpdates: boolean): CatalogServer {
  return new CatalogServer({
    hostname: "127.0.0.1",
    port: 0,
    lifetimeS: 900,
    log: silentLog,
    tcpUpdates,
  });
}

/** Writes the members of a record to a file, for catalog_update. */
async function writeRecordFile(members: Members): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(path, JSON.stringify(members));
  return path;
}

testWith(
  ["catalog_server"],
  "cctools: a client finds our server in the catalog of cctools",
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
    const [record] = await untilListed(catalog.port, 1, ({ project }) => project === facts.project);
    assert.equal(record?.["type"], "hashtable");
    assert.equal(record?.["owner"], "me");
    assert.equal(record?.["port"], 4_321);
    assert.equal(record?.["address"], "127.0.0.1");

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
      1,
      ({ project, lifetime }) => project === facts.project && lifetime === 1,
    );
  },
);

testWith(
  ["catalog_server", "catalog_query"],
  "cctools: catalog_query --where finds our server",
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
    await untilListed(catalog.port, 1, ({ project }) => project === facts.project);
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
      const file = await writeRecordFile({ type: "hashtable", project, port: project.length });
      await run(["catalog_update", "--catalog", host, "--file", file], { env });
      await Deno.remove(file);
      await untilListed(catalog.port, 1, (record) => record["project"] === project);
    };
    await update("by-udp", { CATALOG_UPDATE_PROTOCOL: "udp" });
    await update("by-default-which-is-tcp", {});
    // Over the limit, so that catalog_update compresses it, in the versions that can.
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
  "cctools: catalog_query reads our catalog with unusual records",
  async () => {
    await using catalog = ourCatalog(false);
    const unusual = [
      '{"port":1,"owner":"\u00e9\\u00e9\\ud800\\n\\u0000"}',
      '{"port":2,"n":1e999,"m":-0.0e-7,"i":123456789012345678901234567890}',
      `{"port":3,"deep":${"[".repeat(15)}${"]".repeat(15)}}`,
      `{"port":4,"long":"${"l".repeat(30_000)}"}`,
      '{"port":5,"":"","\\"":{},"a b":[null,true,false]}',
      '{"port":6,"address":"6.6.6.6","name":"<script>"}',
    ];
    await sendUpdates(catalog.port, unusual);
    for (const port of [1, 2, 3, 4, 5, 6]) {
      await untilListed(catalog.port, 1, (record) => record["port"] === port);
    }
    const host = `127.0.0.1:${catalog.port}`;
    const { stdout } = await run(["catalog_query", "--catalog", host, "--where", "port>0"]);
    assert.equal(stdout.match(/"address":"127\.0\.0\.1"/g)?.length, 6, stdout);
  },
);
