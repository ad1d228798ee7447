/** The list of `htclient --list`: the hash tables in the catalogs. */
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
  const byServer = [...Map.groupBy(servers, serverOf).values()];
  const rows = byServer.slice(0, MAX_SHOWN_SERVERS).map((records) => {
    const [newest] = records.toSorted((a, b) => b.lastheardfrom - a.lastheardfrom);
    if (newest === undefined) return [];
    const ageS = Math.max(0, unixSeconds() - newest.lastheardfrom);
    return [
      newest.project,
      newest.owner,
      addressesOf(records),
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

/** Maximum number of addresses of one server in the list; the number of further ones follows. */
const MAX_SHOWN_ADDRESSES = 3;

/** The identity of a server. A catalog may list one server several times, once for each address. */
function serverOf({ project, instance, address, port }: ServerRecord): string {
  return instance === undefined ? `${project} at ${address} ${port}` : `${project} is ${instance}`;
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
