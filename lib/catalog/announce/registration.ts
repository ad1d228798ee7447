/** A server's presence in all catalogs: the listed ones, and the local one that it may serve itself. */
import { type Address, addressText, type ListenAddress } from "../../base/address.ts";
import { localCatalogs } from "../catalog_hosts.ts";
import { machineTiming, type Timing } from "../../base/clock.ts";
import { ADDRESS_CHECK_MS, LOCAL_ANNOUNCE_MS, MAX_OTHER_SERVERS } from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import { Announcer, type AnnouncerOptions } from "./announcer.ts";
import { interfaceAddresses, reachableAddresses } from "./own_addresses.ts";
import { type ServerFacts, type ServerRecord } from "../record/server_record.ts";
import { LocalCatalog } from "../server/local_catalog.ts";
import { findNameConflict } from "./name_conflict.ts";

export interface RegistrationOptions extends Pick<AnnouncerOptions, "send" | "query"> {
  /** Listed catalogs; may be none. */
  readonly catalogs: readonly Address[];
  /** Port of the local catalog; undefined for none. */
  readonly localPort?: number | undefined;
  /** Time between two updates to a listed catalog, in milliseconds. */
  readonly intervalMs: number;
  /** Asked anew for each update. */
  readonly facts: () => ServerFacts;
  readonly log: Log;
  /** Where the server listens (default: at all addresses). */
  readonly listening?: ListenAddress;
  /** Addresses of this machine (default: of all interfaces). */
  readonly interfaces?: () => readonly string[];
  /** What to do about another live server of the name before the first update (default `ignore`). */
  readonly onOther?: "end" | "warn" | "ignore";
  /** Default: this machine's. */
  readonly timing?: Timing;
}

/** Keeps a server in the catalogs until it is stopped. */
export class Registration {
  /** Resolves with a sentence if this server is to end because another one has its name. */
  readonly conflict: Promise<string>;
  readonly #options: RegistrationOptions;
  readonly #timing: Timing;
  readonly #announcers: Announcer[] = [];
  readonly #localCatalog: LocalCatalog | undefined;
  readonly #stopping = new AbortController();
  readonly #end: (sentence: string) => void;
  /** Instances that a warning was logged about; at most `MAX_OTHER_SERVERS` (I5), then all are forgotten. */
  readonly #known = new Set<string>();
  #watching: Promise<void> = Promise.resolve();

  constructor(options: RegistrationOptions) {
    const { catalogs, localPort, intervalMs, log, onOther = "ignore" } = options;
    this.#options = options;
    this.#timing = options.timing ?? machineTiming;
    ({ promise: this.conflict, resolve: this.#end } = Promise.withResolvers<string>());
    const common = {
      ...options,
      addresses: () => this.#addresses(),
      ...(onOther !== "ignore" && {
        others: (records: readonly ServerRecord[], isFirst: boolean) =>
          this.#meet(records, isFirst),
      }),
    };
    if (catalogs.length > 0) {
      this.#announcers.push(
        new Announcer({ ...common, hasLocalCatalog: localPort !== undefined }),
      );
    }
    if (localPort === undefined) return;
    const local = new Announcer({
      ...common,
      catalogs: localCatalogs(localPort),
      intervalMs: Math.min(intervalMs, LOCAL_ANNOUNCE_MS),
      // On this machine it is reached at its own port.
      facts: () => ({ ...options.facts(), advertise: undefined }),
      confirms: false,
    });
    this.#announcers.push(local);
    this.#localCatalog = new LocalCatalog({
      port: localPort,
      log,
      timing: this.#timing,
      onServing: () => local.announce(),
    });
  }

  /**
   * Begins; waits for nothing.
   *
   * @throws {RangeError} where the facts cannot be announced
   */
  start(): void {
    for (const announcer of this.#announcers) announcer.start();
    this.#localCatalog?.start();
    if (this.#announcers.length > 0) this.#watching = this.#watchAddresses();
  }

  /** Says goodbye to all, and then frees the local catalog's port; takes less than 500 ms. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
    await Promise.all(this.#announcers.map((announcer) => announcer.stop()));
    await this.#localCatalog?.stop();
  }

  #addresses(): string[] {
    const { interfaces = interfaceAddresses, listening } = this.#options;
    return reachableAddresses(interfaces(), listening);
  }

  /** Announces a change of this machine's addresses at once: until then, clients try the old ones. */
  async #watchAddresses(): Promise<void> {
    let before = this.#addresses().join(", ");
    while (await this.#timing.sleep(ADDRESS_CHECK_MS, this.#stopping.signal)) {
      const now = this.#addresses().join(", ");
      if (now === before) continue;
      this.#options.log.info(
        `The addresses of this machine changed from ${before || "none"} to ${
          now || "none"
        }; this is announced at once`,
      );
      before = now;
      for (const announcer of this.#announcers) announcer.announce();
    }
  }

  /** Decides whether to be announced beside another live server of the name; never rejects. */
  async #meet(records: readonly ServerRecord[], isFirst: boolean): Promise<boolean> {
    const { facts, log, onOther } = this.#options;
    const { project, instance, port, advertise } = facts();
    const self = { project, instance, ports: [port, advertise?.port] };
    const other = await findNameConflict(records, self, this.#stopping.signal);
    if (other === undefined || this.#stopping.signal.aborted) return true;
    const where = `at ${addressText(other.address)}${other.owner ? `, of ${other.owner}` : ""}`;
    if (isFirst && onOther === "end" && other.isCertain) {
      this.#end(
        `Cannot serve the name '${project}': a live server has it (${where}), and clients would find one or the other; choose another name, stop that one, or use --takeover`,
      );
      return false;
    }
    if (this.#known.has(other.instance)) return true;
    if (this.#known.size === MAX_OTHER_SERVERS) this.#known.clear();
    this.#known.add(other.instance);
    log.warn(
      other.isCertain
        ? `Another live server has the name '${project}' (${where}): clients use the one that has run longer; stop one of the two`
        : `Another live server may have the name '${project}' (${where}): it needs a token, so that only its clients know; stop it if it does`,
    );
    return true;
  }
}
