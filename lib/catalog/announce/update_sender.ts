/**
 * The sender of updates to one catalog by UDP. It sends to every address of the catalog's name, because
 * UDP does not report whether a datagram arrived. It sends from the address that the server listens on,
 * so that the catalog lists an address that clients can use.
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

/** Looks up the IP addresses of a host name. */
export type HostLookup = (hostname: string) => Promise<readonly string[]>;

/** Sends one datagram from a local address. */
export type SendDatagram = (text: string, to: Address, from: string) => Promise<void>;

interface UpdateSenderOptions {
  readonly catalog: Address;
  /** The address that the server listens on (default: all). */
  readonly listening: ListenAddress | undefined;
  /** Whether clients use an advertised address, so that the source address does not matter. */
  readonly isAdvertised: boolean;
  readonly timing: Timing;
  /** Default: by the system. */
  readonly lookUpHost?: HostLookup | undefined;
  /** Default: through a socket of its own. */
  readonly send?: SendDatagram | undefined;
}

/** Sends updates to one catalog. */
export class UpdateSender {
  readonly catalog: Address;
  /** The catalog as text. */
  readonly text: string;
  readonly #options: UpdateSenderOptions;
  readonly #send: SendDatagram;
  /** The addresses of the last update: a goodbye has no time for a DNS lookup. */
  #ips: readonly string[] = [];
  /** Whether an update waits for a DNS lookup. A second update would only wait, too. */
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
   * @param signal cancels the update; nothing is sent afterwards
   * @returns why the update could be sent to no address; undefined if it was sent
   */
  async update(text: string, signal: AbortSignal): Promise<string | undefined> {
    if (this.#isLookingUp) return "its name cannot be looked up";
    const ips = await this.#lookUp(signal);
    // A goodbye may be sent by now: nothing must follow it.
    if (signal.aborted) return undefined;
    this.#ips = ips;
    return await this.#sendToAll(text);
  }

  /** Sends a goodbye to the addresses of the last update; never rejects. */
  async goodbye(text: string): Promise<void> {
    await this.#sendToAll(text);
  }

  async #sendToAll(text: string): Promise<string | undefined> {
    const failures = await Promise.all(this.#ips.map(async (hostname) => {
      const from = this.#sourceFor(hostname);
      if (typeof from !== "string") return from.problem;
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

  /** The local address to send from, or the reason why no client could use the listed address. */
  #sourceFor(ip: string): string | { readonly problem: string } {
    const isV6 = ip.includes(":");
    const any = isV6 ? "::" : "0.0.0.0";
    const { listening, isAdvertised } = this.#options;
    if (listening === undefined || isAdvertised) return any;
    const { hostname, isV4 } = listening;
    if (!(isV6 ? listening.isV6 : isV4)) {
      if (isLoopback(ip)) return any;
      const [own, its] = isV4 ? ["IPv4", "IPv6"] : ["IPv6", "IPv4"];
      return { problem: `this server listens on ${own} only, and that catalog has ${its} only` };
    }
    if (isWildcard(hostname)) return any;
    if (isLoopback(hostname) && !isLoopback(ip)) {
      return {
        problem: `this server listens on ${hostname} only, which no other machine can reach`,
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
    const canceled = AbortSignal.any([signal, waiting.signal]);
    this.#isLookingUp = true;
    try {
      const ips = await Promise.race([
        lookUpHost(hostname),
        timing.sleep(CATALOG_DNS_MS, canceled).then(() => []),
      ]);
      if (ips.length > 0) return ips.slice(0, MAX_CATALOG_IPS);
    } catch {
      // The next update tries again; this one uses the last addresses.
    } finally {
      this.#isLookingUp = false;
      waiting.abort();
    }
    return this.#ips;
  }
}

async function lookUpBySystem(hostname: string): Promise<string[]> {
  const addresses = await lookup(hostname, { all: true });
  return addresses.map(({ address }) => address);
}

/** Sends from a new socket: an open one would be useless once its address has changed. */
async function sendDatagram(text: string, to: Address, from: string): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: from, port: 0 });
  try {
    await socket.send(new TextEncoder().encode(text), { transport: "udp", ...to });
  } finally {
    socket.close();
  }
}
