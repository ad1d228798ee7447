/** The visibility of a server: whether the catalogs list it, and log lines about changes. */
import { type Address, addressText } from "../../base/address.ts";
import { unixSeconds } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { CatalogQuery } from "../resolve/query.ts";
import { isStale, type ServerRecord } from "../record/server_record.ts";

/** The visibility of a server in one catalog. */
export interface Visibility {
  readonly catalog: Address;
  /** `unanswered`: the query was canceled before the answer. */
  readonly state: "visible" | "missing" | "unreachable" | "unanswered";
  /** Why the catalog is unreachable. */
  readonly reason: string;
  /** Other servers of the name that the catalog lists. */
  readonly others: readonly ServerRecord[];
}

/** The server's own record. */
interface OwnRecord {
  readonly project: string;
  /** The instance by which the server recognizes its own record. */
  readonly instance: string;
}

/**
 * Looks for a server's own record in all catalogs at once.
 *
 * @param signal cancels the queries
 * @param onAnswer called for each answer
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
      const state = signal.aborted ? "unanswered" : "unreachable";
      return { catalog, state, reason: messageOf(error), others: [] };
    }
  }));
}

interface VisibilityLogOptions {
  readonly log: Log;
  /** All catalogs. */
  readonly catalogs: readonly Address[];
  /** Seconds between two updates. */
  readonly intervalS: number;
  /** Whether clients on this machine find the server without the listed catalogs. */
  readonly hasLocalCatalog: boolean;
}

/** Logs each change of visibility once. */
export class VisibilityLog {
  readonly #options: VisibilityLogOptions;
  /** The last visibility in each catalog. */
  readonly #last = new Map<string, Visibility>();
  /** The last logged state of each catalog. */
  readonly #logged = new Map<string, Visibility["state"]>();
  readonly #wereListed = new Set<string>();

  constructor(options: VisibilityLogOptions) {
    this.#options = options;
  }

  /**
   * Notes the visibility in some catalogs.
   *
   * @param isFullTime whether the catalogs had the full time of a query; then a silent one is unreachable
   * @param sendFailure why no update could be sent to a catalog, or undefined
   */
  note(
    visibilities: readonly Visibility[],
    isFullTime: boolean,
    sendFailure: (catalog: Address) => string | undefined,
  ): void {
    for (const one of visibilities) {
      const isUnanswered = one.state === "unanswered";
      if (isUnanswered && !isFullTime) continue;
      const unreachable = { ...one, state: "unreachable", reason: "it does not answer" } as const;
      this.#last.set(addressText(one.catalog), isUnanswered ? unreachable : one);
    }
    const all = [...this.#last.values()];
    if (all.some(({ state }) => state !== "unreachable")) {
      for (const one of all) {
        if (this.#isChange(one)) this.#logOne(one, sendFailure(one.catalog));
      }
    } else if (
      all.length === this.#options.catalogs.length && all.some((one) => this.#isChange(one))
    ) {
      this.#logAllUnreachable(all);
    }
  }

  #isChange({ catalog, state }: Visibility): boolean {
    return this.#logged.get(addressText(catalog)) !== state;
  }

  #logAllUnreachable(all: readonly Visibility[]): void {
    const { log, intervalS, hasLocalCatalog } = this.#options;
    const reasons = all.map(({ catalog, reason }) => `${addressText(catalog)}: ${reason}`);
    const consequence = hasLocalCatalog
      ? "clients on this machine still find this server"
      : "clients find this server by HOST:PORT only";
    log.warn(
      `No catalog is in reach (${
        reasons.join("; ")
      }); ${consequence}, and updates continue every ${intervalS} s`,
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
        `Catalog ${catalog} is out of reach: ${one.reason}; updates continue every ${intervalS} s`,
      );
    } else {
      const cause = sendFailure
        ? `no update could be sent: ${sendFailure}`
        : `the update by UDP was lost or blocked and is sent again; if that does not help, allow UDP to port ${one.catalog.port}, or use another catalog`;
      log.warn(`Not visible in the catalog ${catalog}: ${cause}`);
    }
  }
}
