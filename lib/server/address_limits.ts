/**
 * Limits for each client address: connected clients, connects per second, and delays for wrong tokens, so
 * that one machine cannot take the server from others. Memory is bounded (I5).
 */
import { isLoopback } from "../base/address.ts";
import {
  AUTH_FAILURES_TTL_MS,
  CONNECT_BURST_S,
  FIRST_AUTH_DELAY_MS,
  MAX_ADDRESSES,
  MAX_AUTH_DELAY_MS,
} from "../base/limits.ts";

/** Bounds for one address. */
export interface AddressLimits {
  readonly maxClientsPerAddress: number;
  readonly maxConnectsPerSecond: number;
}

/** The reason why a client from an address is rejected. */
type AddressProblem = "too many clients" | "too many connects";

/** Recent connects and wrong tokens of an address. */
interface RecentUse {
  /** Connects that are allowed now: a token bucket, which fills with time. */
  allowance: number;
  filledAtMs: number;
  wrongTokens: number;
  wrongTokenAtMs: number;
}

/** Counts the use of each address. */
export class AddressLimiter {
  readonly #limits: AddressLimits;
  /** Clients by address; has at most one entry per client. */
  readonly #connected = new Map<string, number>();
  /** The least recently used address comes first. */
  readonly #recent = new Map<string, RecentUse>();

  constructor(limits: AddressLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a connect.
   *
   * @param address as `addressGroup` returns it
   * @param nowMs of `performance.now()`
   * @returns the reason why the client must be rejected; undefined if it is within the limits
   */
  connect(address: string, nowMs: number): AddressProblem | undefined {
    const { maxClientsPerAddress, maxConnectsPerSecond } = this.#limits;
    const use = this.#touch(address, nowMs);
    const burst = maxConnectsPerSecond * CONNECT_BURST_S;
    const earned = (nowMs - use.filledAtMs) / 1e3 * maxConnectsPerSecond;
    use.allowance = Math.min(burst, use.allowance + earned);
    use.filledAtMs = nowMs;
    if (use.allowance < 1) return "too many connects";
    use.allowance--;
    const clients = this.#connected.get(address) ?? 0;
    return clients >= maxClientsPerAddress ? "too many clients" : undefined;
  }

  /** Counts a client that is served. */
  add(address: string): void {
    this.#connected.set(address, (this.#connected.get(address) ?? 0) + 1);
  }

  /** Counts a client that has disconnected. */
  remove(address: string): void {
    const left = (this.#connected.get(address) ?? 0) - 1;
    if (left > 0) this.#connected.set(address, left);
    else this.#connected.delete(address);
  }

  /**
   * Counts a wrong token.
   *
   * @returns the delay of the reply, in milliseconds
   */
  countWrongToken(address: string, nowMs: number): number {
    const use = this.#touch(address, nowMs);
    if (nowMs - use.wrongTokenAtMs > AUTH_FAILURES_TTL_MS) use.wrongTokens = 0;
    use.wrongTokenAtMs = nowMs;
    const delayMs = FIRST_AUTH_DELAY_MS * 2 ** Math.min(use.wrongTokens, 30);
    use.wrongTokens++;
    return Math.min(delayMs, MAX_AUTH_DELAY_MS);
  }

  /** Number of addresses whose recent use is remembered. */
  get remembered(): number {
    return this.#recent.size;
  }

  /** Makes an address the most recently used one, and forgets the oldest beyond `MAX_ADDRESSES`. */
  #touch(address: string, nowMs: number): RecentUse {
    const known = this.#recent.get(address);
    const use = known ?? {
      allowance: this.#limits.maxConnectsPerSecond * CONNECT_BURST_S,
      filledAtMs: nowMs,
      wrongTokens: 0,
      wrongTokenAtMs: -Infinity,
    };
    if (known) this.#recent.delete(address);
    this.#recent.set(address, use);
    if (this.#recent.size > MAX_ADDRESSES) {
      for (const oldest of this.#recent.keys()) {
        this.#recent.delete(oldest);
        break;
      }
    }
    return use;
  }
}

/** Whether two ends of a connection are on one machine. */
export function isSameMachine(local: string, remote: string): boolean {
  return remote === local || isLoopback(remote);
}
