/**
 * What is known of the addresses that clients come from: how many are connected, how fast they connect,
 * and how often they showed a wrong token. Bounded (I5).
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

/** Why a client from an address is not taken. */
export type AddressProblem = "too many clients" | "too many connects";

/** What an address did lately. */
interface Recent {
  /** Connects that it may make at once; they come back with time. */
  allowance: number;
  allowedAtMs: number;
  refusals: number;
  refusedAtMs: number;
}

/** Keeps count of addresses. */
export class AddressLimiter {
  readonly #limits: AddressLimits;
  /** As many as there are clients at the most. */
  readonly #connected = new Map<string, number>();
  /** The one not seen for longest comes first. */
  readonly #recent = new Map<string, Recent>();

  constructor(limits: AddressLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a connect, taken or not.
   *
   * @param address as `addressGroup` gives it
   * @param nowMs of `performance.now()`
   * @returns why there should be no client of it; undefined: it is welcome
   */
  connect(address: string, nowMs: number): AddressProblem | undefined {
    const { maxClientsPerAddress, maxConnectsPerSecond } = this.#limits;
    const recent = this.#recentOf(address, nowMs);
    const most = maxConnectsPerSecond * CONNECT_BURST_S;
    const earned = (nowMs - recent.allowedAtMs) / 1e3 * maxConnectsPerSecond;
    recent.allowance = Math.min(most, recent.allowance + earned);
    recent.allowedAtMs = nowMs;
    if (recent.allowance < 1) return "too many connects";
    recent.allowance--;
    const clients = this.#connected.get(address) ?? 0;
    return clients >= maxClientsPerAddress ? "too many clients" : undefined;
  }

  /** Counts a client that was taken. */
  add(address: string): void {
    this.#connected.set(address, (this.#connected.get(address) ?? 0) + 1);
  }

  /** Counts one client less. */
  remove(address: string): void {
    const left = (this.#connected.get(address) ?? 0) - 1;
    if (left > 0) this.#connected.set(address, left);
    else this.#connected.delete(address);
  }

  /**
   * Counts a wrong token.
   *
   * @returns how long to wait with the answer, in milliseconds
   */
  refused(address: string, nowMs: number): number {
    const recent = this.#recentOf(address, nowMs);
    if (nowMs - recent.refusedAtMs > AUTH_FAILURES_TTL_MS) recent.refusals = 0;
    recent.refusedAtMs = nowMs;
    const delayMs = FIRST_AUTH_DELAY_MS * 2 ** Math.min(recent.refusals, 30);
    recent.refusals++;
    return Math.min(delayMs, MAX_AUTH_DELAY_MS);
  }

  /** How many addresses are remembered that have no client. */
  get remembered(): number {
    return this.#recent.size;
  }

  #recentOf(address: string, nowMs: number): Recent {
    const known = this.#recent.get(address);
    const recent = known ?? {
      allowance: this.#limits.maxConnectsPerSecond * CONNECT_BURST_S,
      allowedAtMs: nowMs,
      refusals: 0,
      refusedAtMs: -Infinity,
    };
    if (known) this.#recent.delete(address);
    this.#recent.set(address, recent);
    if (this.#recent.size > MAX_ADDRESSES) {
      for (const oldest of this.#recent.keys()) {
        this.#recent.delete(oldest);
        break;
      }
    }
    return recent;
  }
}

/** Whether two ends of a connection are on one machine. */
export function isSameMachine(local: string, remote: string): boolean {
  return remote === local || isLoopback(remote);
}
