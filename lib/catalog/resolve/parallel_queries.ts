/** Questions to several catalogs that are under way at once, and what came of each so far. */
import type { Address } from "../../base/address.ts";
import { unixSeconds } from "../../base/clock.ts";
import { Deferred } from "../../base/deferred.ts";
import { messageOf } from "../../base/errors.ts";
import type { CatalogQuery } from "./query.ts";
import { type LookupResult, mergeRecords } from "./lookup_result.ts";
import { type RecordTest } from "../record/listing.ts";
import { isStale, type ServerRecord } from "../record/server_record.ts";

/** One catalog, and the last question to it. */
export interface QueryState {
  readonly catalog: Address;
  /** Whether an answer or a failure is there. */
  isDone: boolean;
  /** Why there is no answer. */
  failure: string | undefined;
  /** The servers in the answer that are wanted and not stale. */
  servers: readonly ServerRecord[];
  /** Whether there is an answer or a failure that no round used yet. */
  isFresh: boolean;
  /** How long the last answer took, in milliseconds. */
  tookMs: number;
}

/** Asks catalogs, and reports each change. */
export class ParallelQueries implements AsyncDisposable {
  readonly #query: CatalogQuery;
  readonly #wanted: RecordTest;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #change = new Deferred<void>();

  /** @param wanted which records count */
  constructor(query: CatalogQuery, wanted: RecordTest) {
    this.#query = query;
    this.#wanted = wanted;
  }

  /** A catalog that was not asked yet. */
  newState(catalog: Address): QueryState {
    return { catalog, isDone: true, failure: undefined, servers: [], isFresh: false, tookMs: 0 };
  }

  /** Asks a catalog, unless the last question to it is still under way. */
  start(question: QueryState): void {
    if (!question.isDone) return;
    question.isDone = false;
    question.servers = [];
    question.isFresh = false;
    const running = this.#run(question).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Never rejects. */
  async #run(question: QueryState): Promise<void> {
    const startMs = performance.now();
    try {
      const records = await this.#query(question.catalog, this.#stopping.signal, this.#wanted);
      const nowS = unixSeconds();
      question.servers = records.filter((record) => this.#wanted(record) && !isStale(record, nowS));
      question.failure = undefined;
    } catch (error) {
      question.failure = messageOf(error);
    }
    question.tookMs = performance.now() - startMs;
    question.isDone = question.isFresh = true;
    this.notify();
  }

  /** Resolves with the next answer or failure, or with `changed`. */
  nextChange(): Promise<void> {
    return this.#change.promise;
  }

  /** Has `nextChange` resolve. */
  notify(): void {
    this.#change.resolve();
    this.#change = new Deferred();
  }

  /** Calls off what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }
}

/**
 * What came of questions so far.
 *
 * @param counting those whose servers count
 * @param listed questions to listed catalogs
 * @param local questions to all addresses of the local catalog: one catalog, which answers at any
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
