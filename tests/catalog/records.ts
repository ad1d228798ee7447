/** Records of servers for tests: the facts that a server announces, and the record in a listing. */
import { unixSeconds } from "../../lib/base/clock.ts";
import type { ServerFacts, ServerRecord } from "../../lib/catalog/record/server_record.ts";

/** Makes the facts of a server. */
export function serverFacts(fields: Partial<ServerFacts> = {}): ServerFacts {
  return {
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
    ...fields,
  };
}

/** Makes the record of a server as a catalog lists it. */
export function serverRecord(fields: Partial<ServerRecord> = {}): ServerRecord {
  return {
    project: "me-a4-x",
    owner: "me",
    address: "192.0.2.7",
    name: "host.test",
    port: 4_321,
    lastheardfrom: unixSeconds(),
    lifetime: 300,
    addresses: [],
    requiresToken: false,
    ...fields,
  };
}
