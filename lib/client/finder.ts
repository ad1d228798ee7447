/**
 * The finders of a client's server: by its name, at its address, or first at the address of a recent
 * connection.
 */
import type { Address } from "../base/address.ts";
import { sleep } from "../base/clock.ts";
import type { Resolver } from "../catalog/resolve/resolver.ts";
import { differentTableError, findServer } from "./discovery.ts";
import { DifferentTableError, ServerNotFoundError, TlsError, WrongServerError } from "./errors.ts";
import { type ConnectedServer, connectServer, type Credentials } from "./handshake.ts";
import { pauseAfter } from "./retry.ts";
import { tableDifference, type TableIdentity } from "./server_identity.ts";

/**
 * Finds the server and connects to it, until the signal is aborted.
 *
 * @param known the table that the server must have; undefined: any
 */
export type Finder = (
  signal: AbortSignal,
  known: TableIdentity | undefined,
) => Promise<ConnectedServer>;

/** Makes a finder that looks the name up in the catalogs, each time. */
export function finderByName(
  resolver: Resolver,
  project: string,
  credentials: Credentials,
  warn: (message: string) => void,
): Finder {
  return (signal, known) => findServer({ resolver, project, credentials, known, signal, warn });
}

/**
 * Makes a finder that tries an address once, and then works as another finder.
 *
 * @param at the address; undefined: none
 */
export function finderFirstAt(
  at: Address | undefined,
  credentials: Credentials,
  find: Finder,
): Finder {
  let next = at;
  return async (signal, known) => {
    const address = next;
    next = undefined;
    if (address) {
      try {
        return await connectKnown(address, credentials, signal, known);
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

/** Makes a finder that tries one address again, with growing pauses. */
export function finderAtAddress(
  address: Address,
  credentials: Credentials,
  warn: (message: string) => void,
): Finder {
  return async (signal, known) => {
    for (let failures = 0;;) {
      try {
        return await connectKnown(address, credentials, signal, known);
      } catch (error) {
        if (!(error instanceof ServerNotFoundError)) throw error;
        if (++failures === 1) warn(`${error.message}; trying again`);
        if (!(await sleep(pauseAfter(failures), signal))) throw error;
      }
    }
  };
}

/** Connects as `connectServer` does; fails if the server does not have the known table. */
async function connectKnown(
  address: Address,
  credentials: Credentials,
  signal: AbortSignal,
  known: TableIdentity | undefined,
): Promise<ConnectedServer> {
  const server = await connectServer(address, credentials, signal);
  if (tableDifference(server, known) === undefined) return server;
  await server.connection.close();
  throw differentTableError("the server", server, known);
}
