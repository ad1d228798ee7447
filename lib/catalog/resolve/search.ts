/**
 * The search for one server by its name, in rounds until the caller has found it.
 *
 * A silent catalog delays the rounds of a search by at most `LISTED_CATALOGS_MS` in total. Its query
 * keeps running, so that a slow answer counts in a later round. In the meantime the search repeats the
 * query to the local catalog, because a server on this machine may have started.
 */
import type { Address } from "../../base/address.ts";
import type { Timing } from "../../base/clock.ts";
import { LISTED_CATALOGS_MS, LOCAL_LOOKUP_MS, OTHER_CATALOGS_MS } from "../../base/limits.ts";
import type { ServerRecord } from "../record/server_record.ts";
import type { CatalogQuery } from "./query.ts";
import { addressKey } from "./candidates.ts";
import type { LookupResult } from "./lookup_result.ts";
import { mergeQueries, ParallelQueries, type QueryState } from "./parallel_queries.ts";

/** Minimum time between two queries to the local catalog, in durations of its last answer. */
const MIN_LOCAL_INTERVAL = 4;

interface SearchOptions {
  /** Listed catalogs, all equal. */
  readonly listed: readonly Address[];
  /** Addresses of the local catalog; may be none. */
  readonly local: readonly Address[];
  readonly query: CatalogQuery;
  readonly timing: Timing;
}

/** One search; its queries end with it. */
export class Search implements AsyncDisposable {
  readonly #listed: readonly QueryState[];
  readonly #local: readonly QueryState[];
  readonly #queries: ParallelQueries;
  readonly #timing: Timing;
  readonly #startMs: number;
  readonly #ending = new AbortController();
  /** Servers that a round returned. */
  readonly #known = new Set<string>();
  #rounds = 0;
  #localQueriedMs = -Infinity;

  /** @param project the name */
  constructor(project: string, options: SearchOptions) {
    const { listed, local, query, timing } = options;
    this.#queries = new ParallelQueries(query, (record) => record.project === project);
    this.#listed = listed.map((catalog) => this.#queries.newState(catalog));
    this.#local = local.map((catalog) => this.#queries.newState(catalog));
    this.#timing = timing;
    this.#startMs = timing.now();
  }

  /**
   * Runs the next round. In the first one, the local catalog counts only if no listed catalog has the
   * name; in later rounds, the answers of all catalogs count.
   *
   * @param pauseMs time before the next queries to listed catalogs, in milliseconds; it ends early when
   * a server appears that no round returned
   * @param signal ends the round at once, with the answers so far
   */
  async next(pauseMs: number, signal?: AbortSignal): Promise<LookupResult> {
    const notify = () => this.#queries.notify();
    signal?.addEventListener("abort", notify, { once: true });
    try {
      const counting = await this.#round(pauseMs, signal);
      for (const { servers } of counting) {
        for (const one of servers) this.#known.add(instanceKey(one));
      }
      for (const state of this.#listed) state.isFresh = false;
      return mergeQueries(counting, this.#listed, this.#local);
    } finally {
      signal?.removeEventListener("abort", notify);
    }
  }

  /** Runs a round; returns the queries whose answers count. */
  async #round(pauseMs: number, signal: AbortSignal | undefined): Promise<readonly QueryState[]> {
    const isFirst = this.#rounds++ === 0;
    const all = [...this.#listed, ...this.#local];
    const timeMs = () => this.#timing.now();
    for (const endMs = timeMs() + pauseMs; timeMs() < endMs && !signal?.aborted;) {
      this.#queryLocal(() => true);
      await this.#waitForChange(endMs);
      if (all.some(({ servers }) => servers.some((one) => !this.#known.has(instanceKey(one))))) {
        break;
      }
    }
    // An answer that arrived in the pause counts in this round.
    for (const one of this.#listed) if (!one.isFresh) this.#queries.start(one);
    this.#localQueriedMs = -Infinity;
    this.#queryLocal(({ servers }) => servers.length === 0);
    const listedEndMs = this.#startMs + LISTED_CATALOGS_MS;
    for (let othersMs: number | undefined;;) {
      const listed = this.#listed.filter(({ servers }) => servers.length > 0);
      const local = this.#local.filter(({ servers }) => servers.length > 0);
      const areListedDone = this.#listed.every(({ isDone }) => isDone);
      const isTimeUp = timeMs() >= listedEndMs;
      if (signal?.aborted) return [...listed, ...local];
      if (listed.length > 0) {
        othersMs ??= timeMs() + OTHER_CATALOGS_MS;
        if (areListedDone || timeMs() >= othersMs) {
          return isFirst ? listed : [...listed, ...local];
        }
      } else {
        if (local.length > 0 && (areListedDone || isTimeUp)) return local;
        // The next round repeats the queries that have a reply; the others keep running.
        const someReplied = this.#listed.some(({ isDone }) => isDone);
        if (all.every(({ isDone }) => isDone) || (isTimeUp && someReplied)) return [];
      }
      this.#queryLocal(({ servers }) => servers.length === 0);
      await this.#waitForChange(othersMs ?? (isTimeUp ? Infinity : listedEndMs));
    }
  }

  /** Queries the local catalog, if its interval has passed. */
  #queryLocal(isSelected: (state: QueryState) => boolean): void {
    if (this.#timing.now() - this.#localQueriedMs < this.#localIntervalMs()) return;
    this.#localQueriedMs = this.#timing.now();
    for (const state of this.#local.filter(isSelected)) this.#queries.start(state);
  }

  /** Time between two queries to the local catalog: one client must not keep a large catalog busy. */
  #localIntervalMs(): number {
    const tookMs = this.#local.map((one) => one.failure === undefined ? one.tookMs : 0);
    return Math.min(
      LISTED_CATALOGS_MS,
      Math.max(LOCAL_LOOKUP_MS, MIN_LOCAL_INTERVAL * Math.max(...tookMs)),
    );
  }

  /** Waits for an answer, until a time, or until the local catalog may be queried again. */
  async #waitForChange(untilMs: number): Promise<void> {
    const nowMs = this.#timing.now();
    const localMs = this.#local.length > 0
      ? this.#localQueriedMs + this.#localIntervalMs()
      : Infinity;
    const endMs = Math.min(untilMs, localMs);
    if (endMs <= nowMs) return;
    const change = this.#queries.nextChange();
    if (endMs === Infinity) return await change;
    const waiting = new AbortController();
    const signal = AbortSignal.any([waiting.signal, this.#ending.signal]);
    await Promise.race([change, this.#timing.sleep(endMs - nowMs, signal)]);
    waiting.abort();
  }

  /** Cancels all running queries. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#queries[Symbol.asyncDispose]();
  }
}

/** The key by which a search recognizes a server that a round returned. */
function instanceKey(record: ServerRecord): string {
  return `${record.instance} ${addressKey(record)}`;
}
