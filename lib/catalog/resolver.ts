/**
 * Finds servers by name: asks all catalogs at once, and gives the addresses to try.
 *
 * What a listed catalog says counts first. The local catalog counts where all listed ones failed or
 * do not know the name, or where none that knows it answered within `LISTED_FIRST_MS`: a closed
 * network must not cost a user ten seconds of timeouts.
 */
import { type Address, addressText } from "../base/address.ts";
import { unixSeconds } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { LISTED_FIRST_MS } from "../base/limits.ts";
import { type CatalogQuery, queryCatalog } from "./catalog_query.ts";
import { isStale, type ServerRecord } from "./listing.ts";

/** A catalog that gave no answer. */
export interface FailedCatalog {
  readonly catalog: Address;
  /** Why, in a few words. */
  readonly reason: string;
}

/** What the catalogs said. */
export interface Lookup {
  /** Live by their age, newest first, each address and port once. */
  readonly servers: readonly ServerRecord[];
  /** Catalogs that answered so far, whether or not they know the name. */
  readonly answered: readonly Address[];
  /** Catalogs that failed so far; the others were not waited for. */
  readonly failed: readonly FailedCatalog[];
}

export interface ResolverOptions {
  /** Listed catalogs, all equal. */
  readonly catalogs: readonly Address[];
  /** Port of the local catalog on 127.0.0.1; undefined for none. */
  readonly localPort?: number | undefined;
  /** How long listed catalogs go before the local one, in milliseconds (default `LISTED_FIRST_MS`). */
  readonly listedFirstMs?: number;
  /** Asks one catalog (default `queryCatalog`). */
  readonly query?: CatalogQuery;
}

/** Asks the catalogs; holds nothing between two questions. */
export class Resolver {
  readonly #listed: readonly Address[];
  readonly #local: Address | undefined;
  readonly #listedFirstMs: number;
  readonly #query: CatalogQuery;

  constructor(options: ResolverOptions) {
    const { catalogs, localPort, listedFirstMs = LISTED_FIRST_MS, query = queryCatalog } = options;
    const once = new Map(catalogs.map((catalog) => [addressText(catalog), catalog]));
    this.#listed = [...once.values()];
    const local = localPort === undefined ? undefined : { hostname: "127.0.0.1", port: localPort };
    this.#local = local && once.has(addressText(local)) ? undefined : local;
    this.#listedFirstMs = listedFirstMs;
    this.#query = query;
  }

  /**
   * Looks a server up by its name, once.
   *
   * @param project the name
   * @param signal calls it off; the result is then what is known so far
   * @returns the servers of that name, none where no catalog that answered knows it
   */
  async lookUp(project: string, signal?: AbortSignal): Promise<Lookup> {
    const poll = new Poll(this.#query, (record) => record.project === project);
    const listed = this.#listed.map((catalog) => poll.ask(catalog));
    const local = this.#local && poll.ask(this.#local);
    let listedHadTheirTime = false;
    const timer = setTimeout(() => {
      listedHadTheirTime = true;
      poll.changed();
    }, this.#listedFirstMs);
    const calledOff = () => poll.changed();
    signal?.addEventListener("abort", calledOff, { once: true });
    try {
      for (;;) {
        const found = listed.filter((answer) => answer.servers.length > 0);
        if (found.length > 0) return poll.result(found);
        if (local && local.servers.length > 0) {
          if (listedHadTheirTime || listed.every((answer) => answer.done)) {
            return poll.result([local]);
          }
        }
        if (signal?.aborted || poll.allDone()) return poll.result([]);
        await poll.nextChange();
      }
    } finally {
      signal?.removeEventListener("abort", calledOff);
      clearTimeout(timer);
      await poll.stop();
    }
  }

  /**
   * Lists the hash tables of all catalogs that answer.
   *
   * @param signal calls it off; the result is then what is known so far
   */
  async listAll(signal?: AbortSignal): Promise<Lookup> {
    const poll = new Poll(this.#query, () => true);
    const catalogs = this.#local ? [...this.#listed, this.#local] : this.#listed;
    const answers = catalogs.map((catalog) => poll.ask(catalog));
    const calledOff = () => poll.changed();
    signal?.addEventListener("abort", calledOff, { once: true });
    try {
      while (!poll.allDone() && !signal?.aborted) await poll.nextChange();
      return poll.result(answers);
    } finally {
      signal?.removeEventListener("abort", calledOff);
      await poll.stop();
    }
  }
}

/** What one catalog said so far. */
interface Answer {
  readonly catalog: Address;
  done: boolean;
  failure?: string;
  servers: readonly ServerRecord[];
}

/** Questions under way, and waiting for the next thing to happen to any of them. */
class Poll {
  readonly #query: CatalogQuery;
  readonly #wanted: (record: ServerRecord) => boolean;
  readonly #stopping = new AbortController();
  readonly #answers: Answer[] = [];
  readonly #running: Promise<void>[] = [];
  #change = Promise.withResolvers<void>();

  constructor(query: CatalogQuery, wanted: (record: ServerRecord) => boolean) {
    this.#query = query;
    this.#wanted = wanted;
  }

  ask(catalog: Address): Answer {
    const answer: Answer = { catalog, done: false, servers: [] };
    this.#answers.push(answer);
    this.#running.push(this.#run(answer));
    return answer;
  }

  async #run(answer: Answer): Promise<void> {
    try {
      const records = await this.#query(answer.catalog, this.#stopping.signal);
      const nowS = unixSeconds();
      answer.servers = records.filter((record) => this.#wanted(record) && !isStale(record, nowS));
    } catch (error) {
      answer.failure = messageOf(error);
    }
    answer.done = true;
    this.changed();
  }

  /** Something happened: whoever waits looks again. */
  changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  nextChange(): Promise<void> {
    return this.#change.promise;
  }

  allDone(): boolean {
    return this.#answers.every((answer) => answer.done);
  }

  result(from: readonly Answer[]): Lookup {
    const done = this.#answers.filter((answer) => answer.done);
    return {
      servers: merged(from.flatMap((answer) => answer.servers)),
      answered: done.filter((answer) => answer.failure === undefined).map((a) => a.catalog),
      failed: done.flatMap(({ catalog, failure }) =>
        failure === undefined ? [] : [{ catalog, reason: failure }]
      ),
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }
}

/** Newest first, each address and port once. */
function merged(records: readonly ServerRecord[]): ServerRecord[] {
  const sorted = records.toSorted((a, b) => b.lastheardfrom - a.lastheardfrom);
  const seen = new Set<string>();
  return sorted.filter((record) => {
    const key = addressText({ hostname: record.address, port: record.port });
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * Where to try to reach a server, in this order: where it asks to be reached, else where the
 * catalog saw it, then its own addresses.
 */
export function candidateAddresses(record: ServerRecord): Address[] {
  const hostnames = new Set([record.advertise ?? record.address, ...record.addresses]);
  return [...hostnames].map((hostname) => ({ hostname, port: record.port }));
}

/** The sentence for a name that no catalog knows. */
export function notFoundMessage(project: string, { answered, failed }: Lookup): string {
  const names = answered.map(addressText).join(", ");
  const reasons = failed.map(({ catalog, reason }) => `${addressText(catalog)}: ${reason}`);
  const unreachable = reasons.join("; ");
  if (answered.length === 0) {
    return unreachable
      ? `Cannot look up the server '${project}': no catalog is in reach (${unreachable})`
      : `Cannot look up the server '${project}': no catalog answered in time`;
  }
  const where = `the catalog${answered.length > 1 ? "s" : ""} ${names}`;
  return `No server named '${project}' in ${where}` +
    (unreachable ? ` (unreachable: ${unreachable})` : "");
}
