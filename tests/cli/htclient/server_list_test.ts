/** Proves the output of `htclient --list`. */
import assert from "assert";
import type { ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { Resolver } from "../../../lib/catalog/resolve/resolver.ts";
import { serverList } from "../../../lib/cli/htclient/server_list.ts";
import { serverRecord } from "../../catalog/records.ts";

const signal = new AbortController().signal;

const record = (fields: Partial<ServerRecord>) => serverRecord({ address: "192.0.2.1", ...fields });

async function rowsOf(records: readonly ServerRecord[]): Promise<string[]> {
  const catalogs = [{ hostname: "a.test", port: 1 }];
  const resolver = new Resolver({ catalogs, query: () => Promise.resolve([...records]) });
  return (await serverList(resolver, signal)).split("\n").slice(1)
    .map((line) => line.replace(/ {2,}/g, "  ").replace(/\d+ s(?= |$)/, "N s").trim());
}

Deno.test("fault: one server, two addresses: it is listed once, with both", async () => {
  const rows = await rowsOf([
    record({ instance: "one" }),
    record({ instance: "one", address: "2001:db8::1" }),
    record({ instance: "two", address: "192.0.2.2" }),
    record({ instance: "one", project: "other" }),
  ]);
  assert.deepEqual(rows.toSorted(), [
    "me-a4-x  me  192.0.2.1:4321, [2001:db8::1]:4321  N s",
    "me-a4-x  me  192.0.2.2:4321  N s",
    "other  me  192.0.2.1:4321  N s",
  ]);
});

Deno.test("server list: a shared table is listed once, with its servers", async () => {
  const rows = await rowsOf([
    record({ instance: "one", sharedTable: "t" }),
    record({ instance: "other", address: "192.0.2.9" }),
    record({ instance: "two", address: "192.0.2.2", sharedTable: "t", requiresToken: true }),
    record({ instance: "one", address: "2001:db8::1", sharedTable: "t" }),
    record({ instance: "three", address: "192.0.2.3", sharedTable: "t", owner: "you" }),
    record({ instance: "four", address: "192.0.2.4", sharedTable: "u" }),
    record({ instance: "five", project: "other", sharedTable: "t" }),
  ]);
  assert.deepEqual(rows, [
    "me-a4-x  me  192.0.2.1:4321, [2001:db8::1]:4321  N s",
    "192.0.2.2:4321  N s  token",
    "you  192.0.2.3:4321  N s",
    "me-a4-x  me  192.0.2.9:4321  N s",
    "me-a4-x  me  192.0.2.4:4321  N s",
    "other  me  192.0.2.1:4321  N s",
  ]);
});

Deno.test("server list: many addresses of one server are abbreviated", async () => {
  const many = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    .map((at) => record({ instance: "x", address: `10.0.0.${at}` }));
  assert.deepEqual(await rowsOf(many), [
    "me-a4-x  me  10.0.0.0:4321, 10.0.0.1:4321, 10.0.0.2:4321 and 6 more  N s",
  ]);
});

Deno.test("server list: records without an instance are one server if they have one address", async () => {
  assert.equal((await rowsOf([record({}), record({ address: "192.0.2.9" })])).length, 2);
});

Deno.test("server list: without a reply of a catalog, the error has the reasons", async () => {
  const resolver = new Resolver({
    catalogs: [{ hostname: "a.test", port: 1 }],
    query: () => Promise.reject(new Error("nothing listens there")),
  });
  const message = /^No catalog has a list of servers \(a\.test:1: nothing listens there\)/;
  await assert.rejects(serverList(resolver, signal), { name: "ServerNotFoundError", message });
});
