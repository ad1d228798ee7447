/** Queries to several catalogs that run at the same time, and their results so far. */
import type { Address } from "../../base/address.ts";
import { unixSeconds } from "../../base/clock.ts";
import { Deferred } from "../../base/deferred.ts";
import { messageOf } from "../../base/errors.ts";
import { isStale, type ServerRecord } from "../record/server_record.ts";
import type { RecordTest } from "../record/listing.ts";
import { mergeRecords } from "./candidates.ts";
import type { LookupResult } from "./lookup_result.ts";
import type { CatalogQuery } from "./query.ts";

/** One catalog, and the last query to it. */
export interface QueryState {
  readonly catalog: Address;
  /** Whether the query has an answer or a failure. */
  isDone: boolean;
  /** The reason if the query failed. */
  failure: string | undefined;
  /** The wanted servers of the answer, without stale ones. */
  servers: readonly ServerRecord[];
  /** Whether no round of a search has used the answer or failure. */
  isFresh: boolean;
  /** Duration of the last query, in milliseconds. */
  tookMs: number;
}

/** Runs queries, and reports each change. */
export class ParallelQueries implements AsyncDisposable {
  readonly #query: CatalogQuery;
  readonly #isWanted: RecordTest;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #change = new Deferred<void>();

  /** @param isWanted selects the records that count */
  constructor(query: CatalogQuery, isWanted: RecordTest) {
    this.#query = query;
    this.#isWanted = isWanted;
  }

  /** Makes the state of a catalog without a query. */
  newState(catalog: Address): QueryState {
    return { catalog, isDone: true, failure: undefined, servers: [], isFresh: false, tookMs: 0 };
  }

  /** Starts a query, unless the last one to this catalog still runs. */
  start(state: QueryState): void {
    if (!state.isDone) return;
    state.isDone = false;
    state.servers = [];
    state.isFresh = false;
    const running = this.#run(state).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Never rejects. */
  async #run(state: QueryState): Promise<void> {
    const startMs = performance.now();
    try {
      const records = await this.#query(state.catalog, this.#stopping.signal, this.#isWanted);
      const nowS = unixSeconds();
      state.servers = records.filter((record) => this.#isWanted(record) && !isStale(record, nowS));
      state.failure = undefined;
    } catch (error) {
      state.failure = messageOf(error);
    }
    state.tookMs = performance.now() - startMs;
    state.isDone = state.isFresh = true;
    this.notify();
  }

  /** Resolves with the next answer or failure, or with `notify`. */
  nextChange(): Promise<void> {
    return this.#change.promise;
  }

  /** Resolves `nextChange`. */
  notify(): void {
    this.#change.resolve();
    this.#change = new Deferred();
  }

  /** Cancels all running queries. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }
}

/**
 * Merges the results of queries so far.
 *
 * @param counting the queries whose servers count
 * @param listed queries to listed catalogs
 * @param local queries to all addresses of the local catalog, which count as one catalog
 */
export function mergeQueries(
  counting: readonly QueryState[],
  listed: readonly QueryState[],
  local: readonly QueryState[],
): LookupResult {
  const [first] = local;
  const last = local.find(hasAnswered) ?? first;
  const catalogs = [...listed, ...(first && last ? [{ ...last, catalog: first.catalog }] : [])];
  const nothingFound = counting.every(({ servers }) => servers.length === 0);
  return {
    servers: mergeRecords(counting.map(({ servers }) => servers)),
    answered: catalogs.filter(hasAnswered).map(({ catalog }) => catalog),
    failed: catalogs.flatMap(({ catalog, isDone, failure }) => {
      if (isDone) return failure === undefined ? [] : [{ catalog, reason: failure }];
      return nothingFound ? [{ catalog, reason: "no answer so far" }] : [];
    }),
  };
}

function hasAnswered({ isDone, failure }: QueryState): boolean {
  return isDone && failure === undefined;
}
