/** Tests the record that a server sends. */
import assert from "assert";
import fc from "fast-check";
import {
  decodeRecord,
  encodeGoodbye,
  encodeRecord,
  type ServerFacts,
} from "../../../lib/catalog/record/server_record.ts";
import { serverFacts } from "../records.ts";
import { MAX_ANNOUNCEMENT_BYTES } from "../../../lib/base/limits.ts";

const facts = serverFacts();

function test(name: string, fn: () => void): void {
  const fullName = name.startsWith("fault: ") ? name : `server record: ${name}`;
  Deno.test({ name: fullName, permissions: "none", fn });
}

test("has the members that clients read, and none that the catalog adds", () => {
  const record = JSON.parse(encodeRecord(facts, ["192.0.2.7"]));
  assert.equal(record.type, "hashtable");
  assert.equal(record.owner, "me");
  assert.equal(record.port, 4_321);
  assert.equal(record.project, "me-a4-x");
  assert.equal(record.lifetime, 300);
  assert.equal(record.requires_token, false);
  assert.deepEqual(record.addresses, ["192.0.2.7"]);
  assert.equal("table" in record, false);
  assert.equal(JSON.parse(encodeRecord({ ...facts, table: "5e-1" })).table, "5e-1");
  assert.equal("advertise" in record, false);
  for (const added of ["address", "lastheardfrom", "name"]) assert.equal(added in record, false);
});

test("has `tls` only if the server accepts TLS", () => {
  assert.equal(JSON.parse(encodeRecord({ ...facts, tls: true })).tls, true);
  for (const tls of [{ tls: false }, {}]) {
    assert.equal("tls" in JSON.parse(encodeRecord({ ...facts, ...tls })), false);
  }
});

test("has `shared` only if several servers may serve the table, and so does the decoded record", () => {
  const decoded = (changes: Partial<ServerFacts>, added: Record<string, unknown> = {}) => {
    const members = { ...JSON.parse(encodeRecord({ ...facts, ...changes })), ...added };
    const texts = Object.entries({ address: "192.0.2.7", ...members })
      .map(([name, value]) => [name, JSON.stringify(value)] as const);
    return decodeRecord(new Map(texts));
  };
  assert.equal(decoded({ table: "t", shared: true })?.sharedTable, "t");
  for (const changes of [{ table: "t" }, { table: "t", shared: false }, { shared: true }]) {
    const record = decoded(changes);
    assert.ok(record && !("sharedTable" in record), JSON.stringify(changes));
  }
  assert.equal(
    "shared" in JSON.parse(encodeRecord({ ...facts, table: "t", shared: false })),
    false,
  );
  for (const shared of [1, "true", null]) {
    assert.equal(decoded({ table: "t" }, { shared })?.sharedTable, undefined);
  }
  assert.equal(decoded({ shared: true }, { table: 7 })?.sharedTable, undefined);
});

test("fault: `--advertise HOST:PORT` with port forwarding: the listening port is published as well", () => {
  const record = (advertise: { hostname: string; port?: number }) =>
    JSON.parse(encodeRecord({ ...facts, advertise }));
  assert.equal(record({ hostname: "h.test", port: 80 }).listen_port, 4_321);
  assert.equal("listen_port" in record({ hostname: "h.test", port: 4_321 }), false);
  assert.equal("listen_port" in record({ hostname: "h.test" }), false);
  assert.equal("listen_port" in JSON.parse(encodeRecord(facts)), false);
});

test("a goodbye is the same record with a lifetime of 1 s", () => {
  assert.deepEqual(JSON.parse(encodeGoodbye(facts)), {
    ...JSON.parse(encodeRecord(facts)),
    lifetime: 1,
  });
});

test("leaves out the last addresses if it is too long", () => {
  const long = { ...facts, project: "p".repeat(128), owner: "o".repeat(128) };
  const addresses = Array.from({ length: 8 }, (_, i) => `${i}${"a".repeat(150)}`);
  const text = encodeRecord(long, addresses);
  assert.ok(text.length <= MAX_ANNOUNCEMENT_BYTES);
  const sent = JSON.parse(text).addresses;
  assert.ok(sent.length > 0 && sent.length < 8);
  assert.deepEqual(sent, addresses.slice(0, sent.length));
});

test("rejects values that a catalog would damage, and records that are too long", () => {
  assert.throws(
    () => encodeRecord({ ...facts, owner: "m\u00e9" }),
    /owner: it must be printable ASCII/,
  );
  assert.throws(() => encodeRecord({ ...facts, port: 0 }), /port: it must be an integer from 1/);
  assert.throws(() => encodeRecord({ ...facts, size: 1.5 }), /size: it must be an integer/);
  assert.throws(() => encodeRecord({ ...facts, owner: "o".repeat(1_200) }), /at most 1199 bytes/);
});

test("is ASCII and short enough for any valid names and addresses", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}$/);
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(fc.property(name, name, fc.array(address), (project, owner, addresses) => {
    const text = encodeRecord({ ...facts, project, owner }, addresses);
    assert.match(text, /^[\x20-\x7e]*$/);
    assert.ok(text.length <= MAX_ANNOUNCEMENT_BYTES);
    assert.equal(JSON.parse(text).project, project);
  }));
});
