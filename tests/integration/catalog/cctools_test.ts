/** Tests our catalog with the clients of cctools; `discovery_test.ts` has their catalog. */
import assert from "assert";
import { sendUpdates, startCatalogServer, untilListed } from "../../catalog/catalog_client.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { testWith } from "../../helpers/needs.ts";
import { run } from "../../../bench/harness/program.ts";

testWith(
  ["catalog_update", "catalog_query"],
  "cctools: catalog_update and catalog_query work with our catalog",
  async () => {
    await using folder = await TempFolder.make();
    await using catalog = startCatalogServer({ tcpUpdates: true });
    const host = `127.0.0.1:${catalog.port}`;
    const update = async (project: string, env: Record<string, string>) => {
      const file = `${folder.path}/${project}.json`;
      const record = { type: "hashtable", project, port: project.length };
      await Deno.writeTextFile(file, JSON.stringify(record));
      await run(["catalog_update", "--catalog", host, "--file", file], { env });
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
    await using catalog = startCatalogServer();
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
