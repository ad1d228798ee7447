/** The registration of a server in all catalogs: the listed ones, and the local one, which it may serve. */
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
  /** Reads the state of the server, for each update. */
  readonly facts: () => ServerFacts;
  readonly log: Log;
  /** The address that the server listens on (default: all). */
  readonly listening?: ListenAddress;
  /** Reads the addresses of this machine (default: of all interfaces). */
  readonly interfaces?: () => readonly string[];
  /** Reaction to another live server of the name before the first update (default `ignore`). */
  readonly onOther?: "end" | "warn" | "ignore";
  /** Default: this machine's. */
  readonly timing?: Timing;
}

/** Keeps a server listed in the catalogs until `stop`. */
export class Registration {
  /** Resolves with a message if this server must end because another one has its name. */
  readonly conflict: Promise<string>;
  readonly #options: RegistrationOptions;
  readonly #timing: Timing;
  readonly #announcers: Announcer[] = [];
  readonly #localCatalog: LocalCatalog | undefined;
  readonly #stopping = new AbortController();
  readonly #end: (message: string) => void;
  /** Instances with a logged warning; over `MAX_OTHER_SERVERS`, all are removed (I5). */
  readonly #warned = new Set<string>();
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
        handleOthers: (records: readonly ServerRecord[], isFirst: boolean) =>
          this.#handleOthers(records, isFirst),
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
      // Clients on this machine use the port that the server listens on.
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
   * Starts; does not wait.
   *
   * @throws {RangeError} if the facts cannot be encoded
   */
  start(): void {
    for (const announcer of this.#announcers) announcer.start();
    this.#localCatalog?.start();
    if (this.#announcers.length > 0) this.#watching = this.#watchAddresses();
  }

  /** Sends goodbyes to all catalogs, then closes the local catalog; takes less than 500 ms. */
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

  /** Announces a change of this machine's addresses at once: clients may still use the old ones. */
  async #watchAddresses(): Promise<void> {
    let before = this.#addresses().join(", ");
    while (await this.#timing.sleep(ADDRESS_CHECK_MS, this.#stopping.signal)) {
      const now = this.#addresses().join(", ");
      if (now === before) continue;
      this.#options.log.info(
        `The addresses of this machine changed from ${before || "none"} to ${
          now || "none"
        }; the catalogs get an update at once`,
      );
      before = now;
      for (const announcer of this.#announcers) announcer.announce();
    }
  }

  /** Decides whether to announce this server if another live one has the name; never rejects. */
  async #handleOthers(records: readonly ServerRecord[], isFirst: boolean): Promise<boolean> {
    const { facts, log, onOther } = this.#options;
    const { project, instance, port, advertise, table, shared } = facts();
    const sharedTable = shared ? table : undefined;
    const self = { project, instance, ports: [port, advertise?.port], sharedTable };
    const other = await findNameConflict(records, self, this.#stopping.signal);
    if (other === undefined || this.#stopping.signal.aborted) return true;
    const where = `at ${addressText(other.address)}${other.owner ? `, of ${other.owner}` : ""}`;
    if (isFirst && onOther === "end" && other.isCertain) {
      this.#end(
        `Cannot serve the name '${project}': a live server has it (${where}), and clients would find either one; choose another name, stop the other server, or use --takeover`,
      );
      return false;
    }
    if (this.#warned.has(other.instance)) return true;
    if (this.#warned.size === MAX_OTHER_SERVERS) this.#warned.clear();
    this.#warned.add(other.instance);
    log.warn(
      other.isCertain
        ? `Another live server has the name '${project}' (${where}): clients use the one that has run longer; stop one of them`
        : `Another live server may have the name '${project}' (${where}): it needs a token, so this server cannot check its name; stop it if it has the name`,
    );
    return true;
  }
}
