/**
 * Names of the hosts that send updates, as the system finds them by address (reverse DNS and its
 * hosts file). A catalog lists these, since what a sender calls itself may be anything.
 *
 * Addresses of datagrams can be forged, and a look-up can take seconds: the names that are kept, the
 * look-ups at once and the time for one are bounded (I5), and no update waits for another address.
 */
import { settlesWithin } from "../../base/clock.ts";
import {
  MAX_HOST_NAMES,
  MAX_REVERSE_LOOKUPS,
  REVERSE_LOOKUP_MS,
  REVERSE_NAME_TTL_S,
} from "../../base/limits.ts";

/**
 * Finds a host's name.
 *
 * @returns the name; the address itself where it has none; undefined where the system cannot tell
 */
export type ReverseLookup = (address: string) => Promise<string | undefined>;

/** What is known of an address, and until when. */
interface Known {
  readonly name: string | undefined;
  readonly untilS: number;
}

/** Looks names up, and keeps them for a while. */
export class ReverseDnsCache {
  readonly #lookUp: ReverseLookup;
  readonly #signal: AbortSignal;
  readonly #now: () => number;
  /** The one looked up longest ago first. */
  readonly #known = new Map<string, Known>();
  readonly #pending = new Map<string, Promise<string | undefined>>();

  /**
   * @param lookUp asked for each new address
   * @param signal ends all waits
   * @param now monotonic time, in seconds
   */
  constructor(lookUp: ReverseLookup, signal: AbortSignal, now: () => number) {
    this.#lookUp = lookUp;
    this.#signal = signal;
    this.#now = now;
  }

  /**
   * The name of an address.
   *
   * @returns at once where it is known, or where too many look-ups are under way: then undefined
   */
  nameOf(address: string): string | undefined | Promise<string | undefined> {
    const known = this.#known.get(address);
    if (known && known.untilS > this.#now()) return known.name;
    const pending = this.#pending.get(address);
    if (pending) return pending;
    if (this.#pending.size >= MAX_REVERSE_LOOKUPS) return undefined;
    const found = this.#find(address);
    this.#pending.set(address, found);
    return found;
  }

  async #find(address: string): Promise<string | undefined> {
    let name: string | undefined;
    const answered = this.#lookUp(address).then((found) => name = found, () => {});
    await settlesWithin(answered, REVERSE_LOOKUP_MS, this.#signal);
    this.#known.delete(address);
    this.#known.set(address, { name, untilS: this.#now() + REVERSE_NAME_TTL_S });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_HOST_NAMES) break;
      this.#known.delete(oldest);
    }
    // A look-up that takes longer still counts: the system has no bound of its own on them.
    void answered.finally(() => this.#pending.delete(address));
    return name;
  }
}
