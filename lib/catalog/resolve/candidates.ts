/** Candidates: the servers that catalogs list for a name, in the order to try them. */
import { type Address, addressText } from "../../base/address.ts";
import type { ServerRecord } from "../record/server_record.ts";

/**
 * Merges the records of several catalogs: one for each server, the newest of each catalog and address
 * first. So neither one catalog nor one sender can push other servers to the end.
 */
export function mergeRecords(catalogs: readonly (readonly ServerRecord[])[]): ServerRecord[] {
  const newest = new Map<string, ServerRecord>();
  for (const record of catalogs.flat()) {
    const known = newest.get(addressKey(record));
    if (!known || known.lastheardfrom < record.lastheardfrom) {
      newest.set(addressKey(record), record);
    }
  }
  const inOrder = interleave(catalogs.map(orderByAddress).sort(byNewest));
  // The first position of a server counts, with its newest record.
  return [...new Set(inOrder.map(addressKey))].flatMap((key) => newest.get(key) ?? []);
}

/** The newest record of each address, then the second one of each, and so on. */
function orderByAddress(records: readonly ServerRecord[]): ServerRecord[] {
  const byAddress = new Map<string, ServerRecord[]>();
  for (const record of records.toSorted(newestFirst)) {
    const list = byAddress.get(record.address);
    if (list) list.push(record);
    else byAddress.set(record.address, [record]);
  }
  return interleave([...byAddress.values()]);
}

/** The first elements of all lists, then the second ones, and so on. */
function interleave<T>(lists: readonly (readonly T[])[]): T[] {
  const taken: T[] = [];
  let left = lists.filter((list) => list.length > 0);
  for (let round = 0; left.length > 0; round++) {
    for (const list of left) taken.push(...list.slice(round, round + 1));
    left = left.filter((list) => list.length > round + 1);
  }
  return taken;
}

function newestFirst(a: ServerRecord, b: ServerRecord): number {
  return b.lastheardfrom - a.lastheardfrom;
}

function byNewest(a: readonly ServerRecord[], b: readonly ServerRecord[]): number {
  return (b[0]?.lastheardfrom ?? -Infinity) - (a[0]?.lastheardfrom ?? -Infinity) || 0;
}

/**
 * Returns the key by which records count as the same server: the server's name, and all ways to reach
 * it. A catalog that lies about one of these cannot replace the record of another catalog.
 */
export function addressKey(record: ServerRecord): string {
  // A false claim of TLS must not replace a record without TLS.
  return [record.project, record.tls === true, ...candidateAddresses(record).map(addressText)]
    .join(" ");
}

/**
 * Returns the addresses to try for a server, in this order: the advertised one, or else the one that the
 * catalog saw; then the server's own addresses; then, always, the one that the catalog saw.
 */
export function candidateAddresses(record: ServerRecord): Address[] {
  const { advertise, address, addresses, port, listenPort = port } = record;
  const first = advertise === undefined
    ? { hostname: address, port: listenPort }
    : { hostname: advertise, port };
  const others = [...addresses, address].map((hostname) => ({ hostname, port: listenPort }));
  const once = new Map([first, ...others].map((one) => [addressText(one), one]));
  return [...once.values()];
}
