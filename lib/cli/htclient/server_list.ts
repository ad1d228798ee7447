/** `htclient --list`: the hash tables that the catalogs know. */
import { addressText } from "../../base/address.ts";
import { unixSeconds } from "../../base/clock.ts";
import { columns } from "../../terminal/columns.ts";
import { MAX_SHOWN_SERVERS } from "../../base/limits.ts";
import { ServerNotFoundError } from "../../client/errors.ts";
import type { ServerRecord } from "../../catalog/record/server_record.ts";
import { candidateAddresses, type Resolver } from "../../catalog/resolve/resolver.ts";

/**
 * Gives the list as lines for a terminal.
 *
 * @throws {ServerNotFoundError} where no catalog answers
 */
export async function serverList(resolver: Resolver, signal: AbortSignal): Promise<string> {
  const { servers, answered, failed } = await resolver.listAll(signal);
  if (answered.length === 0) {
    const reasons = failed.map(({ catalog, reason }) => `${addressText(catalog)}: ${reason}`);
    throw new ServerNotFoundError(
      `No catalog is in reach (${
        reasons.join("; ")
      }); start a server or an htcatalog here, or name another catalog with --catalog`,
    );
  }
  if (servers.length === 0) {
    return `No hash tables in ${answered.map(addressText).join(", ")}`;
  }
  const byServer = [...Map.groupBy(servers, serverOf).values()];
  const rows = byServer.slice(0, MAX_SHOWN_SERVERS).map((records) => {
    const [newest] = records.toSorted((a, b) => b.lastheardfrom - a.lastheardfrom);
    if (newest === undefined) return [];
    const ageS = Math.max(0, unixSeconds() - newest.lastheardfrom);
    return [
      newest.project,
      newest.owner,
      placesOf(records),
      `${ageS} s`,
      needsOf(newest),
    ];
  });
  const list = columns([["NAME", "OWNER", "ADDRESS", "AGE", "NEEDS"], ...rows], new Set([3]));
  const more = byServer.length - rows.length;
  return more > 0
    ? `${list}
and ${more} more`
    : list;
}

/** Addresses of one server that are shown; of further ones, how many there are. */
const MAX_SHOWN_PLACES = 3;

/**
 * What is the same for all records of one server: catalogs that see it by several addresses list it
 * several times.
 */
function serverOf({ project, instance, address, port }: ServerRecord): string {
  return instance === undefined ? `${project} at ${address} ${port}` : `${project} is ${instance}`;
}

/** Where the catalogs list a server: all places, since any of them may be a false claim. */
function placesOf(records: readonly ServerRecord[]): string {
  const places = new Set(
    records.flatMap((record) => candidateAddresses(record).slice(0, 1).map(addressText)),
  );
  const shown = [...places].slice(0, MAX_SHOWN_PLACES);
  const more = places.size - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** What a client must have to be let in. */
function needsOf({ tls, requiresToken }: ServerRecord): string {
  return [...(tls ? ["tls"] : []), ...(requiresToken ? ["token"] : [])].join(" ");
}
