/**
 * The finders of a client's server: by its name, at its address, or first at known addresses.
 *
 * A client of a shared table keeps the addresses of all its servers that a search found. If the
 * server in use ends, the client goes on with another one at once, also if no catalog replies.
 */
import type { Address } from "../base/address.ts";
import { settlesWithin, sleep } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import type { Resolver } from "../catalog/resolve/resolver.ts";
import { differentTableError, findServer, STAGGER_MS } from "./discovery.ts";
import { DifferentTableError, ServerNotFoundError, TlsError, WrongServerError } from "./errors.ts";
import {
  type ConnectedServer,
  connectServer,
  type Credentials,
  type FoundServer,
} from "./handshake.ts";
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
) => Promise<FoundServer>;

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
 * Makes a finder that tries addresses once, and then works as another finder. After each connection to
 * one of several servers of a shared table, it tries the others first, and the last one in use at the end.
 *
 * @param at the addresses, in this order; may be none
 * @param random chooses the order of the others (default: `Math.random`)
 */
export function finderFirstAt(
  at: readonly Address[],
  credentials: Credentials,
  find: Finder,
  random: () => number = Math.random,
): Finder {
  let next = at;
  let isFirst = true;
  return async (signal, known) => {
    const addresses = next;
    const failWithRejection = isFirst;
    next = [];
    isFirst = false;
    const attempts = await connectToFirst(addresses, credentials, signal, known);
    if (failWithRejection && attempts.rejection !== undefined) throw attempts.rejection;
    const { server } = attempts;
    const isShared = server?.table?.isShared === true;
    const found = server === undefined
      ? await find(signal, known)
      : { ...server, servers: isShared ? addresses : [server.address] };
    const others = found.servers.filter((address) => address !== found.address);
    if (others.length > 0) next = [...shuffled(others, random), found.address];
    return found;
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
        const server = await connectKnown(address, credentials, signal, known);
        return { ...server, servers: [address] };
      } catch (error) {
        if (!(error instanceof ServerNotFoundError)) throw error;
        if (++failures === 1) warn(`${error.message}; trying again`);
        if (!(await sleep(pauseAfter(failures), signal))) throw error;
      }
    }
  };
}

/**
 * Connects to the first of some addresses that has the known table. A silent address delays the next
 * attempt only a little.
 *
 * @returns the server; or, if there is none, the error of a server that rejects this client
 */
async function connectToFirst(
  addresses: readonly Address[],
  credentials: Credentials,
  signal: AbortSignal,
  known: TableIdentity | undefined,
): Promise<{ readonly server?: ConnectedServer; readonly rejection?: unknown }> {
  const over = new AbortController();
  const anySignal = AbortSignal.any([signal, over.signal]);
  const isFound = new Deferred<void>();
  const live: ConnectedServer[] = [];
  let rejection: unknown;
  const attempts: Promise<void>[] = [];
  for (const address of addresses) {
    const attempt = connectKnown(address, credentials, anySignal, known).then(
      (server) => {
        live.push(server);
        isFound.resolve();
      },
      (error) => {
        const isElsewhere = error instanceof ServerNotFoundError ||
          error instanceof WrongServerError || error instanceof TlsError ||
          error instanceof DifferentTableError;
        if (!isElsewhere) rejection ??= error;
      },
    );
    attempts.push(attempt);
    await settlesWithin(Promise.race([attempt, isFound.promise]), STAGGER_MS);
    if (live.length > 0 || signal.aborted) break;
  }
  const all = Promise.all(attempts);
  await Promise.race([all, isFound.promise]);
  over.abort();
  await all;
  const [server, ...others] = live;
  await Promise.all(others.map(({ connection }) => connection.close()));
  return server === undefined ? { rejection } : { server };
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

/** Returns the elements in random order. */
function shuffled<T>(all: readonly T[], random: () => number): T[] {
  return all.map((one) => ({ one, at: random() })).sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
