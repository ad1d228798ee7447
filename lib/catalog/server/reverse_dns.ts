/**
 * The name of a host by its address, as the system finds it. A file of its own: a hash table server
 * has a catalog without it, and starts sooner.
 */
import { lookupService } from "node:dns";

/** Asks the system; see `NameLookup`. */
export function reverseLookup(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    try {
      lookupService(address, 0, (error, name) => {
        if (!error) return resolve(isHostName(name) ? name : address);
        resolve(error.code === "ENOTFOUND" ? address : undefined);
      });
    } catch {
      resolve(undefined); // not an address as the system writes it, such as one with a zone
    }
  });
}

/** The owner of an address can give it any text as its name. */
function isHostName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/.test(text);
}
