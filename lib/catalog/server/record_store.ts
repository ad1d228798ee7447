/**
 * The store of a catalog's records, bounded in number, in characters and for each source (I5).
 *
 * The key of a record is `address:port:name`, with `:uuid` if it has one. A record expires if no update
 * arrives for the shorter of its own lifetime and the catalog's. Each read checks this, so that a
 * goodbye takes effect at once.
 *
 * The source address of a datagram may be false, so a flood may come from any number of addresses. A
 * record is therefore a newcomer until it is updated after `ESTABLISHED_AFTER_S`; then it is
 * established. Over a bound, the newcomer with the oldest update is removed; established records only
 * expire. They never take all of the room (`MAX_ESTABLISHED_SHARE`), so that newcomers have room, too.
 */
import { addressGroup } from "../../base/address.ts";
import {
  ESTABLISHED_AFTER_S,
  MAX_CATALOG_CHARS,
  MAX_CATALOG_RECORDS,
  MAX_ESTABLISHED_SHARE,
  MAX_RECORDS_PER_ADDRESS,
} from "../../base/limits.ts";
import type { Update } from "./update_parser.ts";

/** Seconds between two sweeps by updates; each read sweeps, too. */
const SWEEP_S = 10;

/** A moment by two clocks. Durations use monotonic time, because the wall clock may jump. */
export interface CatalogTime {
  /** Unix seconds, which records show. */
  readonly unixS: number;
  /** Seconds of the monotonic clock. */
  readonly monotonicS: number;
}

/** A listed record. */
export interface CatalogRecord {
  readonly key: string;
  readonly address: string;
  readonly name: string;
  /** The name in lower case, by which the listing is sorted. */
  readonly sortName: string;
  /** Time of the first update, in monotonic seconds. */
  readonly firstHeardS: number;
  /** Time of the last update, in monotonic seconds. */
  readonly lastHeardS: number;
  /** Seconds without an update until it expires. */
  readonly lifetimeS: number;
  /** The text in the listing: one JSON object, ASCII. */
  readonly text: string;
  /** The text for filters; see `Update.typedBody`. */
  readonly typedText: string;
}

/** The sender of an update. */
interface UpdateSource {
  readonly address: string;
  readonly name?: string | undefined;
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

/** Records of one kind, the one with the oldest update first. */
class Segment {
  readonly records = new Map<string, CatalogRecord>();
  chars = 0;

  set(record: CatalogRecord): void {
    this.records.set(record.key, record);
    this.chars += charsOf(record);
  }

  delete(record: CatalogRecord): void {
    if (this.records.delete(record.key)) this.chars -= charsOf(record);
  }
}

/** Stores the last record of each key. */
export class RecordStore {
  readonly #lifetimeS: number;
  readonly #limits: StoreLimits;
  readonly #newcomers = new Segment();
  readonly #established = new Segment();
  /** Keys by source, the one with the oldest update first. */
  readonly #bySource = new Map<string, Set<string>>();
  /** The last result of `list`, until a record changes. */
  #listed: readonly CatalogRecord[] | undefined;
  #sweptS = -Infinity;

  /**
   * @param lifetimeS the catalog's lifetime for records, in seconds
   * @param limits default: those of `limits.ts`
   */
  constructor(lifetimeS: number, limits: StoreLimits = DEFAULT_LIMITS) {
    this.#lifetimeS = lifetimeS;
    this.#limits = limits;
  }

  /**
   * Stores an update.
   *
   * @param source the sender's address, and its name (default: the one in the update)
   * @returns the new record
   */
  put(update: Update, { address, name }: UpdateSource, now: CatalogTime): CatalogRecord {
    if (now.monotonicS - this.#sweptS >= SWEEP_S) this.#sweep(now);
    const listedName = name ?? update.name ?? address;
    const newRecord = toRecord(update, address, listedName, now, this.#lifetimeS);
    const known = this.#find(newRecord.key);
    const record = known ? { ...newRecord, firstHeardS: known.firstHeardS } : newRecord;
    if (known) this.#remove(known);
    (this.#mayBeEstablished(record) ? this.#established : this.#newcomers).set(record);
    const source = addressGroup(address);
    const ofSource = this.#bySource.get(source) ?? new Set();
    this.#bySource.set(source, ofSource.add(record.key));
    this.#listed = undefined;

    if (ofSource.size > this.#limits.perAddress) this.#removeFirstOf(ofSource);
    while (this.#isOver()) this.#removeFirstOf(this.#newcomers.records.keys());
    return record;
  }

  /** Returns the live record with a key, or undefined. */
  get(key: string, now: CatalogTime): CatalogRecord | undefined {
    const record = this.#find(key);
    return record && !isExpired(record, now) ? record : undefined;
  }

  /** Lists all live records, sorted by name and then key. */
  list(now: CatalogTime): readonly CatalogRecord[] {
    this.#sweep(now);
    return this.#listed ??= [
      ...this.#newcomers.records.values(),
      ...this.#established.records.values(),
    ].sort((a, b) => compare(a.sortName, b.sortName) || compare(a.key, b.key));
  }

  #find(key: string): CatalogRecord | undefined {
    return this.#established.records.get(key) ?? this.#newcomers.records.get(key);
  }

  #mayBeEstablished(record: CatalogRecord): boolean {
    const { records, chars } = this.#established;
    return record.lastHeardS - record.firstHeardS >= ESTABLISHED_AFTER_S &&
      records.size + 1 <= this.#limits.records * MAX_ESTABLISHED_SHARE &&
      chars + charsOf(record) <= this.#limits.chars * MAX_ESTABLISHED_SHARE;
  }

  /** Whether a bound is exceeded. Only newcomers cause that: established records have their own bound. */
  #isOver(): boolean {
    const { records, chars } = this.#newcomers;
    return records.size + this.#established.records.size > this.#limits.records ||
      chars + this.#established.chars > this.#limits.chars;
  }

  #sweep(now: CatalogTime): void {
    this.#sweptS = now.monotonicS;
    for (const { records } of [this.#newcomers, this.#established]) {
      for (const record of records.values()) if (isExpired(record, now)) this.#remove(record);
    }
  }

  /** Removes the first newcomer, or the first record if all are established. */
  #removeFirstOf(keys: Iterable<string>): void {
    let first: CatalogRecord | undefined;
    for (const key of keys) {
      first ??= this.#find(key);
      const newcomer = this.#newcomers.records.get(key);
      if (newcomer) return this.#remove(newcomer);
    }
    if (first) this.#remove(first);
  }

  #remove(record: CatalogRecord): void {
    this.#newcomers.delete(record);
    this.#established.delete(record);
    this.#listed = undefined;
    const source = addressGroup(record.address);
    const ofSource = this.#bySource.get(source);
    ofSource?.delete(record.key);
    if (ofSource?.size === 0) this.#bySource.delete(source);
  }
}

function toRecord(
  update: Update,
  address: string,
  name: string,
  { unixS, monotonicS }: CatalogTime,
  lifetimeS: number,
): CatalogRecord {
  const own = JSON.stringify({ name, lastheardfrom: unixS, address });
  const textOf = (body: string) => body ? `${own.slice(0, -1)},${body}}` : own;
  const text = textOf(update.body);
  return {
    key: `${address}:${update.port}:${name}` + (update.uuid ? `:${update.uuid}` : ""),
    address,
    name,
    sortName: name.toLowerCase(),
    firstHeardS: monotonicS,
    lastHeardS: monotonicS,
    lifetimeS: Math.min(lifetimeS, update.lifetimeS ?? lifetimeS),
    text,
    typedText: update.typedBody === update.body ? text : textOf(update.typedBody),
  };
}

/** The size of a record in characters: its text, and the text for filters if it differs. */
function charsOf({ text, typedText }: CatalogRecord): number {
  return text.length + (typedText === text ? 0 : typedText.length);
}

function isExpired(record: CatalogRecord, { monotonicS }: CatalogTime): boolean {
  return monotonicS - record.lastHeardS > record.lifetimeS;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
