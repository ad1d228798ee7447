/** Tests the order in which a client tries servers, and their addresses. */
import assert from "assert";
import { unixSeconds } from "../../../lib/base/clock.ts";
import type { ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { candidateAddresses, mergeRecords } from "../../../lib/catalog/resolve/candidates.ts";
import { serverRecord } from "../records.ts";

function test(name: string, fn: () => void): void {
  const fullName = name.startsWith("fault: ") ? name : `candidates: ${name}`;
  Deno.test({ name: fullName, permissions: "none", fn });
}

test("the advertised address, else the one that the catalog saw, then its own ones", () => {
  const hosts = (fields: Partial<ServerRecord>) =>
    candidateAddresses(serverRecord(fields)).map(({ hostname }) => hostname);
  assert.deepEqual(hosts({ addresses: ["10.0.0.1"] }), ["192.0.2.7", "10.0.0.1"]);
  assert.deepEqual(
    hosts({ advertise: "h.test", addresses: ["10.0.0.1"] }),
    ["h.test", "10.0.0.1", "192.0.2.7"],
  );
  assert.deepEqual(hosts({ addresses: ["192.0.2.7"] }), ["192.0.2.7"]);
});

test("fault: many addresses: the one that the catalog saw stays the last candidate", () => {
  const eight = Array.from({ length: 8 }, (_, at) => `10.0.0.${at}`);
  const hosts = candidateAddresses(serverRecord({ advertise: "h.test", addresses: eight }));
  assert.deepEqual(hosts.map(({ hostname }) => hostname), ["h.test", ...eight, "192.0.2.7"]);
});

test("fault: `--advertise HOST:PORT` with port forwarding: own addresses with the listening port", () => {
  const fields = { advertise: "h.test", port: 80, listenPort: 4_321, addresses: ["10.0.0.1"] };
  assert.deepEqual(candidateAddresses(serverRecord(fields)), [
    { hostname: "h.test", port: 80 },
    { hostname: "10.0.0.1", port: 4_321 },
    { hostname: "192.0.2.7", port: 4_321 },
  ]);
});

test("many false records of one catalog or one sender do not push out other servers", () => {
  const honest = serverRecord({ address: "192.0.2.1", lastheardfrom: unixSeconds() - 200 });
  const fakes = (from: (at: number) => string) =>
    Array.from({ length: 10_000 }, (_, at) => serverRecord({ address: from(at), port: 1 + at }));
  const anyAddress = fakes((at) => `198.51.${at >> 8}.${at & 255}`);
  const oneAddress = fakes(() => "198.51.100.1");
  const position = (...catalogs: readonly ServerRecord[][]) =>
    mergeRecords(catalogs).findIndex(({ address }) => address === "192.0.2.1");
  assert.ok(position(anyAddress, [honest]) <= 1);
  assert.ok(position([...oneAddress, honest], []) <= 1);
});

test("a false record of one catalog does not replace the true record of another", () => {
  const lies = [
    serverRecord({ advertise: "evil.test" }),
    serverRecord({ addresses: ["198.51.100.1"] }),
    serverRecord({ project: "other" }),
    serverRecord({ tls: true }),
  ];
  const honest = serverRecord({ lastheardfrom: unixSeconds() - 100 });
  const servers = mergeRecords([lies, [honest]]);
  assert.equal(servers.length, 5);
  assert.ok(servers.includes(honest));
});
