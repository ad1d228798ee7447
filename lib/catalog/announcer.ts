/** Tells the catalogs about this server by UDP: at start, then regularly, and goodbye at the end. */
import { lookup } from "node:dns/promises";
import { type Address, addressText } from "../base/address.ts";
import { sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { GOODBYE_MS, NAME_LOOKUP_MS, READ_BACK_AFTER_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { announcement, goodbye, reachableAddresses, type ServerFacts } from "./announcement.ts";
import { type CatalogQuery, queryCatalog } from "./catalog_query.ts";
import { findings, readBack } from "./read_back.ts";

/** Gives the IP addresses of a host name; the first one that can be sent to is used. */
export type NameLookUp = (hostname: string) => Promise<readonly string[]>;

export interface AnnouncerOptions {
  /** All of them get every update. */
  readonly catalogs: readonly Address[];
  /** Time between two updates, in milliseconds. */
  readonly intervalMs: number;
  /** Asked anew for each update. */
  readonly facts: () => ServerFacts;
  readonly log: Log;
  /** The server's own addresses, asked anew for each update (default: of all interfaces). */
  readonly addresses?: () => readonly string[];
  /**
   * When to look once whether the catalogs list this server, in milliseconds after the start
   * (default `READ_BACK_AFTER_MS`); `never` also sends failures to the debug log only.
   */
  readonly readBackAfterMs?: number | "never";
  /** Whether there is a local catalog too, for the sentence about unreachable ones (default false). */
  readonly hasLocalCatalog?: boolean;
  /** Looks names up (default: as the machine does). */
  readonly lookUp?: NameLookUp;
  /** Time for one look-up, in milliseconds (default `NAME_LOOKUP_MS`). */
  readonly nameLookUpMs?: number;
  /** Asks one catalog (default `queryCatalog`). */
  readonly query?: CatalogQuery;
}

/** A catalog, and how it went so far. */
interface Target {
  readonly catalog: Address;
  readonly text: string;
  /** The IP address that the last update went to: a goodbye has no time for a look-up. */
  ip: string | undefined;
  /** Whether an update waits for its name look-up: a further one would only wait with it. */
  lookingUp: boolean;
  /** Why the last update could not be sent. */
  failure: string | undefined;
}

/** Announces one server to a list of catalogs. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #addresses: () => readonly string[];
  readonly #lookUp: NameLookUp;
  readonly #targets: readonly Target[];
  readonly #stopping = new AbortController();
  readonly #sockets = new Sockets();
  readonly #running: Promise<void>[] = [];
  /** Whether the first failures were told, with all catalogs in view. */
  #reported = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#addresses = options.addresses ?? interfaceAddresses;
    this.#lookUp = options.lookUp ?? systemLookUp;
    const once = new Map(options.catalogs.map((catalog) => [addressText(catalog), catalog]));
    this.#targets = [...once].map(([text, catalog]) => (
      { catalog, text, ip: undefined, lookingUp: false, failure: undefined }
    ));
  }

  /**
   * Sends the first update and goes on from there; waits for nothing.
   *
   * @throws {RangeError} where the facts cannot be announced
   */
  start(): void {
    announcement(this.#options.facts());
    this.#running.push(this.#announceRegularly());
    const { readBackAfterMs = READ_BACK_AFTER_MS } = this.#options;
    if (readBackAfterMs !== "never" && this.#targets.length > 0) {
      this.#running.push(this.#readBack(readBackAfterMs));
    }
  }

  /** Sends one more update now. */
  announce(): void {
    if (this.#stopping.signal.aborted) return;
    let text: string;
    try {
      text = announcement(this.#options.facts(), this.#addresses());
    } catch (error) {
      this.#options.log.error(messageOf(error));
      return;
    }
    for (const target of this.#targets) {
      if (!target.lookingUp) void this.#update(target, text);
    }
  }

  /** Says goodbye and ends, within `GOODBYE_MS` and a little. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await Promise.all(this.#running);
    const waiting = new AbortController();
    await Promise.race([this.#sayGoodbye(), sleep(GOODBYE_MS, waiting.signal)]);
    waiting.abort();
    this.#sockets.close();
  }

  async #announceRegularly(): Promise<void> {
    do this.announce(); while (await sleep(this.#options.intervalMs, this.#stopping.signal));
  }

  /** Never rejects. */
  async #update(target: Target, text: string): Promise<void> {
    let failure: string | undefined;
    try {
      failure = await this.#lookUpAndSend(target, text);
    } catch (error) {
      failure = messageOf(error);
    }
    if (!this.#stopping.signal.aborted) this.#note(target, failure);
  }

  /** Why it could not be sent, or undefined. */
  async #lookUpAndSend(target: Target, text: string): Promise<string | undefined> {
    const { signal } = this.#stopping;
    const { hostname, port } = target.catalog;
    target.lookingUp = true;
    const ips = isIp(hostname) ? [hostname] : await this.#ipsOf(hostname, target.ip);
    target.lookingUp = false;
    let failure = "its name cannot be looked up";
    for (const ip of ips) {
      // A goodbye may have gone out since: nothing must follow it.
      if (signal.aborted) return undefined;
      target.ip = ip;
      try {
        await this.#sockets.send(text, ip, port);
        return undefined;
      } catch (error) {
        failure = messageOf(error);
      }
    }
    return failure;
  }

  /** Never rejects. IPv4 first: a server that listens on 0.0.0.0 is to be seen with an address that reaches it. */
  async #ipsOf(hostname: string, lastIp: string | undefined): Promise<readonly string[]> {
    const { nameLookUpMs = NAME_LOOKUP_MS } = this.#options;
    const waiting = new AbortController();
    const calledOff = AbortSignal.any([this.#stopping.signal, waiting.signal]);
    try {
      const ips = await Promise.race([
        this.#lookUp(hostname),
        sleep(nameLookUpMs, calledOff).then(() => []),
      ]);
      if (ips.length > 0) {
        return ips.toSorted((a, b) => Number(a.includes(":")) - Number(b.includes(":")));
      }
    } catch {
      // Tried again with the next update; until then its last address must do.
    } finally {
      waiting.abort();
    }
    return lastIp === undefined ? [] : [lastIp];
  }

  /** Tells of a change, once; the first failures are left to the read-back, which sees them all. */
  #note(target: Target, failure: string | undefined): void {
    const { log, intervalMs } = this.#options;
    const before = target.failure;
    target.failure = failure;
    if ((before === undefined) === (failure === undefined)) return;
    if (!this.#reported) {
      log.debug("Catalog update", { catalog: target.text, failure: failure ?? "none" });
    } else if (failure === undefined) {
      log.info(`Updates to the catalog ${target.text} can be sent again`);
    } else {
      log.warn(
        `Cannot send updates to the catalog ${target.text}: ${failure}; trying again every ${
          intervalMs / 1000
        } s`,
      );
    }
  }

  async #readBack(afterMs: number): Promise<void> {
    const { signal } = this.#stopping;
    if (!await sleep(afterMs, signal)) return;
    const { facts, log, intervalMs, hasLocalCatalog = false, query = queryCatalog } = this.#options;
    const catalogs = this.#targets.map((target) => target.catalog);
    const seen = await readBack(catalogs, facts().instance, query, signal);
    if (signal.aborted) return;
    const failures = this.#targets.flatMap(({ text, failure }) =>
      failure === undefined ? [] : [[text, failure] as const]
    );
    for (
      const { level, message } of findings(
        seen,
        new Map(failures),
        intervalMs / 1000,
        hasLocalCatalog,
      )
    ) log[level](message);
    this.#reported = true;
  }

  /** Only where an update went before; never rejects. */
  async #sayGoodbye(): Promise<void> {
    try {
      const text = goodbye(this.#options.facts());
      const sent = this.#targets.map(({ ip, catalog }) =>
        ip === undefined ? undefined : this.#sockets.send(text, ip, catalog.port)
      );
      await Promise.allSettled(sent);
    } catch (error) {
      this.#options.log.error(messageOf(error));
    }
  }
}

/** The addresses of this machine that others could connect to, IPv4 first. */
export function interfaceAddresses(): string[] {
  return reachableAddresses(Deno.networkInterfaces().map((one) => one.address));
}

async function systemLookUp(hostname: string): Promise<string[]> {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address }) => address);
}

function isIp(hostname: string): boolean {
  return hostname.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/** A UDP socket for each IP version, opened when it is first needed. */
class Sockets {
  #v4: Deno.DatagramConn | undefined;
  #v6: Deno.DatagramConn | undefined;

  async send(text: string, ip: string, port: number): Promise<void> {
    const socket = ip.includes(":") ? this.#v6 ??= open("::") : this.#v4 ??= open("0.0.0.0");
    await socket.send(new TextEncoder().encode(text), { transport: "udp", hostname: ip, port });
  }

  close(): void {
    this.#v4?.close();
    this.#v6?.close();
    this.#v4 = this.#v6 = undefined;
  }
}

function open(hostname: string): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
}
