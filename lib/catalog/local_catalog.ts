/**
 * The catalog of this machine: each server tries to serve it, one does, and another one takes over
 * when that one ends. Whoever holds the TCP port on 127.0.0.1 is it.
 */
import { sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { CATALOG_ANSWER_MS, CATALOG_UPDATE_RATE, LOCAL_CATALOG_RETRY_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { CatalogServer } from "./catalog_server.ts";
import { DEFAULT_LIFETIME_S } from "./listing.ts";

export interface LocalCatalogOptions {
  /** Port on 127.0.0.1. */
  readonly port: number;
  readonly log: Log;
  /** Called when this one has begun to serve: time to announce oneself to it. */
  readonly onServing?: () => void;
  /** Time between two attempts, in milliseconds (default `LOCAL_CATALOG_RETRY_MS`). */
  readonly retryMs?: number;
}

/** Small bounds: this catalog lives in the process of a hash table server (I5, I9). */
const LIMITS = { records: 1_000, perAddress: 1_000, chars: 2_000_000 } as const;
const RATES = {
  updateBytesPerS: CATALOG_UPDATE_RATE.localBytes,
  answerMsPerS: CATALOG_ANSWER_MS.local,
} as const;

/** Serves the local catalog whenever nobody else does. */
export class LocalCatalog {
  readonly #options: LocalCatalogOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #server: CatalogServer | undefined;

  constructor(options: LocalCatalogOptions) {
    this.#options = options;
  }

  /** Whether this one is the local catalog now. */
  get serving(): boolean {
    return this.#server !== undefined;
  }

  /** Tries at once, and then again and again until it serves. */
  start(): void {
    this.#running = this.#tryUntilServing();
  }

  /** Ends, and frees the port for others. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#server?.stop();
    this.#server = undefined;
  }

  async #tryUntilServing(): Promise<void> {
    const { port, log, onServing, retryMs = LOCAL_CATALOG_RETRY_MS } = this.#options;
    const { signal } = this.#stopping;
    do {
      try {
        this.#server = new CatalogServer({
          hostname: "127.0.0.1",
          port,
          lifetimeS: DEFAULT_LIFETIME_S,
          log,
          tcpUpdates: false,
          limits: LIMITS,
          rates: RATES,
        });
      } catch (error) {
        if (error instanceof Deno.errors.AddrInUse) continue;
        log.warn(`Cannot serve the local catalog on 127.0.0.1:${port}: ${messageOf(error)}`);
        return;
      }
      log.debug("Serving the local catalog", { port });
      onServing?.();
      return;
    } while (await sleep(retryMs, signal));
  }
}
