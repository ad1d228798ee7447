/**
 * A catalog: takes updates by UDP (and by TCP on the next port), and lists records over HTTP on the
 * TCP port of the same number. Compatible with cctools' programs in both directions.
 */
import { sleep, unixSeconds } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { MAX_UPDATE_BYTES } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { ConnectionServer, readUntil } from "./connections.ts";
import { readRequest, writeReply } from "./http_exchange.ts";
import { errorPage, page } from "./pages.ts";
import { RecordStore, type StoreLimits } from "./record_store.ts";
import { readUpdate } from "./update_text.ts";

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
  /** Bounds of the store (default: those of `limits.ts`). */
  readonly limits?: StoreLimits;
}

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
  readonly #udp: Deno.DatagramConn;
  readonly #receiving: Promise<void>;
  readonly #servers: readonly ConnectionServer<Deno.TcpConn>[];
  readonly #stopping = new AbortController();

  /**
   * Starts a catalog.
   *
   * @throws what `Deno.listen` throws, `Deno.errors.AddrInUse` above all; nothing is then held
   */
  constructor(options: CatalogServerOptions) {
    const { hostname, lifetimeS, log, limits } = options;
    const { tcp, udp } = listenOnBoth(hostname, options.port);
    this.port = tcp.addr.port;
    this.#log = log;
    this.#store = new RecordStore(lifetimeS, limits);
    this.#udp = udp;
    this.#receiving = this.#receive();
    const servers = [new ConnectionServer(tcp, (connection) => this.#answer(connection))];
    const updates = options.tcpUpdates ? this.#listenForUpdates(hostname) : undefined;
    if (updates) {
      servers.push(new ConnectionServer(updates, (connection) => this.#takeOverTcp(connection)));
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
        const [bytes, from] = await this.#udp.receive(buffer);
        // A compressed update is read while the next one comes: it needs bytes of its own.
        void this.#take(bytes.slice(), (from as Deno.NetAddr).hostname);
      } catch {
        // The socket is closed, or has some passing trouble that says nothing of the next datagram.
        await sleep(RECEIVE_RETRY_MS, this.#stopping.signal);
      }
    }
  }

  /** Takes one update; never rejects (I9). */
  async #take(bytes: Uint8Array, from: string): Promise<void> {
    const address = from.replace(/^::ffff:(?=\d+\.)/, "");
    try {
      const { key } = this.#store.put(await readUpdate(bytes), address, unixSeconds());
      this.#log.debug("Update", { key });
    } catch (error) {
      this.#log.debug("Update dropped", { from: address, because: messageOf(error) });
    }
  }

  async #takeOverTcp(connection: Deno.TcpConn): Promise<void> {
    const bytes = await readUntil(connection, MAX_UPDATE_BYTES);
    if (bytes) await this.#take(bytes, connection.remoteAddr.hostname);
  }

  async #answer(connection: Deno.TcpConn): Promise<void> {
    const request = await readRequest(connection);
    if (request === undefined) return;
    const { method = "GET", path = "" } = typeof request === "number" ? {} : request;
    const reply = typeof request === "number"
      ? errorPage(request)
      : method === "GET" || method === "HEAD"
      ? page(path, this.#store, unixSeconds())
      : errorPage(405);
    await writeReply(connection, reply, method === "HEAD");
  }

  #listenForUpdates(hostname: string): Deno.TcpListener | undefined {
    const port = this.port + 1;
    try {
      return Deno.listen({ hostname, port });
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
    const tcp = Deno.listen({ hostname, port });
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
