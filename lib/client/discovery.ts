/**
 * Finds a live server by its name, and connects to it.
 *
 * Entries in a catalog are stale until proven live: a crashed server stays listed for a quarter of
 * an hour, and its port may belong to somebody else by now. So every candidate has to answer
 * `hello` with the name that is wanted. Candidates are tried the newest of each catalog and address
 * first, each without waiting long for the one before. The first that answers waits a short time for
 * the others, and `server_identity.ts` chooses. When none is alive, or none has the known table, the
 * name is looked up again with growing pauses.
 */
import { type Address, addressText } from "../base/address.ts";
import { settlesWithin } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import { messageOf } from "../base/errors.ts";
import { candidateAddresses } from "../catalog/resolve/candidates.ts";
import { type LookupResult, notFoundMessage } from "../catalog/resolve/lookup_result.ts";
import type { Resolver } from "../catalog/resolve/resolver.ts";
import type { Search } from "../catalog/resolve/search.ts";
import { MAX_CANDIDATES } from "../base/limits.ts";
import { AuthError, DifferentTableError, ServerNotFoundError, TlsError } from "./errors.ts";
import { type Credentials, type Found, shakeHands } from "./handshake.ts";
import { pauseAfter } from "./retry.ts";
import { chooseServer, tableDifference, type TableIdentity } from "./server_identity.ts";

/** A candidate that is silent for this long gets company by the next one, in milliseconds. */
const STAGGER_MS = 250;

/** How long the first live server waits for others that are known, in milliseconds. */
const OTHERS_MS = 250;

/** How to find a server by its name. */
export interface FindOptions {
  readonly resolver: Resolver;
  readonly project: string;
  /** See `Credentials`. */
  readonly credentials: Credentials;
  /** The table that it must have; undefined: any. */
  readonly known: TableIdentity | undefined;
  /** Gives up. */
  readonly signal: AbortSignal;
  /** Takes a sentence for the user. */
  readonly warn: (message: string) => void;
}

/**
 * Finds a server.
 *
 * @throws {ServerNotFoundError} when given up, with what was tried
 * @throws {AuthError} where the server asks for a token or another one
 * @throws {TlsError} where it and this client do not agree on TLS
 * @throws {DifferentTableError} if it has another table than the known one
 */
export async function findServer(options: FindOptions): Promise<Found> {
  const search = options.resolver.search(options.project);
  // Not `await using`, which Node.js 20 does not know.
  try {
    return await findIn(search, options);
  } finally {
    await search[Symbol.asyncDispose]();
  }
}

async function findIn(search: Search, options: FindOptions): Promise<Found> {
  const { signal } = options;
  for (let failures = 0, message: string | undefined;;) {
    const lookup = await search.next(failures === 0 ? 0 : pauseAfter(failures), signal);
    // What the last whole round tried says more than one that was cut short.
    if (signal.aborted && message !== undefined) throw new ServerNotFoundError(message);
    const tried = await tryCandidates(options, lookup);
    if ("link" in tried) return tried;
    // A stale record may lead to another server, whose token this is not: looked up once more.
    if (tried.refused && failures > 0) throw tried.refused;
    if (++failures === 1 && !signal.aborted) {
      options.warn(`${(tried.refused ?? tried).message}; looking again`);
    }
    if (signal.aborted) throw new ServerNotFoundError(tried.message);
    message = tried.message;
  }
}

/** Why a live server was of no use; another one of the name may be. */
type Refused = AuthError | TlsError | DifferentTableError;

async function tryCandidates(
  options: FindOptions,
  lookup: LookupResult,
): Promise<Found | { readonly message: string; readonly refused?: Refused | undefined }> {
  const { project, known, credentials, signal, warn } = options;
  const { token, trust } = credentials;
  const candidates = candidatesOf(lookup, project);
  if (candidates.length === 0) return { message: notFoundMessage(project, lookup) };
  const over = new AbortController();
  const live: Found[] = [];
  const failures: string[] = [];
  let refused: Refused | undefined;
  const { promise: someIsLive, resolve: found } = new Deferred<void>();
  const attempts: Promise<void>[] = [];
  const anySignal = AbortSignal.any([signal, over.signal]);
  const refusing = new Set<Candidate["record"]>();
  for (const { address, record } of candidates) {
    // Once one is live, others are only asked whether they are, too; not by its other addresses.
    if (live.some((one) => one.instance === record.instance)) continue;
    // Each guess makes the server slower to answer the next one.
    if (refusing.has(record)) continue;
    // Whether it does want TLS, only it can say; but the token is not for anyone on the way to hear.
    const lacksTrust = record.tls === true && trust === undefined;
    const shown = lacksTrust ? undefined : token;
    const attempt = shakeHands(address, { ...credentials, token: shown }, anySignal).then(
      (one) => {
        live.push(one);
        found();
      },
      (error) => {
        if (error instanceof TlsError || (error instanceof AuthError && shown === token)) {
          refused = error;
        }
        if (error instanceof AuthError) refusing.add(record);
        const hint = lacksTrust ? " (listed as one with TLS: use --ca FILE)" : "";
        failures.push(`${addressText(address)}${hint}: ${messageOf(error)}`);
      },
    );
    attempts.push(attempt);
    if (live.length > 0) continue;
    await settlesWithin(Promise.race([attempt, someIsLive]), STAGGER_MS);
    if (signal.aborted) break;
  }
  const all = Promise.all(attempts);
  await Promise.race([all, someIsLive]);
  if (live.length > 0) await settlesWithin(all, OTHERS_MS);
  over.abort();
  await all;
  const { chosen, different, warnings } = await chosenOf(project, live, known);
  warnings.forEach(warn);
  if (chosen) return chosen;
  if (different) return { refused: different, message: different.message };
  return {
    refused,
    message: `No live server named '${project}': the catalogs list ${candidates.length} address${
      candidates.length === 1 ? "" : "es"
    }, and none is one (${failures.slice(0, 4).join("; ")}${failures.length > 4 ? "; ..." : ""})`,
  };
}

/** Chooses one of the servers that answered, and closes the connections to the others. */
async function chosenOf(
  project: string,
  live: readonly Found[],
  known: TableIdentity | undefined,
): Promise<{
  readonly chosen?: Found;
  readonly different?: DifferentTableError;
  readonly warnings: readonly string[];
}> {
  const byInstance = new Map<string, Found>();
  for (const one of live) if (!byInstance.has(one.instance)) byInstance.set(one.instance, one);
  const servers = [...byInstance.values()];
  const [good, ...others] = servers.filter((one) => tableDifference(one, known) === undefined);
  const choice = good && chooseServer(project, [good, ...others]);
  await Promise.all(live.filter((one) => one !== choice?.chosen).map((one) => one.link.close()));
  if (choice) return choice;
  const [wrong] = servers;
  if (wrong === undefined) return { warnings: [] };
  return { different: differentTable(`the server '${project}'`, wrong, known), warnings: [] };
}

/** The error for a server that does not have the known table. */
export function differentTable(
  what: string,
  server: Found,
  known: TableIdentity | undefined,
): DifferentTableError {
  return new DifferentTableError(
    `Cannot go on with ${what} at ${addressText(server.address)}, which ${
      tableDifference(server, known)
    }: another server has this name or address, or it lost its data; start again to use it`,
  );
}

/** An address to try, and what a catalog says is there. */
interface Candidate {
  readonly address: Address;
  readonly record: LookupResult["servers"][number];
}

function candidatesOf({ servers }: LookupResult, project: string): Candidate[] {
  const lists = servers.filter((record) => record.project === project).map((record) => {
    return candidateAddresses(record).map((address) => ({ address, record }));
  });
  const once = new Map<string, Candidate>();
  // The first address of each record, then the second: one with many must not keep others out.
  for (let turn = 0; lists.some((list) => list.length > turn); turn++) {
    for (const list of lists) {
      const candidate = list[turn];
      if (candidate === undefined) continue;
      // A wrong claim that it wants TLS must not take the place of a right one that it does not.
      const at = `${addressText(candidate.address)} ${candidate.record.tls === true}`;
      if (!once.has(at)) once.set(at, candidate);
    }
  }
  return [...once.values()].slice(0, MAX_CANDIDATES);
}
