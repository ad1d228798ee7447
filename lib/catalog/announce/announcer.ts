/**
 * Announces one server to a list of catalogs by UDP: at start, then regularly, and goodbye at the end.
 *
 * A datagram that is lost causes no error. So the server reads back what each catalog lists: after
 * an update, until the catalog shows it, and regularly from then on. An update that is not read back
 * is sent again after `RESEND_AFTER_MS`.
 */
import { type Address, addressText, type ListenAddress } from "../../base/address.ts";
import { machineTiming, sleep, type Timing } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import {
  CATALOG_QUERY_MS,
  FIRST_NAME_CHECK_MS,
  GOODBYE_MS,
  MIN_READ_BACK_MS,
  OTHER_CATALOGS_MS,
  READ_BACK_AFTER_MS,
  RESEND_AFTER_MS,
} from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import { type CatalogQuery, queryCatalog } from "../resolve/query.ts";
import {
  encodeGoodbye,
  encodeRecord,
  type ServerFacts,
  type ServerRecord,
} from "../record/server_record.ts";
import { checkVisibility, type Visibility, VisibilityLog } from "./visibility.ts";
import { type HostLookup, type SendDatagram, UpdateSender } from "./update_sender.ts";

export interface AnnouncerOptions {
  /** All of them get every update. */
  readonly catalogs: readonly Address[];
  /** Time between two updates, in milliseconds. */
  readonly intervalMs: number;
  /** Asked anew for each update. */
  readonly facts: () => ServerFacts;
  readonly log: Log;
  /** Where the server listens (default: at all addresses). */
  readonly listening?: ListenAddress | undefined;
  /** Reads the server's own addresses, for each update. */
  readonly addresses: () => readonly string[];
  /**
   * Whether updates are sent until they are read back, and changes are logged (default true). Not
   * needed for the local catalog, which gets updates every few seconds anyway.
   */
  readonly confirms?: boolean;
  /** Whether there is a local catalog too, for the sentence about unreachable ones (default false). */
  readonly hasLocalCatalog?: boolean;
  /**
   * Takes other servers of the name that a catalog lists, live or not (default: they are ignored).
   * Before the first update, its result decides whether this server is announced at all.
   */
  readonly others?:
    | ((records: readonly ServerRecord[], isFirst: boolean) => Promise<boolean>)
    | undefined;
  /** Looks names up (default: as the machine does). */
  readonly lookUpHost?: HostLookup;
  /** Sends one datagram (default: by a socket of its own). */
  readonly send?: SendDatagram;
  /** Asks one catalog (default `queryCatalog`). */
  readonly query?: CatalogQuery;
  /** Default: this machine's. */
  readonly timing?: Timing;
}

/** Announces one server. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #timing: Timing;
  readonly #senders: readonly UpdateSender[];
  readonly #failures = new Map<string, string | undefined>();
  readonly #visibility: VisibilityLog;
  readonly #stopping = new AbortController();
  /** What runs, except for waits that a stop does not wait for. */
  readonly #running = new Set<Promise<unknown>>();
  /** Whether updates may be sent. */
  #isOpen = false;
  /** Ends the wait for the next regular read back. */
  #again = new AbortController();

  constructor(options: AnnouncerOptions) {
    const { catalogs, intervalMs, log, listening, facts, lookUpHost, send, hasLocalCatalog } =
      options;
    this.#options = options;
    this.#timing = options.timing ?? machineTiming;
    const timing = this.#timing;
    const isAdvertised = facts().advertise !== undefined;
    const once = new Map(catalogs.map((catalog) => [addressText(catalog), catalog]));
    this.#senders = [...once.values()].map((catalog) =>
      new UpdateSender({ catalog, listening, isAdvertised, timing, lookUpHost, send })
    );
    this.#visibility = new VisibilityLog({
      log,
      catalogs: [...once.values()],
      intervalS: intervalMs / 1_000,
      hasLocalCatalog: hasLocalCatalog ?? false,
    });
  }

  /**
   * Looks for other servers of the name, sends the first update and goes on from there; waits for
   * nothing.
   *
   * @throws {RangeError} where the facts cannot be announced
   */
  start(): void {
    encodeRecord(this.#options.facts());
    if (this.#senders.length > 0) this.#run(this.#announceRegularly());
  }

  /** Sends one more update now, and reads it back, because something changed. */
  announce(): void {
    if (!this.#isOpen || this.#stopping.signal.aborted) return;
    this.#sendTo(this.#senders);
    this.#again.abort();
  }

  /** Says goodbye and ends, within `GOODBYE_MS` and a little. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await Promise.all(this.#running);
    const waiting = new AbortController();
    await Promise.race([this.#sayGoodbye(), sleep(GOODBYE_MS, waiting.signal)]);
    waiting.abort();
  }

  async #announceRegularly(): Promise<void> {
    const { signal } = this.#stopping;
    if (!await this.#mayAnnounce() || signal.aborted) return;
    this.#isOpen = true;
    this.#run(this.#watch());
    do this.#sendTo(this.#senders); while (
      await this.#timing.sleep(this.#options.intervalMs, signal)
    );
  }

  /** Looks for others of the name, for a short time: the port is open, and clients may wait. */
  async #mayAnnounce(): Promise<boolean> {
    const { others } = this.#options;
    if (others === undefined) return true;
    const seen = await this.#ask(this.#senders, FIRST_NAME_CHECK_MS, OTHER_CATALOGS_MS);
    return await others(seen.flatMap((one) => one.others), true);
  }

  /** Sends an update to some catalogs. */
  #sendTo(senders: readonly UpdateSender[]): void {
    const { facts, addresses, log } = this.#options;
    let text: string;
    try {
      text = encodeRecord(facts(), addresses());
    } catch (error) {
      log.error(messageOf(error));
      return;
    }
    for (const sender of senders) {
      // A stop does not wait for it: it may hang in a name look-up.
      void sender.update(text, this.#stopping.signal).then((failure) => {
        this.#failures.set(sender.text, failure);
        if (failure !== undefined) log.debug("Catalog update", { catalog: sender.text, failure });
      });
    }
  }

  /** Reads back after the first update, after each change, and regularly. */
  async #watch(): Promise<void> {
    const { intervalMs, confirms = true } = this.#options;
    const { signal } = this.#stopping;
    for (let unconfirmed = this.#senders; !signal.aborted;) {
      if (confirms) await this.#confirm(unconfirmed);
      const again = AbortSignal.any([signal, this.#again.signal]);
      const isRegular = await this.#timing.sleep(Math.max(intervalMs, MIN_READ_BACK_MS), again);
      if (signal.aborted) return;
      this.#again = new AbortController();
      // After a change, all have an update on its way.
      unconfirmed = isRegular ? await this.#look(this.#senders, CATALOG_QUERY_MS) : this.#senders;
      if (isRegular && confirms) this.#sendTo(unconfirmed);
    }
  }

  /** Reads back an update that was just sent, and sends it again until all catalogs show it. */
  async #confirm(senders: readonly UpdateSender[]): Promise<void> {
    const { signal } = this.#stopping;
    const sentMs = this.#timing.now();
    const leftMs = (untilMs: number) => Math.max(0, sentMs + untilMs - this.#timing.now());
    let unconfirmed = senders;
    for (const resendAfterMs of [...RESEND_AFTER_MS, undefined]) {
      if (unconfirmed.length === 0) return;
      if (!await this.#timing.sleep(READ_BACK_AFTER_MS, signal)) return;
      const timeMs = resendAfterMs === undefined ? CATALOG_QUERY_MS : leftMs(resendAfterMs);
      unconfirmed = await this.#look(unconfirmed, Math.min(timeMs, CATALOG_QUERY_MS));
      if (resendAfterMs === undefined || unconfirmed.length === 0) return;
      if (!await this.#timing.sleep(leftMs(resendAfterMs), signal)) return;
      this.#sendTo(unconfirmed);
    }
  }

  /** Reads back and logs changes; gives those that do not show this server. */
  async #look(senders: readonly UpdateSender[], timeMs: number): Promise<readonly UpdateSender[]> {
    const { others, confirms = true } = this.#options;
    const seen = await this.#ask(senders, timeMs);
    if (this.#stopping.signal.aborted) return [];
    const isLast = timeMs >= CATALOG_QUERY_MS;
    const failureOf = (catalog: Address) => this.#failures.get(addressText(catalog));
    if (confirms) this.#visibility.note(seen, isLast, failureOf);
    const found = seen.flatMap((one) => one.others);
    if (others !== undefined && found.length > 0) this.#run(others(found, false));
    return senders.filter((_, at) => seen[at]?.state !== "visible");
  }

  /**
   * Asks catalogs.
   *
   * @param timeMs then the others are silent, in milliseconds
   * @param othersMs the same after the first answer (default: no limit)
   */
  async #ask(
    senders: readonly UpdateSender[],
    timeMs: number,
    othersMs: number = Infinity,
  ): Promise<Visibility[]> {
    const { facts, query = queryCatalog } = this.#options;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, over.signal]);
    const endAfter = (ms: number) => void this.#timing.sleep(ms, signal).then(() => over.abort());
    endAfter(timeMs);
    const onAnswer = () => othersMs < timeMs && endAfter(othersMs);
    try {
      const catalogs = senders.map(({ catalog }) => catalog);
      return await checkVisibility(catalogs, facts(), query, signal, onAnswer);
    } finally {
      over.abort();
    }
  }

  /** Only where an update went before; never rejects. */
  async #sayGoodbye(): Promise<void> {
    try {
      const text = encodeGoodbye(this.#options.facts());
      await Promise.all(this.#senders.map((sender) => sender.goodbye(text)));
    } catch (error) {
      this.#options.log.error(messageOf(error));
    }
  }

  /** Has `stop` wait for something that never rejects. */
  #run(running: Promise<unknown>): void {
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }
}
