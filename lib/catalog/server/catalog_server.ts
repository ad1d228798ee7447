/**
 * The catalog server: accepts updates by UDP (and by TCP on the next port), and lists records over
 * HTTP on the TCP port of the same number. Programs of cctools work with it in both directions.
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
  /** Port for HTTP and UDP; 0 for any port that is free for both. */
  readonly port: number;
  /** Seconds without an update until a record expires. */
  readonly lifetimeS: number;
  readonly log: Log;
  /** Whether to accept updates by TCP on the next port. */
  readonly tcpUpdates: boolean;
  /** Looks up the name of a sender (default: none, so that a record has the name that it claims). */
  readonly reverseLookup?: ReverseLookup;
  /** Bounds of the store (default: those of `limits.ts`). */
  readonly limits?: StoreLimits;
  /** The catalog's share of the process (default: that of a catalog in a process of its own). */
  readonly rates?: CatalogRates;
}

/** The share of a process that a catalog may use; see `limits.ts`. */
interface CatalogRates {
  readonly updateBytesPerS: number;
  readonly answerMsPerS: number;
}

const DEFAULT_RATES: CatalogRates = {
  updateBytesPerS: CATALOG_UPDATE_LIMIT.bytesPerS,
  answerMsPerS: CATALOG_QUERY_MS_PER_S.standalone,
};

function now(): CatalogTime {
  return { unixS: unixSeconds(), monotonicS: performance.now() / 1_000 };
}

/** Burst of updates that is accepted at once, in seconds of the rate. */
const UPDATE_BURST_S = 0.1;

/** Estimated time to accept a connection and to read its request, in milliseconds. */
const CONNECTION_MS = 0.2;

/** Attempts to find a port that is free for both, if any port is allowed. */
const PORT_TRIES = 50;

/** Pause after a failed receive, in milliseconds. */
const RECEIVE_RETRY_MS = 100;

/** A running catalog. */
export class CatalogServer implements AsyncDisposable {
  /** The port for HTTP and UDP. */
  readonly port: number;
  readonly #log: Log;
  readonly #store: RecordStore;
  readonly #names: ReverseDnsCache | undefined;
  readonly #udp: Deno.DatagramConn;
  readonly #receiving: Promise<void>;
  readonly #servers: readonly ConnectionServer<Deno.TcpConn>[];
  readonly #stopping = new AbortController();
  readonly #updateLimit: RateLimit;
  readonly #replyWork: ThrottledWork;

  /**
   * Starts a catalog.
   *
   * @throws an error of `Deno.listen`, for example `Deno.errors.AddrInUse`; both ports are then free
   */
  constructor(options: CatalogServerOptions) {
    const { hostname, lifetimeS, log, limits, rates = DEFAULT_RATES, reverseLookup } = options;
    const { tcp, udp } = listenOnBoth(hostname, options.port);
    this.port = tcp.addr.port;
    this.#log = log;
    this.#store = new RecordStore(lifetimeS, limits);
    const { updateBytesPerS, answerMsPerS } = rates;
    const { signal } = this.#stopping;
    this.#names = reverseLookup &&
      new ReverseDnsCache(reverseLookup, signal, () => now().monotonicS);
    this.#updateLimit = new RateLimit(updateBytesPerS, updateBytesPerS * UPDATE_BURST_S, signal);
    this.#replyWork = new ThrottledWork(answerMsPerS, 2 * CATALOG_SLICE_MS, signal);
    this.#udp = udp;
    this.#receiving = this.#receive();
    const addressOf = (connection: Deno.TcpConn) => addressGroup(connection.remoteAddr.hostname);
    const servers = [
      new ConnectionServer<Deno.TcpConn>(tcp, (...exchange) => this.#answer(...exchange), {
        addressOf,
        reject: (connection) => this.#replyBusy(connection),
        ready: () => this.#replyWork.spend(CONNECTION_MS),
      }),
    ];
    const updates = options.tcpUpdates ? this.#listenForUpdates(hostname) : undefined;
    if (updates) {
      const ready = () => this.#updateLimit.payDebt();
      const accept = (connection: Deno.TcpConn) => this.#acceptOverTcp(connection);
      servers.push(new ConnectionServer(updates, accept, { addressOf, ready }));
    }
    this.#servers = servers;
  }

  /** Closes all sockets and connections at once. */
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
        // Until the next receive, the kernel drops datagrams over its buffer: a flood costs nothing (I9).
        await this.#updateLimit.payDebt();
        const [bytes, from] = await this.#udp.receive(buffer);
        await this.#accept(bytes, (from as Deno.NetAddr).hostname);
      } catch {
        // The socket is closed, or has a problem that the next datagram may not have.
        await sleep(RECEIVE_RETRY_MS, this.#stopping.signal);
      }
    }
  }

  /** Stores one update; never rejects (I9). */
  async #accept(bytes: Uint8Array, from: string): Promise<void> {
    const address = unmapped(from);
    let length = bytes.length;
    const startMs = performance.now();
    try {
      const update = await readUpdate(bytes);
      length = Math.max(length, update.body.length);
      const name = this.#names?.nameOf(address);
      // The next update may come from another address, and does not wait for this name.
      if (name instanceof Promise) {
        void name.then((hostName) => this.#put(update, address, hostName));
      } else this.#put(update, address, name);
    } catch (error) {
      // The inflated update may have reached this length before it was dropped.
      if (isCompressed(bytes)) length = MAX_UPDATE_BYTES;
      this.#log.debug("Update dropped", { from: address, because: messageOf(error) });
    }
    const { minBytes, bytesPerMs } = CATALOG_UPDATE_LIMIT;
    this.#updateLimit.spend(
      Math.max(minBytes, length, (performance.now() - startMs) * bytesPerMs),
    );
  }

  #put(update: Update, address: string, name: string | undefined): void {
    const { key } = this.#store.put(update, { address, name }, now());
    this.#log.debug("Update", { key });
  }

  async #acceptOverTcp(connection: Deno.TcpConn): Promise<void> {
    const bytes = await readUntil(connection, MAX_UPDATE_BYTES);
    await this.#updateLimit.payDebt();
    if (bytes) await this.#accept(bytes, connection.remoteAddr.hostname);
  }

  async #answer(connection: Deno.TcpConn, onRequest: () => void): Promise<void> {
    const request = await readRequest(connection);
    onRequest();
    if (request === undefined) return;
    const throttle = <T>(work: () => T) => this.#replyWork.run(work);
    const reply = await throttle(() =>
      typeof request === "number" ? rejection(request) : replyTo(request, this.#store, now())
    );
    const isHeadOnly = typeof request === "object" && request.method === "HEAD";
    await writeReply(connection, reply, isHeadOnly, throttle);
  }

  /** Replies 503. It reads the request first: a connection with unread bytes would lose the reply. */
  async #replyBusy(connection: Deno.TcpConn): Promise<void> {
    if (await readRequest(connection) === undefined) return;
    await writeReply(connection, rejection(503), false, (work) => this.#replyWork.run(work));
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

/** Listens on one port number for TCP and UDP; TCP first: the process with that port is the catalog. */
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
