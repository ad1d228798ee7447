/** Tests the check for a name conflict: another live server of the same name. */
import assert from "assert";
import type { ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { findNameConflict } from "../../../lib/catalog/announce/name_conflict.ts";
import { testWithCertificates } from "../../helpers/certificates.ts";
import { serverRecord } from "../records.ts";
import { FakeServer } from "../../client/fake_server.ts";
import { SharedTable } from "../../client/shared_servers.ts";
import { startServer } from "../../helpers/server.ts";

const never = new AbortController().signal;

function record(port: number, fields: Partial<ServerRecord> = {}): ServerRecord {
  return serverRecord({
    project: "test-a4",
    owner: "tester",
    address: "127.0.0.1",
    port,
    ...fields,
  });
}

const self = { project: "test-a4", instance: "mine", ports: [1], sharedTable: undefined };

/** A port on which nothing listens. */
const CLOSED_PORT = 1;

Deno.test("name conflict: a server that replies to hello with the name and another instance", async () => {
  await using other = startServer();
  const records = [record(CLOSED_PORT), record(other.port)];
  assert.deepEqual(await findNameConflict(records, self, never), {
    address: { hostname: "127.0.0.1", port: other.port },
    instance: other.server.info.instance,
    owner: "tester",
    isCertain: true,
  });
});

Deno.test("name conflict: not this server itself, a server of another name, or a stale record", async () => {
  await using itself = startServer();
  await using other = startServer({ project: "other-a4" });
  const records = [record(itself.port), record(other.port), record(CLOSED_PORT)];
  const own = {
    project: "test-a4",
    instance: itself.server.info.instance,
    ports: [itself.port],
    sharedTable: undefined,
  };
  assert.equal(await findNameConflict(records, own, never), undefined);
  assert.equal(await findNameConflict([], own, never), undefined);
});

Deno.test("name conflict: only likely if the server needs a token, and not at its own port", async () => {
  await using other = startServer({}, "a token of the other server");
  const listed = record(other.port, { requiresToken: true, owner: "me" });
  const found = await findNameConflict([listed], self, never);
  assert.deepEqual([found?.isCertain, found?.owner], [false, "me"]);
  assert.equal(
    await findNameConflict([listed], { ...self, ports: [undefined, other.port] }, never),
    undefined,
  );
  assert.equal(await findNameConflict([record(other.port)], self, never), undefined);
  // A server that replies with the name counts more, also if it replies last.
  await using open = startServer();
  const both = await findNameConflict([listed, record(open.port)], self, never);
  assert.equal(both?.isCertain, true);
});

Deno.test("name conflict: not a server that shares the table of this one", async () => {
  const table = new SharedTable();
  await using other = table.serve("test-a4");
  const found = (sharedTable: string | undefined, fields: Partial<ServerRecord> = {}) =>
    findNameConflict([record(other.port, fields)], { ...self, sharedTable }, never);
  assert.equal(await found(table.id), undefined);
  assert.equal((await found("another table"))?.isCertain, true);
  assert.equal((await found(undefined))?.isCertain, true, "this server shares no table");
  // The record is not trusted, only the reply.
  const lie = { sharedTable: "another table" };
  assert.equal((await found("another table", lie))?.isCertain, true);
  await using copy = new FakeServer({
    hello: () => ({ project: "test-a4", instance: "copy", table: table.id }),
  });
  const copied = await findNameConflict(
    [record(copy.port)],
    { ...self, sharedTable: table.id },
    never,
  );
  assert.equal(copied?.isCertain, true, "the other server does not share it");
});

Deno.test("name conflict: not likely with a token if the record has the same shared table", async () => {
  await using other = startServer({}, "a token of the other server");
  const found = (sharedTable?: string, own?: string) =>
    findNameConflict(
      [record(other.port, {
        requiresToken: true,
        ...(sharedTable !== undefined && { sharedTable }),
      })],
      { ...self, sharedTable: own },
      never,
    );
  assert.equal(await found("t", "t"), undefined);
  assert.equal((await found("t", "u"))?.isCertain, false);
  assert.equal((await found("t"))?.isCertain, false);
  assert.equal((await found())?.isCertain, false);
});

Deno.test("name conflict: not a silent server, or one with another reply", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const connection = await other.accept();
    await connection.write(new TextEncoder().encode('{"status":"OK","result":[1]}\n'));
    connection.close();
  })();
  const records = [record(silent.addr.port), record(other.addr.port)];
  assert.equal(await findNameConflict(records, self, never), undefined);
  await serving;
  assert.equal(await findNameConflict(records.slice(0, 1), self, AbortSignal.abort()), undefined);
});

testWithCertificates(
  "name conflict: a server with TLS gets hello over TLS, with any certificate",
  async (certificates) => {
    const tls = await certificates.selfSigned(["DNS:other.test"]);
    await using other = startServer({ tls });
    const found = await findNameConflict([record(other.port, { tls: true })], self, never);
    assert.equal(found?.instance, other.server.info.instance);
  },
);
