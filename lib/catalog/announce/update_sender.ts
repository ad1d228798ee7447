/**
 * Sends updates to one catalog by UDP: to every address of its name, since a datagram that is not
 * refused need not have arrived. It is sent from where the server listens, so that the address which
 * the catalog sees is one that clients can use.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import {
  type Address,
  addressText,
  isLoopback,
  isWildcard,
  type ListenAddress,
} from "../../base/address.ts";
import type { Timing } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { CATALOG_DNS_MS, MAX_CATALOG_IPS } from "../../base/limits.ts";

/** Gives the IP addresses of a host name. */
export type HostLookup = (hostname: string) => Promise<readonly string[]>;

/** Sends one datagram to `to` from a local address. */
export type SendDatagram = (text: string, to: Address, from: string) => Promise<void>;

/** What a sender needs. */
export interface UpdateSenderOptions {
  readonly catalog: Address;
  /** Where the server listens (default: at all addresses). */
  readonly listening: ListenAddress | undefined;
  /** Whether clients are told another address, so that it does not matter which one the catalog sees. */
  readonly isAdvertised: boolean;
  readonly timing: Timing;
  /** Looks names up (default: as the machine does). */
  readonly lookUpHost?: HostLookup | undefined;
  /** Sends one datagram (default: by a socket of its own). */
  readonly send?: SendDatagram | undefined;
}

/** A catalog as a receiver of updates. */
export class UpdateSender {
  readonly catalog: Address;
  /** `catalog` as text. */
  readonly text: string;
  readonly #options: UpdateSenderOptions;
  readonly #send: SendDatagram;
  /** The addresses that the last update went to: a goodbye has no time for a look-up. */
  #ips: readonly string[] = [];
  /** Whether an update waits for its name look-up: a further one would only wait with it. */
  #isLookingUp = false;

  constructor(options: UpdateSenderOptions) {
    this.catalog = options.catalog;
    this.text = addressText(options.catalog);
    this.#options = options;
    this.#send = options.send ?? sendDatagram;
  }

  /**
   * Sends an update; never rejects.
   *
   * @param signal calls it off; nothing is sent afterwards
   * @returns why it could be sent to no address, or undefined
   */
  async update(text: string, signal: AbortSignal): Promise<string | undefined> {
    if (this.#isLookingUp) return "its name cannot be looked up";
    const ips = await this.#lookUp(signal);
    // A goodbye may have gone out since: nothing must follow it.
    if (signal.aborted) return undefined;
    this.#ips = ips;
    return await this.#sendToAll(text);
  }

  /** Sends to where the last update went, without a look-up; never rejects. */
  async goodbye(text: string): Promise<void> {
    await this.#sendToAll(text);
  }

  async #sendToAll(text: string): Promise<string | undefined> {
    const failures = await Promise.all(this.#ips.map(async (hostname) => {
      const from = this.#sourceFor(hostname);
      if (typeof from !== "string") return from.refusal;
      try {
        await this.#send(text, { hostname, port: this.catalog.port }, from);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    }));
    if (failures.length === 0) return "its name cannot be looked up";
    return failures.includes(undefined) ? undefined : failures[0];
  }

  /** The local address to send from, or why no client could use what the catalog would see. */
  #sourceFor(ip: string): string | { readonly refusal: string } {
    const isV6 = ip.includes(":");
    const any = isV6 ? "::" : "0.0.0.0";
    const { listening, isAdvertised } = this.#options;
    if (listening === undefined || isAdvertised) return any;
    const { hostname, isV4 } = listening;
    if (!(isV6 ? listening.isV6 : isV4)) {
      if (isLoopback(ip)) return any;
      const [own, its] = isV4 ? ["IPv4", "IPv6"] : ["IPv6", "IPv4"];
      return { refusal: `this server listens on ${own} only, and that catalog has ${its} only` };
    }
    if (isWildcard(hostname)) return any;
    if (isLoopback(hostname) && !isLoopback(ip)) {
      return {
        refusal: `this server listens on ${hostname} only, which no other machine can reach`,
      };
    }
    return hostname;
  }

  /** Never rejects. */
  async #lookUp(signal: AbortSignal): Promise<readonly string[]> {
    const { timing, lookUpHost = lookUpBySystem } = this.#options;
    const { hostname } = this.catalog;
    if (isIP(hostname) !== 0) return [hostname];
    const waiting = new AbortController();
    const calledOff = AbortSignal.any([signal, waiting.signal]);
    this.#isLookingUp = true;
    try {
      const ips = await Promise.race([
        lookUpHost(hostname),
        timing.sleep(CATALOG_DNS_MS, calledOff).then(() => []),
      ]);
      if (ips.length > 0) return ips.slice(0, MAX_CATALOG_IPS);
    } catch {
      // Tried again with the next update; until then its last addresses must do.
    } finally {
      this.#isLookingUp = false;
      waiting.abort();
    }
    return this.#ips;
  }
}

async function lookUpBySystem(hostname: string): Promise<string[]> {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address }) => address);
}

/** A socket for each datagram: one that is kept would be of no use once its address has changed. */
async function sendDatagram(text: string, to: Address, from: string): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: from, port: 0 });
  try {
    await socket.send(new TextEncoder().encode(text), { transport: "udp", ...to });
  } finally {
    socket.close();
  }
}
