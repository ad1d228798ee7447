/**
 * The catalog of this machine: servers serve it among themselves, at a few addresses of the loopback
 * (`localCatalogs`). A server takes the first address that is free, and later moves up to the first
 * one of all. Servers announce themselves to all addresses and clients ask all, so a process that
 * keeps an address and does not answer (Ctrl-Z) hides no server: the next address answers.
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

export interface LocalCatalogOptions {
  /** Port of all its addresses. */
  readonly port: number;
  readonly log: Log;
  /** Called when this process has begun to serve an address: time to announce itself to it. */
  readonly onServing?: () => void;
  /** Time between two attempts, in milliseconds (default `LOCAL_CATALOG_RETRY_MS`). */
  readonly retryMs?: number;
  /** Default: this machine's. */
  readonly timing?: Timing;
}

/** Small bounds: this catalog lives in the process of a hash table server (I5, I9). */
const LIMITS = { records: 1_000, perAddress: 1_000, chars: 2_000_000 } as const;
const RATES = {
  updateBytesPerS: CATALOG_UPDATE_LIMIT.localBytesPerS,
  answerMsPerS: CATALOG_QUERY_MS_PER_S.local,
} as const;

/**
 * How long the old address is served beside the first one, in milliseconds: by then all servers have
 * announced themselves to the first.
 */
const HANDOVER_MS = 2 * LOCAL_ANNOUNCE_MS;

/** Serves the local catalog whenever an address of it is free. */
export class LocalCatalog {
  readonly #options: LocalCatalogOptions;
  readonly #timing: Timing;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Catalogs by the place of their address; the first one is served alone in the end. */
  readonly #served = new Map<number, CatalogServer>();
  /** Places that this system does not have. */
  readonly #refused = new Set<number>();

  constructor(options: LocalCatalogOptions) {
    this.#options = options;
    this.#timing = options.timing ?? machineTiming;
  }

  /** Whether this process serves an address now. */
  get serving(): boolean {
    return this.#served.size > 0;
  }

  /** Tries at once, and then again and again until it serves the first address. */
  start(): void {
    this.#running = this.#takeAndMoveUp();
  }

  /** Ends, and frees the addresses for others. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const place of this.#served.keys()) await this.#release(place);
  }

  async #takeAndMoveUp(): Promise<void> {
    const { retryMs = LOCAL_CATALOG_RETRY_MS } = this.#options;
    const { signal } = this.#stopping;
    const addresses = localCatalogs(this.#options.port);
    do {
      for (const [place, address] of addresses.entries()) {
        if (this.#served.has(0) || (place > 0 && this.#served.size > 0)) break;
        if (!this.#refused.has(place)) this.#take(place, address);
      }
    } while (
      !this.#served.has(0) && this.#refused.size < addresses.length &&
      await this.#timing.sleep(retryMs, signal)
    );
    if (this.#served.size < 2 || !await this.#timing.sleep(HANDOVER_MS, signal)) return;
    for (const place of this.#served.keys()) if (place > 0) await this.#release(place);
  }

  #take(place: number, address: Address): void {
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
      this.#refused.add(place);
      const sentence = `Cannot serve the local catalog on ${addressText(address)}: ${
        messageOf(error)
      }`;
      // Not every system has more than one address for itself.
      if (place === 0) log.warn(sentence);
      else log.debug(sentence);
      return;
    }
    this.#served.set(place, server);
    log.debug("Serving the local catalog", { at: addressText(address) });
    onServing?.();
  }

  async #release(place: number): Promise<void> {
    const server = this.#served.get(place);
    this.#served.delete(place);
    await server?.stop();
  }
}
