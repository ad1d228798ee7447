/**
 * Finds servers by name: asks all catalogs at once, and gives the addresses to try.
 *
 * What a listed catalog says counts first. The local catalog counts where all listed ones failed or
 * do not know the name, or where none that knows it answered within `LISTED_CATALOGS_MS`: a closed
 * network must not cost a user ten seconds of timeouts. Listed catalogs may disagree: once one knows
 * the name, the others have `OTHER_CATALOGS_MS`, and what all of them gave is tried.
 */
import { type Address, addressText } from "../../base/address.ts";
import { localCatalogs } from "../catalog_hosts.ts";
import { machineTiming, type Timing } from "../../base/clock.ts";
import { type CatalogQuery, queryCatalog } from "./query.ts";
import type { LookupResult } from "./lookup_result.ts";
import { mergeQueries, ParallelQueries } from "./parallel_queries.ts";
import { Search } from "./search.ts";

export {
  candidateAddresses,
  type FailedCatalog,
  type LookupResult,
  notFoundMessage,
} from "./lookup_result.ts";

export interface ResolverOptions {
  /** Listed catalogs, all equal. */
  readonly catalogs: readonly Address[];
  /** Port of the local catalog; undefined for none. */
  readonly localPort?: number | undefined;
  /** How long listed catalogs go before the local one, in milliseconds (default `LISTED_CATALOGS_MS`). */
  readonly listedFirstMs?: number;
  /** Asks one catalog (default `queryCatalog`). */
  readonly query?: CatalogQuery;
  /** Default: this machine's. */
  readonly timing?: Timing;
}

/** Asks the catalogs; holds nothing between two searches. */
export class Resolver {
  readonly #listed: readonly Address[];
  readonly #local: readonly Address[];
  readonly #listedFirstMs: number | undefined;
  readonly #query: CatalogQuery;
  readonly #timing: Timing;

  constructor(options: ResolverOptions) {
    const { catalogs, localPort, query = queryCatalog, timing = machineTiming } = options;
    const once = new Map(catalogs.map((catalog) => [addressText(catalog), catalog]));
    this.#listed = [...once.values()];
    this.#local = localCatalogs(localPort).filter((local) => !once.has(addressText(local)));
    this.#listedFirstMs = options.listedFirstMs;
    this.#query = query;
    this.#timing = timing;
  }

  /**
   * Begins to look for a server, until it is found; `next` of the result gives a round.
   *
   * @param project the name
   */
  search(project: string): Search {
    return new Search(project, {
      listed: this.#listed,
      local: this.#local,
      listedFirstMs: this.#listedFirstMs,
      query: this.#query,
      timing: this.#timing,
    });
  }

  /**
   * Looks a server up by its name, once.
   *
   * @param project the name
   * @param signal calls it off; the result is then what is known so far
   * @returns the servers of that name, none where no catalog that answered knows it
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
   * Lists the hash tables of all catalogs that answer.
   *
   * @param signal calls it off; the result is then what is known so far
   */
  async listAll(signal?: AbortSignal): Promise<LookupResult> {
    const questions = new ParallelQueries(this.#query, () => true);
    const listed = this.#listed.map((catalog) => questions.newState(catalog));
    const local = this.#local.map((catalog) => questions.newState(catalog));
    const all = [...listed, ...local];
    for (const question of all) questions.start(question);
    const calledOff = () => questions.notify();
    signal?.addEventListener("abort", calledOff, { once: true });
    try {
      while (!all.every(({ isDone }) => isDone) && !signal?.aborted) await questions.nextChange();
      return mergeQueries(all, listed, local);
    } finally {
      signal?.removeEventListener("abort", calledOff);
      await questions[Symbol.asyncDispose]();
    }
  }
}
