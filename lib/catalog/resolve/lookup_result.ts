/** The result of a lookup in all catalogs: the servers to try, and the catalogs that failed. */
import { type Address, addressText } from "../../base/address.ts";
import type { ServerRecord } from "../record/server_record.ts";

/** A catalog that gave no answer. */
interface FailedCatalog {
  readonly catalog: Address;
  /** The cause, in a few words. */
  readonly reason: string;
}

/** The answers of all catalogs. */
export interface LookupResult {
  /** Servers whose records are not stale, without duplicates, in the order of `mergeRecords`. */
  readonly servers: readonly ServerRecord[];
  /** Catalogs that answered so far, whether or not they list the name. */
  readonly answered: readonly Address[];
  /** Catalogs that failed so far. */
  readonly failed: readonly FailedCatalog[];
}

/** Returns the message for a name that no catalog lists. */
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
