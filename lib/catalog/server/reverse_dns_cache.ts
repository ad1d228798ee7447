/**
 * A cache of host names by address, as the system looks them up (reverse DNS and its hosts file). A
 * catalog lists these names, because a sender may claim any name.
 *
 * Source addresses can be forged, and a lookup can take seconds. So the names in the cache, the lookups
 * at a time and the time of one are bounded (I5), and no update waits for the name of another address.
 */
import { settlesWithin } from "../../base/clock.ts";
import {
  MAX_HOST_NAMES,
  MAX_REVERSE_LOOKUPS,
  REVERSE_LOOKUP_MS,
  REVERSE_NAME_TTL_S,
} from "../../base/limits.ts";

/**
 * Looks up the name of a host.
 *
 * @returns the name; the address if it has no name; undefined if the lookup failed
 */
export type ReverseLookup = (address: string) => Promise<string | undefined>;

/** The result of a lookup, and its time of expiry. */
interface CachedName {
  readonly name: string | undefined;
  readonly untilS: number;
}

/** Looks names up, and caches them. */
export class ReverseDnsCache {
  readonly #lookUp: ReverseLookup;
  readonly #signal: AbortSignal;
  readonly #now: () => number;
  /** Names by address, the oldest lookup first. */
  readonly #cached = new Map<string, CachedName>();
  readonly #pending = new Map<string, Promise<string | undefined>>();

  /**
   * @param signal ends all waits
   * @param now monotonic time, in seconds
   */
  constructor(lookUp: ReverseLookup, signal: AbortSignal, now: () => number) {
    this.#lookUp = lookUp;
    this.#signal = signal;
    this.#now = now;
  }

  /**
   * Looks up the name of an address.
   *
   * @returns the name if it is cached; undefined if too many lookups are pending; otherwise a promise
   */
  nameOf(address: string): string | undefined | Promise<string | undefined> {
    const cached = this.#cached.get(address);
    if (cached && cached.untilS > this.#now()) return cached.name;
    const pending = this.#pending.get(address);
    if (pending) return pending;
    if (this.#pending.size >= MAX_REVERSE_LOOKUPS) return undefined;
    const lookup = this.#find(address);
    this.#pending.set(address, lookup);
    return lookup;
  }

  async #find(address: string): Promise<string | undefined> {
    let name: string | undefined;
    const answered = this.#lookUp(address).then((hostName) => name = hostName, () => {});
    await settlesWithin(answered, REVERSE_LOOKUP_MS, this.#signal);
    this.#cached.delete(address);
    this.#cached.set(address, { name, untilS: this.#now() + REVERSE_NAME_TTL_S });
    for (const oldest of this.#cached.keys()) {
      if (this.#cached.size <= MAX_HOST_NAMES) break;
      this.#cached.delete(oldest);
    }
    // A lookup over its time still counts: the system does not bound their number.
    void answered.finally(() => this.#pending.delete(address));
    return name;
  }
}
