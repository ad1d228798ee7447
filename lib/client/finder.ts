/** The ways to the server of a client: by its name, at its address, or first where it was. */
import type { Address } from "../base/address.ts";
import { sleep } from "../base/clock.ts";
import type { Resolver } from "../catalog/resolve/resolver.ts";
import { DifferentTableError, ServerNotFoundError, TlsError, WrongServerError } from "./errors.ts";
import { differentTable, findServer } from "./discovery.ts";
import { type Credentials, type Found, shakeHands } from "./handshake.ts";
import { pauseAfter } from "./retry.ts";
import { tableDifference, type TableIdentity } from "./server_identity.ts";

/** Finds the server with a known table, if there is one, until the signal is aborted. */
export type Finder = (signal: AbortSignal, known: TableIdentity | undefined) => Promise<Found>;

/** Looks for the name in the catalogs, each time. */
export function byName(
  resolver: Resolver,
  project: string,
  credentials: Credentials,
  warn: (message: string) => void,
): Finder {
  return (signal, known) => findServer({ resolver, project, credentials, known, signal, warn });
}

/** As `find`, but the first time a server is looked for at `at`, where that is given. */
export function firstAt(at: Address | undefined, credentials: Credentials, find: Finder): Finder {
  let next = at;
  return async (signal, known) => {
    const address = next;
    next = undefined;
    if (address) {
      try {
        return await handshakeWith(address, credentials, signal, known);
      } catch (error) {
        const isElsewhere = error instanceof ServerNotFoundError ||
          error instanceof WrongServerError || error instanceof TlsError ||
          error instanceof DifferentTableError;
        if (!isElsewhere) throw error;
      }
    }
    return await find(signal, known);
  };
}

/** As `findServer` for a known address: tries again with growing pauses until the time is up. */
export function atAddress(
  address: Address,
  credentials: Credentials,
  warn: (message: string) => void,
): Finder {
  return async (signal, known) => {
    for (let failures = 0;;) {
      try {
        return await handshakeWith(address, credentials, signal, known);
      } catch (error) {
        if (!(error instanceof ServerNotFoundError)) throw error;
        if (++failures === 1) warn(`${error.message}; trying again`);
        if (!(await sleep(pauseAfter(failures), signal))) throw error;
      }
    }
  };
}

/** As `shakeHands`. @throws {DifferentTableError} if the server does not have the known table */
async function handshakeWith(
  address: Address,
  credentials: Credentials,
  signal: AbortSignal,
  known: TableIdentity | undefined,
): Promise<Found> {
  const found = await shakeHands(address, credentials, signal);
  if (tableDifference(found, known) === undefined) return found;
  await found.link.close();
  throw differentTable("the server", found, known);
}
