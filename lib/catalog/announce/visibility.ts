/** Whether a server is visible in the catalogs that it announces itself to, and what to log about it. */
import { type Address, addressText } from "../../base/address.ts";
import { unixSeconds } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { CatalogQuery } from "../resolve/query.ts";
import { isStale, type ServerRecord } from "../record/server_record.ts";

/** What one catalog showed. */
export interface Visibility {
  readonly catalog: Address;
  /** `silent`: there was no answer yet when the question was called off. */
  readonly state: "visible" | "missing" | "unreachable" | "silent";
  /** Why it is unreachable. */
  readonly reason: string;
  /** Other servers of the name that it lists. */
  readonly others: readonly ServerRecord[];
}

/** The server that is looked for. */
export interface OwnRecord {
  readonly project: string;
  /** By which it knows its own record. */
  readonly instance: string;
}

/**
 * Looks for a server's own record in each catalog, all at once.
 *
 * @param signal calls it off; catalogs without an answer are then silent
 * @param onAnswer called for each catalog that answers (default: nothing)
 */
export function checkVisibility(
  catalogs: readonly Address[],
  { project, instance }: OwnRecord,
  query: CatalogQuery,
  signal: AbortSignal,
  onAnswer: () => void = () => {},
): Promise<Visibility[]> {
  return Promise.all(catalogs.map(async (catalog): Promise<Visibility> => {
    try {
      const listed = await query(catalog, signal, (record) => record.project === project);
      onAnswer();
      const nowS = unixSeconds();
      const records = listed.filter((one) => one.project === project && !isStale(one, nowS));
      const isVisible = records.some((record) => record.instance === instance);
      return {
        catalog,
        state: isVisible ? "visible" : "missing",
        reason: "",
        others: records.filter((record) => record.instance !== instance),
      };
    } catch (error) {
      const state = signal.aborted ? "silent" : "unreachable";
      return { catalog, state, reason: messageOf(error), others: [] };
    }
  }));
}

/** What the log needs to know beside what catalogs show. */
export interface VisibilityLogOptions {
  readonly log: Log;
  /** All of them. */
  readonly catalogs: readonly Address[];
  /** Seconds between two updates. */
  readonly intervalS: number;
  /** Whether clients on this machine find the server all the same. */
  readonly hasLocalCatalog: boolean;
}

/** Logs each change of what catalogs show, once. */
export class VisibilityLog {
  readonly #options: VisibilityLogOptions;
  /** What each catalog showed last. */
  readonly #seen = new Map<string, Visibility>();
  /** What was logged last. */
  readonly #logged = new Map<string, Visibility["state"]>();
  readonly #wereListed = new Set<string>();

  constructor(options: VisibilityLogOptions) {
    this.#options = options;
  }

  /**
   * Takes what some catalogs showed.
   *
   * @param isLast whether a catalog that was silent had all the time that one has
   * @param sendFailure why no update could be sent to a catalog, or undefined
   */
  note(
    seen: readonly Visibility[],
    isLast: boolean,
    sendFailure: (catalog: Address) => string | undefined,
  ): void {
    for (const one of seen) {
      const isSilent = one.state === "silent";
      if (isSilent && !isLast) continue;
      const shown = { ...one, state: "unreachable", reason: "it does not answer" } as const;
      this.#seen.set(addressText(one.catalog), isSilent ? shown : one);
    }
    const all = [...this.#seen.values()];
    if (all.some(({ state }) => state !== "unreachable")) {
      for (const one of all) {
        if (this.#isNews(one)) this.#logOne(one, sendFailure(one.catalog));
      }
    } else if (
      all.length === this.#options.catalogs.length && all.some((one) => this.#isNews(one))
    ) {
      this.#logOutOfReach(all);
    }
  }

  #isNews({ catalog, state }: Visibility): boolean {
    return this.#logged.get(addressText(catalog)) !== state;
  }

  #logOutOfReach(all: readonly Visibility[]): void {
    const { log, intervalS, hasLocalCatalog } = this.#options;
    const reasons = all.map(({ catalog, reason }) => `${addressText(catalog)}: ${reason}`);
    const consequence = hasLocalCatalog
      ? "clients on this machine find this server all the same"
      : "clients find this server by HOST:PORT only";
    log.warn(
      `No catalog is in reach (${
        reasons.join("; ")
      }); ${consequence}, and updates go on every ${intervalS} s`,
    );
    for (const { catalog } of all) this.#logged.set(addressText(catalog), "unreachable");
  }

  #logOne(one: Visibility, sendFailure: string | undefined): void {
    const { log, intervalS } = this.#options;
    const catalog = addressText(one.catalog);
    this.#logged.set(catalog, one.state);
    if (one.state === "visible") {
      const again = this.#wereListed.has(catalog) ? " again" : "";
      this.#wereListed.add(catalog);
      log.info(`Listed in the catalog ${catalog}${again}`);
    } else if (one.state === "unreachable") {
      log.warn(
        `Catalog ${catalog} is out of reach: ${one.reason}; updates go on every ${intervalS} s`,
      );
    } else {
      const because = sendFailure
        ? `because no update could be sent: ${sendFailure}`
        : `because the update by UDP was lost or blocked; it is sent again: if that does not help, let UDP to port ${one.catalog.port} through, or name another catalog`;
      log.warn(`Not visible in the catalog ${catalog}, ${because}`);
    }
  }
}
