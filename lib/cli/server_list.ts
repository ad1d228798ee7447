/** `htclient --list`: the hash tables that the catalogs know. */
import { addressText } from "../base/address.ts";
import { unixSeconds } from "../base/clock.ts";
import { columns } from "../base/columns.ts";
import { MAX_SHOWN_SERVERS } from "../base/limits.ts";
import { ServerNotFoundError } from "../client/errors.ts";
import type { ServerRecord } from "../catalog/listing.ts";
import { candidateAddresses, type Resolver } from "../catalog/resolver.ts";

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
  const rows = servers.slice(0, MAX_SHOWN_SERVERS).map((server) => {
    const [address] = candidateAddresses(server);
    const ageS = Math.max(0, unixSeconds() - server.lastheardfrom);
    return [
      server.project,
      server.owner,
      address ? addressText(address) : "",
      `${ageS} s`,
      needsOf(server),
    ];
  });
  const list = columns([["NAME", "OWNER", "ADDRESS", "AGE", "NEEDS"], ...rows], new Set([3]));
  const more = servers.length - rows.length;
  return more > 0
    ? `${list}
and ${more} more`
    : list;
}

/** What a client must have to be let in. */
function needsOf({ tls, requiresToken }: ServerRecord): string {
  return [...(tls ? ["tls"] : []), ...(requiresToken ? ["token"] : [])].join(" ");
}
