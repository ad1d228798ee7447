/**
 * The search for one server by its name, round after round until the caller has found it.
 *
 * A catalog that is silent never holds up a round for longer than `LISTED_CATALOGS_MS` of the whole
 * search, and its question stays under way: a slow answer counts in a later round. Meanwhile the
 * local catalog is asked again and again, since a server on this machine may have started.
 */
import type { Address } from "../../base/address.ts";
import type { Timing } from "../../base/clock.ts";
import { LISTED_CATALOGS_MS, LOCAL_LOOKUP_MS, OTHER_CATALOGS_MS } from "../../base/limits.ts";
import type { CatalogQuery } from "./query.ts";
import { addressKey, type LookupResult } from "./lookup_result.ts";
import { mergeQueries, ParallelQueries, type QueryState } from "./parallel_queries.ts";

/** A local catalog rests this many times as long as its last answer took. */
const LOCAL_REST = 4;

/** What a search needs. */
export interface SearchOptions {
  /** Listed catalogs, all equal. */
  readonly listed: readonly Address[];
  /** Addresses of the local catalog; empty: there is none. */
  readonly local: readonly Address[];
  /** How long listed catalogs go before the local one, in milliseconds (default `LISTED_CATALOGS_MS`). */
  readonly listedFirstMs?: number | undefined;
  readonly query: CatalogQuery;
  readonly timing: Timing;
}

/** One search; its questions end with it. */
export class Search implements AsyncDisposable {
  readonly #listed: readonly QueryState[];
  readonly #local: readonly QueryState[];
  readonly #questions: ParallelQueries;
  readonly #timing: Timing;
  readonly #listedFirstMs: number;
  readonly #startMs: number;
  readonly #ending = new AbortController();
  /** Servers that a round gave. */
  readonly #known = new Set<string>();
  #rounds = 0;
  #localAskedMs = -Infinity;

  /** @param project the name */
  constructor(project: string, options: SearchOptions) {
    const { listed, local, listedFirstMs = LISTED_CATALOGS_MS, query, timing } = options;
    this.#questions = new ParallelQueries(query, (record) => record.project === project);
    this.#listed = listed.map((catalog) => this.#questions.newState(catalog));
    this.#local = local.map((catalog) => this.#questions.newState(catalog));
    this.#timing = timing;
    this.#listedFirstMs = listedFirstMs;
    this.#startMs = timing.now();
  }

  /**
   * Gives the next round's servers. In the first round the local catalog counts only if no listed
   * one knows the name; in later ones, everything that any catalog knows is given.
   *
   * @param pauseMs before listed catalogs are asked again, in milliseconds; it ends early when a
   * server appears that no round gave
   * @param signal ends the round at once, with what is known so far
   */
  async next(pauseMs: number, signal?: AbortSignal): Promise<LookupResult> {
    const calledOff = () => this.#questions.notify();
    signal?.addEventListener("abort", calledOff, { once: true });
    try {
      const counting = await this.#round(pauseMs, signal);
      for (const { servers } of counting) {
        for (const one of servers) this.#known.add(instanceKey(one));
      }
      for (const question of this.#listed) question.isFresh = false;
      return mergeQueries(counting, this.#listed, this.#local);
    } finally {
      signal?.removeEventListener("abort", calledOff);
    }
  }

  /** The questions whose answers count. */
  async #round(pauseMs: number, signal: AbortSignal | undefined): Promise<readonly QueryState[]> {
    const isFirst = this.#rounds++ === 0;
    const all = [...this.#listed, ...this.#local];
    const timeMs = () => this.#timing.now();
    for (const endMs = timeMs() + pauseMs; timeMs() < endMs && !signal?.aborted;) {
      this.#askLocal(() => true);
      await this.#change(endMs);
      if (all.some(({ servers }) => servers.some((one) => !this.#known.has(instanceKey(one))))) {
        break;
      }
    }
    // An answer that came in the pause counts in this round.
    for (const one of this.#listed) if (!one.isFresh) this.#questions.start(one);
    this.#localAskedMs = -Infinity;
    this.#askLocal(({ servers }) => servers.length === 0);
    const listedFirstMs = this.#startMs + this.#listedFirstMs;
    for (let othersMs: number | undefined;;) {
      const listed = this.#listed.filter(({ servers }) => servers.length > 0);
      const local = this.#local.filter(({ servers }) => servers.length > 0);
      const areListedDone = this.#listed.every(({ isDone }) => isDone);
      const isTimeUp = timeMs() >= listedFirstMs;
      if (signal?.aborted) return [...listed, ...local];
      if (listed.length > 0) {
        othersMs ??= timeMs() + OTHER_CATALOGS_MS;
        if (areListedDone || timeMs() >= othersMs) {
          return isFirst ? listed : [...listed, ...local];
        }
      } else {
        if (local.length > 0 && (areListedDone || isTimeUp)) return local;
        // Those that replied are asked again in the next round; the silent ones may go on.
        const someReplied = this.#listed.some(({ isDone }) => isDone);
        if (all.every(({ isDone }) => isDone) || (isTimeUp && someReplied)) return [];
      }
      this.#askLocal(({ servers }) => servers.length === 0);
      await this.#change(othersMs ?? (isTimeUp ? Infinity : listedFirstMs));
    }
  }

  /** Asks the local catalog, if it was not asked just now. */
  #askLocal(which: (question: QueryState) => boolean): void {
    if (this.#timing.now() - this.#localAskedMs < this.#localEveryMs()) return;
    this.#localAskedMs = this.#timing.now();
    for (const question of this.#local.filter(which)) this.#questions.start(question);
  }

  /** A local catalog that has much to send must not be busy with one client. */
  #localEveryMs(): number {
    const tookMs = this.#local.map((one) => one.failure === undefined ? one.tookMs : 0);
    return Math.min(
      LISTED_CATALOGS_MS,
      Math.max(LOCAL_LOOKUP_MS, LOCAL_REST * Math.max(...tookMs)),
    );
  }

  /** Waits for an answer, for the moment, or until the local catalog is to be asked again. */
  async #change(untilMs: number): Promise<void> {
    const nowMs = this.#timing.now();
    const localMs = this.#local.length > 0 ? this.#localAskedMs + this.#localEveryMs() : Infinity;
    const endMs = Math.min(untilMs, localMs);
    if (endMs <= nowMs) return;
    const change = this.#questions.nextChange();
    if (endMs === Infinity) return await change;
    const waiting = new AbortController();
    const signal = AbortSignal.any([waiting.signal, this.#ending.signal]);
    await Promise.race([change, this.#timing.sleep(endMs - nowMs, signal)]);
    waiting.abort();
  }

  /** Calls off the questions that are under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#questions[Symbol.asyncDispose]();
  }
}

/** What makes a server another one than those that were tried. */
function instanceKey(record: LookupResult["servers"][number]): string {
  return `${record.instance} ${addressKey(record)}`;
}
