/** A server's presence in all catalogs: the listed ones, and the local one that it may serve itself. */
import type { Address } from "../base/address.ts";
import { localCatalogs } from "../base/catalog_hosts.ts";
import { LOCAL_ANNOUNCE_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { ServerFacts } from "./announcement.ts";
import { Announcer } from "./announcer.ts";
import { LocalCatalog } from "./local_catalog.ts";

export interface PresenceOptions {
  /** Listed catalogs; may be none. */
  readonly catalogs: readonly Address[];
  /** Port of the local catalog on 127.0.0.1; undefined for none. */
  readonly localPort?: number | undefined;
  /** Time between two updates to a listed catalog, in milliseconds. */
  readonly intervalMs: number;
  /** Asked anew for each update. */
  readonly facts: () => ServerFacts;
  readonly log: Log;
  /** The server's own addresses, asked anew for each update (default: of all interfaces). */
  readonly addresses?: () => readonly string[];
}

/** Keeps a server in the catalogs until it is stopped. */
export class Presence {
  readonly #announcers: Announcer[] = [];
  readonly #localCatalog: LocalCatalog | undefined;

  constructor(options: PresenceOptions) {
    const { catalogs, localPort, intervalMs, log } = options;
    if (catalogs.length > 0) {
      this.#announcers.push(
        new Announcer({ ...options, hasLocalCatalog: localPort !== undefined }),
      );
    }
    if (localPort === undefined) return;
    const local = new Announcer({
      ...options,
      catalogs: localCatalogs(localPort),
      intervalMs: Math.min(intervalMs, LOCAL_ANNOUNCE_MS),
      readBackAfterMs: "never",
    });
    this.#announcers.push(local);
    this.#localCatalog = new LocalCatalog({
      port: localPort,
      log,
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
  }

  /** Says goodbye to all, and then frees the local catalog's port; takes less than 500 ms. */
  async stop(): Promise<void> {
    await Promise.all(this.#announcers.map((announcer) => announcer.stop()));
    await this.#localCatalog?.stop();
  }
}
