/**
 * The list of `htclient --list`: the hash tables in the catalogs. A table that several servers share has a
 * row for each of them, and its name only in the first one.
 */
import { addressText } from "../../base/address.ts";
import { unixSeconds } from "../../base/clock.ts";
import { columns } from "../../terminal/columns.ts";
import { MAX_SHOWN_SERVERS } from "../../base/limits.ts";
import { ServerNotFoundError } from "../../client/errors.ts";
import type { ServerRecord } from "../../catalog/record/server_record.ts";
import { candidateAddresses } from "../../catalog/resolve/candidates.ts";
import type { Resolver } from "../../catalog/resolve/resolver.ts";

/**
 * Formats the list as lines for a terminal.
 *
 * @throws {ServerNotFoundError} if no catalog replies
 */
export async function serverList(resolver: Resolver, signal: AbortSignal): Promise<string> {
  const { servers, answered, failed } = await resolver.listAll(signal);
  if (answered.length === 0) {
    const reasons = failed.map(({ catalog, reason }) => `${addressText(catalog)}: ${reason}`);
    throw new ServerNotFoundError(
      `No catalog has a list of servers (${
        reasons.join("; ")
      }); start a server or an htcatalog here, or name another catalog with --catalog`,
    );
  }
  if (servers.length === 0) {
    return `No hash tables in ${answered.map(addressText).join(", ")}`;
  }
  const byServer = Map.groupBy(servers, serverOf).values();
  const all = [...Map.groupBy([...byServer].map(newestFirst), tableOf).values()].flatMap((
    sharing,
  ) => sharing.map((records, at) => rowOf(records, at === 0 ? undefined : sharing[0])));
  const rows = all.slice(0, MAX_SHOWN_SERVERS);
  const list = columns([["NAME", "OWNER", "ADDRESS", "AGE", "NEEDS"], ...rows], new Set([3]));
  const more = all.length - rows.length;
  return more > 0
    ? `${list}
and ${more} more`
    : list;
}

/** The records of one server, the newest first. */
type ServerRecords = readonly [ServerRecord, ...ServerRecord[]];

function newestFirst(records: readonly ServerRecord[]): ServerRecords {
  const [newest, ...others] = records.toSorted((a, b) => b.lastheardfrom - a.lastheardfrom);
  if (newest === undefined) throw new RangeError("A server has at least one record");
  return [newest, ...others];
}

/**
 * Formats the row of a server.
 *
 * @param first the server in the first row of the same shared table, which has the name; undefined: this
 */
function rowOf(records: ServerRecords, first: ServerRecords | undefined): string[] {
  const [newest] = records;
  const ageS = Math.max(0, unixSeconds() - newest.lastheardfrom);
  return [
    first === undefined ? newest.project : "",
    first?.[0].owner === newest.owner ? "" : newest.owner,
    addressesOf(records),
    `${ageS} s`,
    needsOf(newest),
  ];
}

/** Maximum number of addresses of one server in the list; the number of further ones follows. */
const MAX_SHOWN_ADDRESSES = 3;

/** The identity of a server. A catalog may list one server several times, once for each address. */
function serverOf({ project, instance, address, port }: ServerRecord): string {
  return instance === undefined ? `${project} at ${address} ${port}` : `${project} is ${instance}`;
}

/** The identity of the table of a server, by its newest record. */
function tableOf([newest]: ServerRecords): string {
  const { project, sharedTable } = newest;
  // No text of a record contains a line end.
  return sharedTable === undefined ? serverOf(newest) : `${project}\n${sharedTable}`;
}

/** The addresses of a server: all of them, because each may be a false claim. */
function addressesOf(records: readonly ServerRecord[]): string {
  const addresses = new Set(
    records.flatMap((record) => candidateAddresses(record).slice(0, 1).map(addressText)),
  );
  const shown = [...addresses].slice(0, MAX_SHOWN_ADDRESSES);
  const more = addresses.size - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** The requirements of a server on its clients. */
function needsOf({ tls, requiresToken }: ServerRecord): string {
  return [...(tls ? ["tls"] : []), ...(requiresToken ? ["token"] : [])].join(" ");
}
