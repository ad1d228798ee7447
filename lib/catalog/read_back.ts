/** Whether a server is visible in the catalogs that it announces itself to, and what to say about it. */
import { type Address, addressText } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import type { CatalogQuery } from "./catalog_query.ts";

/** What one catalog showed. */
export type Visibility =
  | { readonly catalog: Address; readonly state: "visible" | "missing" }
  | { readonly catalog: Address; readonly state: "unreachable"; readonly reason: string };

/** A sentence for the log. */
export interface Finding {
  readonly level: "info" | "warn";
  readonly message: string;
}

/**
 * Looks for a server's own record in each catalog, all at once.
 *
 * @param instance the server's, by which it knows its own record
 * @param signal calls it off; catalogs without an answer then count as unreachable
 */
export function readBack(
  catalogs: readonly Address[],
  instance: string,
  query: CatalogQuery,
  signal: AbortSignal,
): Promise<Visibility[]> {
  return Promise.all(catalogs.map(async (catalog): Promise<Visibility> => {
    try {
      const records = await query(catalog, signal, (record) => record.instance === instance);
      const visible = records.some((record) => record.instance === instance);
      return { catalog, state: visible ? "visible" : "missing" };
    } catch (error) {
      return { catalog, state: "unreachable", reason: messageOf(error) };
    }
  }));
}

/**
 * What to tell the person who started the server.
 *
 * @param seen what the catalogs showed
 * @param sendFailures why no update could be sent, by `addressText` of the catalog
 * @param intervalS seconds between two updates
 * @param hasLocalCatalog whether clients on this machine find the server all the same
 */
export function findings(
  seen: readonly Visibility[],
  sendFailures: ReadonlyMap<string, string>,
  intervalS: number,
  hasLocalCatalog: boolean,
): Finding[] {
  const reached = seen.filter((one) => one.state !== "unreachable");
  if (reached.length === 0) return [outOfReach(seen, intervalS, hasLocalCatalog)];
  return seen.map((one): Finding => {
    const catalog = addressText(one.catalog);
    if (one.state === "visible") {
      return { level: "info", message: `Listed in the catalog ${catalog}` };
    }
    if (one.state === "unreachable") {
      return {
        level: "warn",
        message:
          `Catalog ${catalog} is out of reach: ${one.reason}; updates go on every ${intervalS} s`,
      };
    }
    const sendFailure = sendFailures.get(catalog);
    const because = sendFailure
      ? `because no update could be sent: ${sendFailure}`
      : `because the update by UDP was lost or blocked: let UDP to port ${one.catalog.port} through, or name another catalog`;
    return { level: "warn", message: `Not visible in the catalog ${catalog}, ${because}` };
  });
}

function outOfReach(
  seen: readonly Visibility[],
  intervalS: number,
  hasLocalCatalog: boolean,
): Finding {
  const reasons = seen.map((one) =>
    addressText(one.catalog) + (one.state === "unreachable" ? `: ${one.reason}` : "")
  );
  const consequence = hasLocalCatalog
    ? "clients on this machine find this server all the same"
    : "clients find this server by HOST:PORT only";
  return {
    level: "info",
    message: `No catalog is in reach (${
      reasons.join("; ")
    }); ${consequence}, and updates go on every ${intervalS} s`,
  };
}
