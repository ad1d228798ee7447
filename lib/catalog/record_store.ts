/**
 * The records of a catalog. Bounded in number, in characters and for each source address (I5).
 *
 * A record's key is `address:port:name`, and `:uuid` where it has one. A record goes when it was
 * not heard from for the shorter of its own and the catalog's lifetime; that is seen when records
 * are asked for, so that a goodbye takes effect at once.
 */
import { MAX_CATALOG_CHARS, MAX_CATALOG_RECORDS, MAX_RECORDS_PER_ADDRESS } from "../base/limits.ts";
import type { Update } from "./update_text.ts";

/** Seconds between two sweeps that updates cause; questions sweep each time. */
const SWEEP_S = 10;

/** A record that is listed. */
export interface CatalogRecord {
  readonly key: string;
  readonly address: string;
  readonly name: string;
  /** Unix seconds. */
  readonly lastheardfrom: number;
  /** Seconds after which it goes. */
  readonly lifetimeS: number;
  /** As it is listed: one JSON object, ASCII. */
  readonly text: string;
}

/** Bounds of a store; see `limits.ts`. */
export interface StoreLimits {
  readonly records: number;
  readonly perAddress: number;
  readonly chars: number;
}

const DEFAULT_LIMITS: StoreLimits = {
  records: MAX_CATALOG_RECORDS,
  perAddress: MAX_RECORDS_PER_ADDRESS,
  chars: MAX_CATALOG_CHARS,
};

/** Keeps the last record of each key. */
export class RecordStore {
  readonly #lifetimeS: number;
  readonly #limits: StoreLimits;
  /** The one heard from longest ago comes first. */
  readonly #records = new Map<string, CatalogRecord>();
  /** Keys by source address, in the same order. */
  readonly #byAddress = new Map<string, Set<string>>();
  #chars = 0;
  #sweptS = 0;

  /**
   * @param lifetimeS the catalog's lifetime for records, in seconds
   * @param limits default: those of `limits.ts`
   */
  constructor(lifetimeS: number, limits: StoreLimits = DEFAULT_LIMITS) {
    this.#lifetimeS = lifetimeS;
    this.#limits = limits;
  }

  /**
   * Takes an update.
   *
   * @param address where it came from
   * @param nowS Unix seconds
   * @returns the record as it is listed now
   */
  put(update: Update, address: string, nowS: number): CatalogRecord {
    if (nowS - this.#sweptS >= SWEEP_S) this.#sweep(nowS);
    const record = listed(update, address, nowS, this.#lifetimeS);
    this.#remove(record.key);
    this.#records.set(record.key, record);
    const ofAddress = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, ofAddress.add(record.key));
    this.#chars += record.text.length;

    if (ofAddress.size > this.#limits.perAddress) this.#removeFirst(ofAddress);
    while (this.#records.size > this.#limits.records || this.#chars > this.#limits.chars) {
      this.#removeFirst(this.#records.keys());
    }
    return record;
  }

  /** The live record with a key, or undefined. */
  get(key: string, nowS: number): CatalogRecord | undefined {
    const record = this.#records.get(key);
    return record && !expired(record, nowS) ? record : undefined;
  }

  /** All live records, by name and then key. */
  list(nowS: number): CatalogRecord[] {
    this.#sweep(nowS);
    return [...this.#records.values()].sort((a, b) =>
      compare(a.name.toLowerCase(), b.name.toLowerCase()) || compare(a.key, b.key)
    );
  }

  #sweep(nowS: number): void {
    this.#sweptS = nowS;
    for (const record of this.#records.values()) {
      if (expired(record, nowS)) this.#remove(record.key);
    }
  }

  #removeFirst(keys: Iterable<string>): void {
    for (const key of keys) return this.#remove(key);
  }

  #remove(key: string): void {
    const record = this.#records.get(key);
    if (!record) return;
    this.#records.delete(key);
    this.#chars -= record.text.length;
    const ofAddress = this.#byAddress.get(record.address);
    ofAddress?.delete(key);
    if (ofAddress?.size === 0) this.#byAddress.delete(record.address);
  }
}

function listed(
  update: Update,
  address: string,
  nowS: number,
  lifetimeS: number,
): CatalogRecord {
  const name = update.name ?? address;
  const own = JSON.stringify({ name, lastheardfrom: nowS, address });
  return {
    key: `${address}:${update.port}:${name}` + (update.uuid ? `:${update.uuid}` : ""),
    address,
    name,
    lastheardfrom: nowS,
    lifetimeS: Math.min(lifetimeS, update.lifetimeS ?? lifetimeS),
    text: update.body ? `${own.slice(0, -1)},${update.body}}` : own,
  };
}

function expired(record: CatalogRecord, nowS: number): boolean {
  return nowS - record.lastheardfrom > record.lifetimeS;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
