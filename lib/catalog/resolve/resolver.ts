/**
 * The resolver of server names: asks all catalogs at once, and returns the servers to try.
 *
 * Answers of listed catalogs count first. The local catalog counts if all listed ones failed or do not
 * list the name. It also counts if no listed catalog answers with the name within
 * `LISTED_CATALOGS_MS`: in a closed network, a user must not wait ten seconds for timeouts. Listed
 * catalogs may disagree: after the first one that lists the name, the others have `OTHER_CATALOGS_MS`
 * to answer, and the client tries the servers of all answers.
 */
import { type Address, addressText } from "../../base/address.ts";
import { machineTiming, type Timing } from "../../base/clock.ts";
import { localCatalogs } from "../catalog_hosts.ts";
import type { LookupResult } from "./lookup_result.ts";
import { mergeQueries, ParallelQueries } from "./parallel_queries.ts";
import { type CatalogQuery, queryCatalog } from "./query.ts";
import { Search } from "./search.ts";

interface ResolverOptions {
  /** Listed catalogs, all equal. */
  readonly catalogs: readonly Address[];
  /** Port of the local catalog; undefined for none. */
  readonly localPort?: number | undefined;
  /** Queries one catalog (default `queryCatalog`). */
  readonly query?: CatalogQuery;
  /** Default: this machine's. */
  readonly timing?: Timing;
}

/** Looks names up in the catalogs; keeps no state between two searches. */
export class Resolver {
  readonly #listed: readonly Address[];
  readonly #local: readonly Address[];
  readonly #query: CatalogQuery;
  readonly #timing: Timing;

  constructor(options: ResolverOptions) {
    const { catalogs, localPort, query = queryCatalog, timing = machineTiming } = options;
    const once = new Map(catalogs.map((catalog) => [addressText(catalog), catalog]));
    this.#listed = [...once.values()];
    this.#local = localCatalogs(localPort).filter((local) => !once.has(addressText(local)));
    this.#query = query;
    this.#timing = timing;
  }

  /**
   * Starts a search for a server; its `next` runs one round.
   *
   * @param project the name
   */
  search(project: string): Search {
    return new Search(project, {
      listed: this.#listed,
      local: this.#local,
      query: this.#query,
      timing: this.#timing,
    });
  }

  /**
   * Looks up a server by its name, once.
   *
   * @param project the name
   * @param signal cancels the lookup; the result then has the answers so far
   * @returns the servers of that name; none if no catalog that answered lists it
   */
  async lookUp(project: string, signal?: AbortSignal): Promise<LookupResult> {
    const search = this.search(project);
    try {
      return await search.next(0, signal);
    } finally {
      await search[Symbol.asyncDispose]();
    }
  }

  /**
   * Lists the hash table servers of all catalogs that answer.
   *
   * @param signal cancels the queries; the result then has the answers so far
   */
  async listAll(signal?: AbortSignal): Promise<LookupResult> {
    const queries = new ParallelQueries(this.#query, () => true);
    const listed = this.#listed.map((catalog) => queries.newState(catalog));
    const local = this.#local.map((catalog) => queries.newState(catalog));
    const all = [...listed, ...local];
    for (const state of all) queries.start(state);
    const notify = () => queries.notify();
    signal?.addEventListener("abort", notify, { once: true });
    try {
      while (!all.every(({ isDone }) => isDone) && !signal?.aborted) await queries.nextChange();
      return mergeQueries(all, listed, local);
    } finally {
      signal?.removeEventListener("abort", notify);
      await queries[Symbol.asyncDispose]();
    }
  }
}
