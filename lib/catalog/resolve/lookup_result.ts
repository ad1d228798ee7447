/** What catalogs gave for a name: the servers in the order in which to try them, and the failures. */
import { type Address, addressText } from "../../base/address.ts";
import type { ServerRecord } from "../record/server_record.ts";

/** A catalog that gave no answer. */
export interface FailedCatalog {
  readonly catalog: Address;
  /** Why, in a few words. */
  readonly reason: string;
}

/** What the catalogs said. */
export interface LookupResult {
  /**
   * Live by their age, each one once; in the order in which to try them: the newest of each catalog
   * and address first, so that neither one catalog nor one sender can crowd the others out.
   */
  readonly servers: readonly ServerRecord[];
  /** Catalogs that answered so far, whether or not they know the name. */
  readonly answered: readonly Address[];
  /** Catalogs that failed so far; the others were not waited for. */
  readonly failed: readonly FailedCatalog[];
}

/** What all catalogs gave, in the order of `Lookup.servers`. */
export function mergeRecords(catalogs: readonly (readonly ServerRecord[])[]): ServerRecord[] {
  const newest = new Map<string, ServerRecord>();
  for (const record of catalogs.flat()) {
    const known = newest.get(addressKey(record));
    if (!known || known.lastheardfrom < record.lastheardfrom) {
      newest.set(addressKey(record), record);
    }
  }
  const inTurns = interleave(catalogs.map(orderByAddress).sort(byNewest));
  // A place comes in its first turn, and with what is newest about it.
  return [...new Set(inTurns.map(addressKey))].flatMap((place) => newest.get(place) ?? []);
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

function interleave<T>(lists: readonly (readonly T[])[]): T[] {
  const taken: T[] = [];
  let left = lists.filter((list) => list.length > 0);
  for (let turn = 0; left.length > 0; turn++) {
    for (const list of left) taken.push(...list.slice(turn, turn + 1));
    left = left.filter((list) => list.length > turn + 1);
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
 * What makes a record another one. All ways to reach the server belong to it: a catalog that lies
 * about one of them must not take the place of one that does not.
 */
export function addressKey(record: ServerRecord): string {
  // A claim to want TLS is no reason to forget a record without one.
  return [record.project, record.tls === true, ...candidateAddresses(record).map(addressText)]
    .join(" ");
}

/**
 * Where to try to reach a server, in this order: where it asks to be reached, else where the
 * catalog saw it; then its own addresses; and at last where the catalog saw it, at any rate.
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

/** The sentence for a name that no catalog knows. */
export function notFoundMessage(project: string, { answered, failed }: LookupResult): string {
  const names = answered.map(addressText).join(", ");
  const reasons = failed.map(({ catalog, reason }) => `${addressText(catalog)}: ${reason}`);
  const unreachable = reasons.join("; ");
  if (answered.length === 0) {
    return unreachable
      ? `Cannot look up the server '${project}': no catalog is in reach (${unreachable})`
      : `Cannot look up the server '${project}': no catalog answered in time`;
  }
  const where = `the catalog${answered.length > 1 ? "s" : ""} ${names}`;
  return `No server named '${project}' in ${where}` +
    (unreachable ? ` (unreachable: ${unreachable})` : "");
}
