import assert from "assert";
import fc from "fast-check";
import {
  encodeGoodbye,
  encodeRecord,
  type ServerFacts,
} from "../../../lib/catalog/record/server_record.ts";
import { MAX_ANNOUNCEMENT_BYTES } from "../../../lib/base/limits.ts";

const facts: ServerFacts = {
  project: "me-a4-x",
  owner: "me",
  port: 4_321,
  version: "0.1.0",
  instance: "1f0c",
  lifetimeS: 300,
  startTimeS: 1_700_000_000,
  clients: 2,
  size: 10,
  durability: "always",
  requiresToken: false,
  protocol: 1,
};

function test(name: string, fn: () => void): void {
  const fullName = name.startsWith("fault: ") ? name : `announcement: ${name}`;
  Deno.test({ name: fullName, permissions: "none", fn });
}

test("holds what clients look for, with an integer port, and nothing of the catalog's", () => {
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

test("says that it speaks TLS, and nothing where it does not", () => {
  assert.equal(JSON.parse(encodeRecord({ ...facts, tls: true })).tls, true);
  for (const tls of [{ tls: false }, {}]) {
    assert.equal("tls" in JSON.parse(encodeRecord({ ...facts, ...tls })), false);
  }
});

test("sends the advertised port and host", () => {
  const record = JSON.parse(
    encodeRecord({ ...facts, advertise: { hostname: "h.test", port: 80 } }),
  );
  assert.equal(record.port, 80);
  assert.equal(record.advertise, "h.test");
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

test("leaves addresses out rather than be too long, the last ones first", () => {
  const long = { ...facts, project: "p".repeat(128), owner: "o".repeat(128) };
  const addresses = Array.from({ length: 8 }, (_, i) => `${i}${"a".repeat(150)}`);
  const text = encodeRecord(long, addresses);
  assert.ok(text.length <= MAX_ANNOUNCEMENT_BYTES);
  const sent = JSON.parse(text).addresses;
  assert.ok(sent.length > 0 && sent.length < 8);
  assert.deepEqual(sent, addresses.slice(0, sent.length));
});

test("throws a sentence for what the catalog would mangle, or what does not fit", () => {
  assert.throws(
    () => encodeRecord({ ...facts, owner: "m\u00e9" }),
    /owner: it must be printable ASCII/,
  );
  assert.throws(() => encodeRecord({ ...facts, port: 0 }), /port: it must be an integer from 1/);
  assert.throws(() => encodeRecord({ ...facts, size: 1.5 }), /size: it must be an integer/);
  assert.throws(() => encodeRecord({ ...facts, owner: "o".repeat(1_200) }), /at most 1199 bytes/);
});

test("is ASCII and bounded for any valid names and any addresses", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}$/);
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(fc.property(name, name, fc.array(address), (project, owner, addresses) => {
    const text = encodeRecord({ ...facts, project, owner }, addresses);
    assert.match(text, /^[\x20-\x7e]*$/);
    assert.ok(text.length <= MAX_ANNOUNCEMENT_BYTES);
    assert.equal(JSON.parse(text).project, project);
  }));
});
