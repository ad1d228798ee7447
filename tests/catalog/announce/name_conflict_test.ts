/** Proves which servers count as another live one of the same name. */
import assert from "assert";
import type { ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { findNameConflict } from "../../../lib/catalog/announce/name_conflict.ts";
import { Certificates, OPENSSL } from "../../helpers/certificates.ts";
import { testWith } from "../../helpers/needs.ts";
import { startServer } from "../../helpers/server.ts";

const never = new AbortController().signal;

function record(port: number, fields: Partial<ServerRecord> = {}): ServerRecord {
  return {
    project: "test-a4",
    owner: "tester",
    address: "127.0.0.1",
    name: "localhost",
    port,
    lastheardfrom: 0,
    lifetime: 300,
    addresses: [],
    requiresToken: false,
    ...fields,
  };
}

const self = { project: "test-a4", instance: "mine", ports: [1] };

/** A port on which nothing listens. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("other server: one that answers hello with the name and another instance", async () => {
  await using other = startServer();
  const records = [record(closedPort()), record(other.port)];
  assert.deepEqual(await findNameConflict(records, self, never), {
    address: { hostname: "127.0.0.1", port: other.port },
    instance: other.server.info.instance,
    owner: "tester",
    isCertain: true,
  });
});

Deno.test("other server: not this one itself, not one of another name, not a stale record", async () => {
  await using itself = startServer();
  await using other = startServer({ project: "other-a4" });
  const records = [record(itself.port), record(other.port), record(closedPort())];
  const own = { project: "test-a4", instance: itself.server.info.instance, ports: [itself.port] };
  assert.equal(await findNameConflict(records, own, never), undefined);
  assert.equal(await findNameConflict([], own, never), undefined);
});

Deno.test("other server: one that needs a token may be another one, but not at the own port", async () => {
  await using other = startServer({}, "a token of the other server");
  const listed = record(other.port, { requiresToken: true, owner: "me" });
  const found = await findNameConflict([listed], self, never);
  assert.deepEqual([found?.isCertain, found?.owner], [false, "me"]);
  assert.equal(
    await findNameConflict([listed], { ...self, ports: [undefined, other.port] }, never),
    undefined,
  );
  assert.equal(await findNameConflict([record(other.port)], self, never), undefined);
  // One that answers with the name counts more, whichever answers first.
  await using open = startServer();
  const both = await findNameConflict([listed, record(open.port)], self, never);
  assert.equal(both?.isCertain, true);
});

Deno.test("other server: one that is silent, or answers anything else, is none", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using odd = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const connection = await odd.accept();
    await connection.write(new TextEncoder().encode('{"status":"OK","result":[1]}\n'));
    connection.close();
  })();
  const records = [record(silent.addr.port), record(odd.addr.port)];
  assert.equal(await findNameConflict(records, self, never), undefined);
  await serving;
  assert.equal(await findNameConflict(records.slice(0, 1), self, AbortSignal.abort()), undefined);
});

testWith(
  OPENSSL,
  "other server: one with TLS is asked by TLS, whatever its certificate",
  async () => {
    await using certificates = await Certificates.inFolder();
    const tls = await certificates.selfSigned(["DNS:other.test"]);
    await using other = startServer({ tls });
    const found = await findNameConflict([record(other.port, { tls: true })], self, never);
    assert.equal(found?.instance, other.server.info.instance);
  },
);
