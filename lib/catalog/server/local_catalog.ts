/**
 * The local catalog: servers of one machine serve it at a few loopback addresses (`localCatalogs`).
 * A server serves the first free address, and later takes over the first one of all. Servers announce
 * themselves to all addresses, and clients query all. So a stopped process (Ctrl-Z) that still holds an
 * address hides no server: the next address answers.
 */
import { type Address, addressText } from "../../base/address.ts";
import { localCatalogs } from "../catalog_hosts.ts";
import { machineTiming, type Timing } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import {
  CATALOG_QUERY_MS_PER_S,
  CATALOG_UPDATE_LIMIT,
  LOCAL_ANNOUNCE_MS,
  LOCAL_CATALOG_RETRY_MS,
} from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import { CatalogServer } from "./catalog_server.ts";
import { DEFAULT_LIFETIME_S } from "../record/server_record.ts";

interface LocalCatalogOptions {
  /** Port of all addresses. */
  readonly port: number;
  readonly log: Log;
  /** Called once this process serves an address, so that the server announces itself there. */
  readonly onServing?: () => void;
  /** Default: this machine's. */
  readonly timing?: Timing;
}

/** Small bounds, because this catalog shares the process with a hash table server (I5, I9). */
const LIMITS = { records: 1_000, perAddress: 1_000, chars: 2_000_000 } as const;
const RATES = {
  updateBytesPerS: CATALOG_UPDATE_LIMIT.localBytesPerS,
  answerMsPerS: CATALOG_QUERY_MS_PER_S.local,
} as const;

/**
 * Time to serve the old address together with the first one, in milliseconds. After it, all servers
 * have announced themselves to the first one.
 */
const HANDOVER_MS = 2 * LOCAL_ANNOUNCE_MS;

/** Serves the local catalog while one of its addresses is free. */
export class LocalCatalog {
  readonly #options: LocalCatalogOptions;
  readonly #timing: Timing;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Catalogs by the index of their address; in the end, only the first one. */
  readonly #served = new Map<number, CatalogServer>();
  /** Indexes of addresses that this system does not have. */
  readonly #unavailable = new Set<number>();

  constructor(options: LocalCatalogOptions) {
    this.#options = options;
    this.#timing = options.timing ?? machineTiming;
  }

  /** Tries at once, and then again until it serves the first address. */
  start(): void {
    this.#running = this.#serveAddresses();
  }

  /** Stops, and frees the addresses. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const index of this.#served.keys()) await this.#close(index);
  }

  async #serveAddresses(): Promise<void> {
    const { signal } = this.#stopping;
    const addresses = localCatalogs(this.#options.port);
    do {
      for (const [index, address] of addresses.entries()) {
        if (this.#served.has(0) || (index > 0 && this.#served.size > 0)) break;
        if (!this.#unavailable.has(index)) this.#serve(index, address);
      }
    } while (
      !this.#served.has(0) && this.#unavailable.size < addresses.length &&
      await this.#timing.sleep(LOCAL_CATALOG_RETRY_MS, signal)
    );
    if (this.#served.size < 2 || !await this.#timing.sleep(HANDOVER_MS, signal)) return;
    for (const index of this.#served.keys()) if (index > 0) await this.#close(index);
  }

  #serve(index: number, address: Address): void {
    const { log, onServing } = this.#options;
    let server: CatalogServer;
    try {
      server = new CatalogServer({
        ...address,
        lifetimeS: DEFAULT_LIFETIME_S,
        log,
        tcpUpdates: false,
        limits: LIMITS,
        rates: RATES,
      });
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) return;
      this.#unavailable.add(index);
      const message = `Cannot serve the local catalog on ${addressText(address)}: ${
        messageOf(error)
      }`;
      // Some systems have only one loopback address.
      if (index === 0) log.warn(message);
      else log.debug(message);
      return;
    }
    this.#served.set(index, server);
    log.debug("Serving the local catalog", { at: addressText(address) });
    onServing?.();
  }

  async #close(index: number): Promise<void> {
    const server = this.#served.get(index);
    this.#served.delete(index);
    await server?.stop();
  }
}
