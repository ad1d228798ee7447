/**
 * The reverse DNS lookup of the system. The file is separate because the catalog in a hash table server
 * works without it, so that the server starts sooner.
 */
import { lookupService } from "node:dns";

/** Asks the system for the name of an address; see `ReverseLookup`. */
export function reverseLookup(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    try {
      lookupService(address, 0, (error, name) => {
        if (!error) return resolve(isHostName(name) ? name : address);
        resolve(error.code === "ENOTFOUND" ? address : undefined);
      });
    } catch {
      resolve(undefined); // the system rejects the address, for example one with a zone
    }
  });
}

/** Checks a name, because DNS can return any text. */
function isHostName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/.test(text);
}
