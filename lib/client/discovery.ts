/**
 * The search for a live server by its name, and the connection to it.
 *
 * An entry of a catalog proves nothing: a crashed server stays listed for 15 minutes, and another
 * program may have its port. So each candidate must reply to `hello` with the name. The newest
 * candidates of each catalog and address come first, and each attempt starts soon after the one
 * before. After the first reply, the others have a short time, and `server_identity.ts` chooses. If no
 * candidate is alive, or none has the known table, the name is looked up again with growing pauses.
 */
import { type Address, addressText } from "../base/address.ts";
import { settlesWithin } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import { messageOf } from "../base/errors.ts";
import { MAX_CANDIDATES } from "../base/limits.ts";
import { candidateAddresses } from "../catalog/resolve/candidates.ts";
import { type LookupResult, notFoundMessage } from "../catalog/resolve/lookup_result.ts";
import type { Resolver } from "../catalog/resolve/resolver.ts";
import type { Search } from "../catalog/resolve/search.ts";
import { AuthError, DifferentTableError, ServerNotFoundError, TlsError } from "./errors.ts";
import {
  type ConnectedServer,
  connectServer,
  type Credentials,
  type FoundServer,
} from "./handshake.ts";
import { pauseAfter } from "./retry.ts";
import { chooseServer, tableDifference, type TableIdentity } from "./server_identity.ts";

/** Time that a silent candidate has before the next attempt starts, in milliseconds. */
export const STAGGER_MS = 250;

/** Time that the other candidates have after the first reply, in milliseconds. */
const OTHERS_MS = 250;

/** Maximum number of failed candidates in a message. */
const LISTED_FAILURES = 4;

/** The inputs of a search. */
interface FindOptions {
  readonly resolver: Resolver;
  readonly project: string;
  readonly credentials: Credentials;
  /** The table that the server must have; undefined: any. */
  readonly known: TableIdentity | undefined;
  /** Ends the search. */
  readonly signal: AbortSignal;
  /** Receives a sentence for the user. */
  readonly warn: (message: string) => void;
  /** Chooses among the servers of a shared table; see `chooseServer`. */
  readonly random?: (() => number) | undefined;
}

/**
 * Finds a server.
 *
 * @throws {ServerNotFoundError} when the signal is aborted; the message lists the failed attempts
 * @throws {AuthError} if the server needs a token, or another token
 * @throws {TlsError} if the server's certificate is not trusted, or only one side uses TLS
 * @throws {DifferentTableError} if it has another table than the known one
 */
export async function findServer(options: FindOptions): Promise<FoundServer> {
  const search = options.resolver.search(options.project);
  // Not `await using`, which Node.js 20 does not know.
  try {
    return await findIn(search, options);
  } finally {
    await search[Symbol.asyncDispose]();
  }
}

async function findIn(search: Search, options: FindOptions): Promise<FoundServer> {
  const { signal } = options;
  for (let failures = 0, message: string | undefined;;) {
    const lookup = await search.next(failures === 0 ? 0 : pauseAfter(failures), signal);
    // The last complete round has a better reason than a canceled one.
    if (signal.aborted && message !== undefined) throw new ServerNotFoundError(message);
    const outcome = await tryCandidates(options, lookup);
    if ("connection" in outcome) return outcome;
    // A stale record may lead to another server, which does not know this token: look up once more.
    if (outcome.rejection && failures > 0) throw outcome.rejection;
    if (++failures === 1 && !signal.aborted) {
      options.warn(`${(outcome.rejection ?? outcome).message}; looking again`);
    }
    if (signal.aborted) throw new ServerNotFoundError(outcome.message);
    message = outcome.message;
  }
}

/** Why a live server cannot be used; another one of the name may be usable. */
type Rejection = AuthError | TlsError | DifferentTableError;

async function tryCandidates(
  options: FindOptions,
  lookup: LookupResult,
): Promise<
  FoundServer | { readonly message: string; readonly rejection?: Rejection | undefined }
> {
  const { project, credentials, signal, warn } = options;
  const { token, trust } = credentials;
  const candidates = candidatesOf(lookup, project);
  if (candidates.length === 0) return { message: notFoundMessage(project, lookup) };
  const over = new AbortController();
  const live: ConnectedServer[] = [];
  const failures: string[] = [];
  let rejection: Rejection | undefined;
  const someIsLive = new Deferred<void>();
  const attempts: Promise<void>[] = [];
  const anySignal = AbortSignal.any([signal, over.signal]);
  const rejecting = new Set<Candidate["record"]>();
  for (const { address, record } of candidates) {
    // A live server needs no attempt at its other addresses.
    if (live.some((one) => one.instance === record.instance)) continue;
    // Each wrong token makes the server slower to reply to the next one.
    if (rejecting.has(record)) continue;
    // A catalog's claim of TLS may be false, so the attempt is made, but without the token.
    const lacksTrust = record.tls === true && trust === undefined;
    const sentToken = lacksTrust ? undefined : token;
    const attempt = connectServer(address, { ...credentials, token: sentToken }, anySignal).then(
      (one) => {
        live.push(one);
        someIsLive.resolve();
      },
      (error) => {
        if (error instanceof TlsError || (error instanceof AuthError && sentToken === token)) {
          rejection = error;
        }
        if (error instanceof AuthError) rejecting.add(record);
        const hint = lacksTrust ? " (listed as one with TLS: use --ca FILE)" : "";
        failures.push(`${addressText(address)}${hint}: ${messageOf(error)}`);
      },
    );
    attempts.push(attempt);
    if (live.length > 0) continue;
    await settlesWithin(Promise.race([attempt, someIsLive.promise]), STAGGER_MS);
    if (signal.aborted) break;
  }
  const all = Promise.all(attempts);
  await Promise.race([all, someIsLive.promise]);
  if (live.length > 0) await settlesWithin(all, OTHERS_MS);
  over.abort();
  await all;
  const { chosen, different, warnings } = await chooseLive(options, live);
  warnings.forEach(warn);
  if (chosen) return chosen;
  if (different) return { rejection: different, message: different.message };
  return { rejection, message: noneMessage(project, candidates.length, failures) };
}

function noneMessage(project: string, candidates: number, failures: readonly string[]): string {
  const listed = failures.slice(0, LISTED_FAILURES).join("; ");
  return `No live server named '${project}': the catalogs list ${candidates} address${
    candidates === 1 ? "" : "es"
  }, and none is a live one (${listed}${failures.length > LISTED_FAILURES ? "; ..." : ""})`;
}

/** Chooses one of the servers that replied, and closes the connections to the others. */
async function chooseLive(
  { project, known, random }: FindOptions,
  live: readonly ConnectedServer[],
): Promise<{
  readonly chosen?: FoundServer;
  readonly different?: DifferentTableError;
  readonly warnings: readonly string[];
}> {
  const byInstance = new Map<string, ConnectedServer>();
  for (const one of live) if (!byInstance.has(one.instance)) byInstance.set(one.instance, one);
  const servers = [...byInstance.values()];
  const [good, ...others] = servers.filter((one) => tableDifference(one, known) === undefined);
  const choice = good && chooseServer(project, [good, ...others], random);
  const unused = live.filter((one) => one !== choice?.chosen);
  await Promise.all(unused.map(({ connection }) => connection.close()));
  if (choice) {
    const { chosen, sharing, warnings } = choice;
    return { chosen: { ...chosen, servers: sharing.map(({ address }) => address) }, warnings };
  }
  const [wrong] = servers;
  if (wrong === undefined) return { warnings: [] };
  return { different: differentTableError(`the server '${project}'`, wrong, known), warnings: [] };
}

/** Makes the error for a server that does not have the known table. */
export function differentTableError(
  what: string,
  server: ConnectedServer,
  known: TableIdentity | undefined,
): DifferentTableError {
  return new DifferentTableError(
    `Cannot continue with ${what} at ${addressText(server.address)}, which ${
      tableDifference(server, known)
    }: another server has this name or address, or it lost its data; start again to use it`,
  );
}

/** An address to try, and the catalog's record of it. */
interface Candidate {
  readonly address: Address;
  readonly record: LookupResult["servers"][number];
}

function candidatesOf({ servers }: LookupResult, project: string): Candidate[] {
  const lists = servers.filter((record) => record.project === project).map((record) => {
    return candidateAddresses(record).map((address) => ({ address, record }));
  });
  const once = new Map<string, Candidate>();
  // The first address of each record, then the second: a record with many must not displace others.
  for (let round = 0; lists.some((list) => list.length > round); round++) {
    for (const list of lists) {
      const candidate = list[round];
      if (candidate === undefined) continue;
      // A wrong record with TLS must not replace a right one without it.
      const at = `${addressText(candidate.address)} ${candidate.record.tls === true}`;
      if (!once.has(at)) once.set(at, candidate);
    }
  }
  return [...once.values()].slice(0, MAX_CANDIDATES);
}
