/**
 * A catalog: takes updates by UDP (and by TCP on the next port), and lists records over HTTP on the
 * TCP port of the same number. Compatible with cctools' programs in both directions.
 */
import { addressGroup, unmapped } from "../../base/address.ts";
import { sleep, unixSeconds } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import {
  CATALOG_QUERY_MS_PER_S,
  CATALOG_SLICE_MS,
  CATALOG_UPDATE_LIMIT,
  LISTEN_BACKLOG,
  MAX_UPDATE_BYTES,
} from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import { RateLimit, ThrottledWork } from "./rate_limit.ts";
import { ConnectionServer, readUntil } from "./connection_server.ts";
import { readRequest, writeReply } from "./http.ts";
import { rejection, replyTo } from "./pages.ts";
import { type CatalogTime, RecordStore, type StoreLimits } from "./record_store.ts";
import { ReverseDnsCache, type ReverseLookup } from "./reverse_dns_cache.ts";
import { isCompressed, readUpdate, type Update } from "./update_parser.ts";

export interface CatalogServerOptions {
  /** Address to listen on. */
  readonly hostname: string;
  /** Port for HTTP and UDP; 0 for any that is free for both. */
  readonly port: number;
  /** Seconds after which a record goes that was not heard from. */
  readonly lifetimeS: number;
  readonly log: Log;
  /** Whether to take updates by TCP on the next port as well. */
  readonly tcpUpdates: boolean;
  /** Finds the name that a sender's record has (default: the one that the record gives itself). */
  readonly reverseLookup?: ReverseLookup;
  /** The time (default: that of the system). */
  readonly now?: () => CatalogTime;
  /** Bounds of the store (default: those of `limits.ts`). */
  readonly limits?: StoreLimits;
  /** What it may take of its process (default: that of a catalog alone in it). */
  readonly rates?: CatalogRates;
}

/** What a catalog may take of its process; see `limits.ts`. */
export interface CatalogRates {
  readonly updateBytesPerS: number;
  readonly answerMsPerS: number;
}

const DEFAULT_RATES: CatalogRates = {
  updateBytesPerS: CATALOG_UPDATE_LIMIT.bytesPerS,
  answerMsPerS: CATALOG_QUERY_MS_PER_S.standalone,
};

function systemTime(): CatalogTime {
  return { unixS: unixSeconds(), monotonicS: performance.now() / 1_000 };
}

/** Seconds of its rate that a budget saves up: bursts of updates are usual. */
const UPDATE_BURST_S = 0.1;

/** What accepting a connection and reading its question is taken to cost, in milliseconds. */
const CONNECTION_MS = 0.2;

/** Ports tried before giving up, where any will do. */
const PORT_TRIES = 50;

/** How long to wait after a datagram that could not be received. */
const RECEIVE_RETRY_MS = 100;

/** A running catalog. */
export class CatalogServer implements AsyncDisposable {
  /** Where it listens, for HTTP and UDP. */
  readonly port: number;
  readonly #log: Log;
  readonly #store: RecordStore;
  readonly #now: () => CatalogTime;
  readonly #names: ReverseDnsCache | undefined;
  readonly #udp: Deno.DatagramConn;
  readonly #receiving: Promise<void>;
  readonly #servers: readonly ConnectionServer<Deno.TcpConn>[];
  readonly #stopping = new AbortController();
  readonly #updateBudget: RateLimit;
  readonly #answers: ThrottledWork;

  /**
   * Starts a catalog.
   *
   * @throws what `Deno.listen` throws, `Deno.errors.AddrInUse` above all; nothing is then held
   */
  constructor(options: CatalogServerOptions) {
    const { hostname, lifetimeS, log, limits, rates = DEFAULT_RATES, reverseLookup } = options;
    const { tcp, udp } = listenOnBoth(hostname, options.port);
    this.port = tcp.addr.port;
    this.#log = log;
    this.#store = new RecordStore(lifetimeS, limits);
    const { updateBytesPerS, answerMsPerS } = rates;
    const { signal } = this.#stopping;
    this.#now = options.now ?? systemTime;
    this.#names = reverseLookup &&
      new ReverseDnsCache(reverseLookup, signal, () => this.#now().monotonicS);
    this.#updateBudget = new RateLimit(updateBytesPerS, updateBytesPerS * UPDATE_BURST_S, signal);
    this.#answers = new ThrottledWork(answerMsPerS, 2 * CATALOG_SLICE_MS, signal);
    this.#udp = udp;
    this.#receiving = this.#receive();
    const addressOf = (connection: Deno.TcpConn) => addressGroup(connection.remoteAddr.hostname);
    const servers = [
      new ConnectionServer<Deno.TcpConn>(tcp, (...exchange) => this.#answer(...exchange), {
        addressOf,
        refuse: (connection) => this.#askBackLater(connection),
        ready: () => this.#answers.runElsewhere(CONNECTION_MS),
      }),
    ];
    const updates = options.tcpUpdates ? this.#listenForUpdates(hostname) : undefined;
    if (updates) {
      const ready = () => this.#updateBudget.waitForCredit();
      const take = (connection: Deno.TcpConn) => this.#takeOverTcp(connection);
      servers.push(new ConnectionServer(updates, take, { addressOf, ready }));
    }
    this.#servers = servers;
  }

  /** Closes everything at once. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#udp.close();
    await Promise.all([this.#receiving, ...this.#servers.map((server) => server.stop())]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(MAX_UPDATE_BYTES);
    while (!this.#stopping.signal.aborted) {
      try {
        // While nobody receives, the kernel drops what has no room: a flood costs nothing here (I9).
        await this.#updateBudget.waitForCredit();
        const [bytes, from] = await this.#udp.receive(buffer);
        await this.#take(bytes, (from as Deno.NetAddr).hostname);
      } catch {
        // The socket is closed, or has some passing trouble that says nothing of the next datagram.
        await sleep(RECEIVE_RETRY_MS, this.#stopping.signal);
      }
    }
  }

  /** Takes one update; never rejects (I9). */
  async #take(bytes: Uint8Array, from: string): Promise<void> {
    const address = unmapped(from);
    let length = bytes.length;
    const startMs = performance.now();
    try {
      const update = await readUpdate(bytes);
      length = Math.max(length, update.body.length);
      const name = this.#names?.nameOf(address);
      // The next update may come from elsewhere: it does not wait for this one's name.
      if (name instanceof Promise) void name.then((found) => this.#put(update, address, found));
      else this.#put(update, address, name);
    } catch (error) {
      // It may have been inflated to this length before it was dropped.
      if (isCompressed(bytes)) length = MAX_UPDATE_BYTES;
      this.#log.debug("Update dropped", { from: address, because: messageOf(error) });
    }
    const { minBytes, bytesPerMs } = CATALOG_UPDATE_LIMIT;
    this.#updateBudget.spend(
      Math.max(minBytes, length, (performance.now() - startMs) * bytesPerMs),
    );
  }

  #put(update: Update, address: string, name: string | undefined): void {
    const { key } = this.#store.put(update, { address, name }, this.#now());
    this.#log.debug("Update", { key });
  }

  async #takeOverTcp(connection: Deno.TcpConn): Promise<void> {
    const bytes = await readUntil(connection, MAX_UPDATE_BYTES);
    await this.#updateBudget.waitForCredit();
    if (bytes) await this.#take(bytes, connection.remoteAddr.hostname);
  }

  async #answer(connection: Deno.TcpConn, hasAsked: () => void): Promise<void> {
    const request = await readRequest(connection);
    hasAsked();
    if (request === undefined) return;
    const paced = <T>(work: () => T) => this.#answers.run(work);
    const reply = await paced(() =>
      typeof request === "number" ? rejection(request) : replyTo(request, this.#store, this.#now())
    );
    const headOnly = typeof request === "object" && request.method === "HEAD";
    await writeReply(connection, reply, headOnly, paced);
  }

  /** What it asked is read first: a connection that is closed with unread bytes loses its reply. */
  async #askBackLater(connection: Deno.TcpConn): Promise<void> {
    if (await readRequest(connection) === undefined) return;
    await writeReply(connection, rejection(503), false, (work) => this.#answers.run(work));
  }

  #listenForUpdates(hostname: string): Deno.TcpListener | undefined {
    const port = this.port + 1;
    try {
      return Deno.listen({ hostname, port, tcpBacklog: LISTEN_BACKLOG });
    } catch (error) {
      this.#log.warn(
        `Cannot take updates by TCP on port ${port}: ${messageOf(error)}; updates by UDP work`,
      );
      return undefined;
    }
  }
}

/** Listens on one port number for both; TCP first, since holding it decides who the catalog is. */
function listenOnBoth(
  hostname: string,
  port: number,
): { tcp: Deno.TcpListener; udp: Deno.DatagramConn } {
  for (let tries = 1;; tries++) {
    const tcp = Deno.listen({ hostname, port, tcpBacklog: LISTEN_BACKLOG });
    try {
      const udp = Deno.listenDatagram({
        transport: "udp",
        hostname,
        port: tcp.addr.port,
      });
      return { tcp, udp };
    } catch (error) {
      tcp.close();
      const retry = port === 0 && tries < PORT_TRIES && error instanceof Deno.errors.AddrInUse;
      if (!retry) throw error;
    }
  }
}
