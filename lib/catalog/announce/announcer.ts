/**
 * The announcer of one server: sends its record to a list of catalogs by UDP, at the start, then
 * regularly, and a goodbye at the end.
 *
 * A lost datagram causes no error. So the announcer reads each catalog's listing: after an update until
 * it has the record, and then regularly. An update that is not listed is sent again after
 * `RESEND_AFTER_MS`.
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
  /** The catalogs; all get every update. */
  readonly catalogs: readonly Address[];
  /** Time between two updates, in milliseconds. */
  readonly intervalMs: number;
  /** Reads the state of the server, for each update. */
  readonly facts: () => ServerFacts;
  readonly log: Log;
  /** The address that the server listens on (default: all). */
  readonly listening?: ListenAddress | undefined;
  /** Reads the server's own addresses, for each update. */
  readonly addresses: () => readonly string[];
  /**
   * Whether to send updates until they are listed, and to log changes (default true). The local catalog
   * needs neither, because it gets updates every few seconds.
   */
  readonly confirms?: boolean;
  /** Whether clients also have a local catalog, for the message about unreachable ones (default false). */
  readonly hasLocalCatalog?: boolean;
  /**
   * Handles other servers of the name that a catalog lists, live or not (default: none). Before the
   * first update, its result decides whether this server is announced.
   */
  readonly handleOthers?:
    | ((records: readonly ServerRecord[], isFirst: boolean) => Promise<boolean>)
    | undefined;
  /** Looks up the addresses of a catalog (default: by the system). */
  readonly lookUpHost?: HostLookup;
  /** Sends one datagram (default: through a socket of its own). */
  readonly send?: SendDatagram;
  /** Queries one catalog (default `queryCatalog`). */
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
  /** The work that `stop` waits for. */
  readonly #running = new Set<Promise<unknown>>();
  /** Whether updates may be sent. */
  #isAnnounced = false;
  /** Ends the wait for the next regular check. */
  #checkNow = new AbortController();

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
   * Starts: checks for other servers of the name, then sends the first update. Does not wait.
   *
   * @throws {RangeError} if the facts cannot be encoded
   */
  start(): void {
    encodeRecord(this.#options.facts());
    if (this.#senders.length > 0) this.#run(this.#announceRegularly());
  }

  /** Sends an update now, and checks that it is listed, because the facts changed. */
  announce(): void {
    if (!this.#isAnnounced || this.#stopping.signal.aborted) return;
    this.#sendTo(this.#senders);
    this.#checkNow.abort();
  }

  /** Sends a goodbye and stops, in little more than `GOODBYE_MS`. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await Promise.all(this.#running);
    const waiting = new AbortController();
    await Promise.race([this.#sendGoodbyes(), sleep(GOODBYE_MS, waiting.signal)]);
    waiting.abort();
  }

  async #announceRegularly(): Promise<void> {
    const { signal } = this.#stopping;
    if (!await this.#checkName() || signal.aborted) return;
    this.#isAnnounced = true;
    this.#run(this.#checkRegularly());
    do this.#sendTo(this.#senders); while (
      await this.#timing.sleep(this.#options.intervalMs, signal)
    );
  }

  /** Checks for other servers of the name. The time is short: clients may already wait. */
  async #checkName(): Promise<boolean> {
    const { handleOthers } = this.#options;
    if (handleOthers === undefined) return true;
    const visibilities = await this.#query(this.#senders, FIRST_NAME_CHECK_MS, OTHER_CATALOGS_MS);
    return await handleOthers(visibilities.flatMap((one) => one.others), true);
  }

  /** Sends an update to some catalogs; does not wait. */
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
      // `stop` does not wait for an update, which may hang in a DNS lookup.
      void sender.update(text, this.#stopping.signal).then((failure) => {
        this.#failures.set(sender.text, failure);
        if (failure !== undefined) log.debug("Catalog update", { catalog: sender.text, failure });
      });
    }
  }

  /** Checks the listings after the first update, after each change, and regularly. */
  async #checkRegularly(): Promise<void> {
    const { intervalMs, confirms = true } = this.#options;
    const { signal } = this.#stopping;
    for (let missing = this.#senders; !signal.aborted;) {
      if (confirms) await this.#confirm(missing);
      const wakeUp = AbortSignal.any([signal, this.#checkNow.signal]);
      const isRegular = await this.#timing.sleep(Math.max(intervalMs, MIN_READ_BACK_MS), wakeUp);
      if (signal.aborted) return;
      this.#checkNow = new AbortController();
      // A change sends an update to all catalogs.
      missing = isRegular ? await this.#check(this.#senders, CATALOG_QUERY_MS) : this.#senders;
      if (isRegular && confirms) this.#sendTo(missing);
    }
  }

  /** Checks that catalogs list an update, and sends it again until all do. */
  async #confirm(senders: readonly UpdateSender[]): Promise<void> {
    const { signal } = this.#stopping;
    const sentMs = this.#timing.now();
    const leftMs = (untilMs: number) => Math.max(0, sentMs + untilMs - this.#timing.now());
    let missing = senders;
    for (const resendAfterMs of [...RESEND_AFTER_MS, undefined]) {
      if (missing.length === 0) return;
      if (!await this.#timing.sleep(READ_BACK_AFTER_MS, signal)) return;
      const timeMs = resendAfterMs === undefined ? CATALOG_QUERY_MS : leftMs(resendAfterMs);
      missing = await this.#check(missing, Math.min(timeMs, CATALOG_QUERY_MS));
      if (resendAfterMs === undefined || missing.length === 0) return;
      if (!await this.#timing.sleep(leftMs(resendAfterMs), signal)) return;
      this.#sendTo(missing);
    }
  }

  /** Reads listings and logs changes; returns the senders whose catalogs do not list this server. */
  async #check(senders: readonly UpdateSender[], timeMs: number): Promise<readonly UpdateSender[]> {
    const { handleOthers, confirms = true } = this.#options;
    const visibilities = await this.#query(senders, timeMs);
    if (this.#stopping.signal.aborted) return [];
    const isFullTime = timeMs >= CATALOG_QUERY_MS;
    const failureOf = (catalog: Address) => this.#failures.get(addressText(catalog));
    if (confirms) this.#visibility.note(visibilities, isFullTime, failureOf);
    const others = visibilities.flatMap((one) => one.others);
    if (handleOthers !== undefined && others.length > 0) this.#run(handleOthers(others, false));
    return senders.filter((_, at) => visibilities[at]?.state !== "visible");
  }

  /**
   * Queries catalogs.
   *
   * @param timeMs time for all answers, in milliseconds
   * @param othersMs time for the other answers after the first one, in milliseconds (default: no limit)
   */
  async #query(
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

  /** Sends a goodbye to each address that got an update; never rejects. */
  async #sendGoodbyes(): Promise<void> {
    try {
      const text = encodeGoodbye(this.#options.facts());
      await Promise.all(this.#senders.map((sender) => sender.goodbye(text)));
    } catch (error) {
      this.#options.log.error(messageOf(error));
    }
  }

  /** Makes `stop` wait for work that never rejects. */
  #run(running: Promise<unknown>): void {
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }
}
