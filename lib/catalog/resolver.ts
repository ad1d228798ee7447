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
import { isStale, type RecordTest, type ServerRecord } from "./listing.ts";

/** A catalog that gave no answer. */
export interface FailedCatalog {
  readonly catalog: Address;
  /** Why, in a few words. */
  readonly reason: string;
}

/** What the catalogs said. */
export interface Lookup {
  /**
   * Live by their age, each one once; in the order in which to try them: the newest of each catalog
   * and address first, so that neither one catalog nor one sender can crowd the others out.
   */
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
  readonly #wanted: RecordTest;
  readonly #stopping = new AbortController();
  readonly #answers: Answer[] = [];
  readonly #running: Promise<void>[] = [];
  #change = Promise.withResolvers<void>();

  constructor(query: CatalogQuery, wanted: RecordTest) {
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
      const records = await this.#query(answer.catalog, this.#stopping.signal, this.#wanted);
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
      servers: merged(from.map((answer) => answer.servers)),
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

/** What all catalogs gave, in the order of `Lookup.servers`. */
function merged(catalogs: readonly (readonly ServerRecord[])[]): ServerRecord[] {
  const newest = new Map<string, ServerRecord>();
  for (const record of catalogs.flat()) {
    const known = newest.get(placeOf(record));
    if (!known || known.lastheardfrom < record.lastheardfrom) newest.set(placeOf(record), record);
  }
  const inTurns = takingTurns(catalogs.map(fairlyOrdered).sort(byNewest));
  // A place comes in its first turn, and with what is newest about it.
  return [...new Set(inTurns.map(placeOf))].flatMap((place) => newest.get(place) ?? []);
}

/** The newest record of each address, then the second one of each, and so on. */
function fairlyOrdered(records: readonly ServerRecord[]): ServerRecord[] {
  const ofAddress = Map.groupBy(records.toSorted(newestFirst), (record) => record.address);
  return takingTurns([...ofAddress.values()]);
}

function takingTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const taken: T[] = [];
  let left = lists.filter((list) => list.length > 0);
  for (let turn = 0; left.length > 0; turn++) {
    for (const list of left) taken.push(...list.slice(turn, turn + 1));
    left = left.filter((list) => list.length > turn + 1);
  }
  return taken;
}

function newestFirst(a: ServerRecord, b: ServerRecord): number {
  return b.lastheardfrom - a.lastheardfrom;
}

function byNewest(a: readonly ServerRecord[], b: readonly ServerRecord[]): number {
  return (b[0]?.lastheardfrom ?? -Infinity) - (a[0]?.lastheardfrom ?? -Infinity) || 0;
}

/**
 * What makes a record another one. All ways to reach the server belong to it: a catalog that lies
 * about one of them must not take the place of one that does not.
 */
function placeOf(record: ServerRecord): string {
  // A claim to want TLS is no reason to forget a record without one.
  return [record.project, record.tls === true, ...candidateAddresses(record).map(addressText)]
    .join(" ");
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
