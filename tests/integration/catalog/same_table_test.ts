/** Tests with real servers that a client continues with its own table only, also after a restart. */
import assert from "assert";
import * as ht from "../../../client.ts";
import { ListingCatalog } from "../../client/listing_catalog.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { ALONE_ON_DISK, fromSource, Program, run } from "../../../bench/harness/program.ts";

const NAME = "same-a4";

function startServer(port: number, ...flags: string[]): Program {
  return new Program(
    fromSource("server.ts", NAME, ...ALONE_ON_DISK, "--port", String(port), ...flags),
  );
}

async function kill(server: Program): Promise<void> {
  server.kill("SIGKILL");
  await server.exitCode();
}

Deno.test("after a crash a client continues with the restored table, and with no other", async () => {
  await using folder = await TempFolder.make();
  const data = ["--data", `${folder.path}/a`];
  await using first = startServer(0, ...data);
  const port = await first.port();
  const client = await ht.HtClient.connect(`127.0.0.1:${port}`);
  try {
    await client.insert("k", 1);
    const { table, seq } = client.table ?? assert.fail("the client does not know its table");
    await kill(first);
    await using second = startServer(port, ...data);
    await client.insert("k", 2);
    assert.deepEqual(client.table?.table, table);
    assert.ok((client.table?.seq ?? 0) > seq, "the insert is durable");
    await kill(second);
    await using other = startServer(port, "--data", `${folder.path}/b`);
    await other.port();
    await assert.rejects(client.insert("k", 3), {
      name: "DifferentTableError",
      message: /another table/,
    });
    client.forgetTable();
    await assert.rejects(client.lookup("k"), ht.KeyError);
  } finally {
    await client.close();
  }
});

Deno.test("if two servers have one name, all clients use the one that has run longer", async () => {
  await using old = startServer(0, "--memory");
  const oldPort = await old.port();
  await using young = startServer(0, "--memory");
  const youngPort = await young.port();
  await using catalog = new ListingCatalog();
  const flags = ["--catalog", `127.0.0.1:${catalog.address.port}`, "--local-catalog", "off"];
  const htclient = (...words: string[]) => run(fromSource("client.ts", ...flags, NAME, ...words));
  const records = [oldPort, youngPort].map((port) => ({ project: NAME, port }));
  catalog.records = records;
  const insert = await htclient("insert", "k", "1");
  assert.equal(insert.code, 0, insert.stderr);
  assert.match(insert.stderr, /^Two live servers are named 'same-a4': using /);
  for (let round = 0; round < 4; round++) {
    catalog.records = round % 2 === 0 ? records.toReversed() : records;
    const lookup = await htclient("lookup", "k");
    assert.deepEqual([lookup.code, lookup.stdout], [0, "1\n"], lookup.stderr);
  }
});
