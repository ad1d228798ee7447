/**
 * The acceptor: takes connections from the listening socket, and keeps the set of those that are served
 * until they end. `admission.ts` decides which ones are served. A periodic sweep ends connections at their
 * time limits, and frees memory.
 */
import { addressText, unmapped } from "../base/address.ts";
import { settlesWithin, sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { DRAIN_MS, SWEEP_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { freeSpareChunks } from "../bytes/byte_chunks.ts";
import { IdleGc } from "../runtime/idle_gc.ts";
import type { Yielder } from "../runtime/yielding.ts";
import { Admission, type AdmissionLimits } from "./admission.ts";
import { Connection } from "./connection.ts";
import type { ConnectionLimits, ConnectionOptions } from "./connection_options.ts";
import type { ClientConn, ClientListener } from "./listener.ts";
import { TcpSocket } from "./socket.ts";

/** Pause after a failed accept, in milliseconds: usually the process has no free file handle. */
const ACCEPT_PAUSE_MS = 50;

/** Time between two warnings about failed accepts, in milliseconds: thousands may fail at once. */
const ACCEPT_WARNING_MS = 10_000;

/** Shortest time between two sweeps, in milliseconds. */
const MIN_SWEEP_MS = 10;

/** The parts and settings of an acceptor. */
interface AcceptorOptions {
  readonly attach: ConnectionOptions["attach"];
  readonly limits: ConnectionLimits & AdmissionLimits;
  /** Whether clients must send the token before anything else. */
  readonly requiresToken: boolean;
  readonly yielder: Yielder;
  readonly log: Log;
  /** Called when a connection has ended. */
  readonly onDisconnect: (connection: Connection) => void;
}

/** Accepts clients on one listener. */
export class Acceptor {
  readonly admission: Admission;
  readonly #listener: ClientListener;
  readonly #options: AcceptorOptions;
  /** Each served connection, with the end of its `run`. */
  readonly #connections = new Map<Connection, Promise<void>>();
  readonly #idleGc = new IdleGc();
  readonly #clock = { nowMs: performance.now() };
  readonly #stopping = new AbortController();
  readonly #sweeping: ReturnType<typeof setInterval>;
  #warnedAtMs = -Infinity;

  constructor(listener: ClientListener, options: AcceptorOptions) {
    this.#listener = listener;
    this.#options = options;
    const { limits, requiresToken, log } = options;
    const stopping = this.#stopping.signal;
    this.admission = new Admission({ limits, requiresToken, log, stopping });
    const shortestMs = Math.min(limits.idleTimeoutMs, limits.requestTimeoutMs);
    this.#sweeping = setInterval(
      this.#sweep,
      Math.max(MIN_SWEEP_MS, Math.min(SWEEP_MS, shortestMs / 4)),
    );
  }

  /** Connected clients. */
  get clients(): number {
    return this.#connections.size;
  }

  /** Accepts until `stop`. */
  async run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let conn: ClientConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (signal.aborted) return;
        this.#handleFailedAccept(error);
        await sleep(ACCEPT_PAUSE_MS, signal);
        continue;
      }
      // `stop` has missed a connection that was accepted at the same moment.
      if (signal.aborted) return conn.close();
      try {
        this.#serve(conn);
      } catch (bug) {
        this.#warn("unexpected failure, which is a bug to report", messageOf(bug));
        conn.close();
      }
      // Thousands of connections may wait to be accepted.
      const yielded = this.#options.yielder.yield();
      if (yielded !== undefined) await yielded;
    }
  }

  /**
   * Accepts no more connections and no more requests, and waits until clients have read their replies.
   *
   * @param drainMs longest wait, in milliseconds; then the other connections are closed
   */
  async stop(drainMs: number = DRAIN_MS): Promise<void> {
    this.#stopping.abort();
    this.#listener.close();
    const connections = [...this.#connections.keys()];
    const ended = Promise.all(this.#connections.values());
    for (const connection of connections) connection.end();
    await settlesWithin(ended, drainMs);
    for (const connection of connections) connection.cut();
    await ended;
    clearInterval(this.#sweeping);
  }

  #serve(conn: ClientConn): void {
    const { admission } = this;
    const { attach, limits, yielder, log, onDisconnect } = this.#options;
    const socket = new TcpSocket(conn, this.#stopping.signal);
    const localHost = conn.localAddr.hostname;
    const { hostname: remoteHost, port } = conn.remoteAddr;
    const slot = admission.admit({ socket, localHost, remoteHost });
    if (slot === undefined) return;
    const { client, address, busy } = slot;
    const connection = new Connection({
      client,
      socket,
      attach,
      limits,
      buffers: admission.buffers,
      clock: this.#clock,
      yielder,
      log,
      ...(busy ? { busy } : {}),
      delayAuthReply: () => admission.delayAuthReply(address),
      onEnding: admission.count,
    });
    if (log.isDebug) {
      const from = addressText({ hostname: unmapped(remoteHost), port });
      log.debug("connect", { client: client.number, from });
    }
    admission.start(slot, connection);
    const ended = connection.run().then(() => {
      this.#connections.delete(connection);
      onDisconnect(connection);
      admission.end(slot, connection);
    });
    this.#connections.set(connection, ended);
  }

  /** Ends connections whose time is over, and frees unused memory. */
  readonly #sweep = (): void => {
    this.#clock.nowMs = performance.now();
    for (const connection of this.#connections.keys()) connection.expire();
    freeSpareChunks();
    this.#idleGc.update(this.#connections.size, this.#clock.nowMs);
  };

  #handleFailedAccept(error: unknown): void {
    if (!isOutOfFiles(error)) return this.#warn("cannot accept clients for now", messageOf(error));
    const maxClients = this.admission.freeFiles([...this.#connections.keys()]);
    if (maxClients === undefined) return;
    this.#warn(
      `at most ${maxClients} clients from now on`,
      "the system lets this process open no more files (ulimit -n)",
    );
  }

  #warn(message: string, why: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#warnedAtMs < ACCEPT_WARNING_MS) return;
    this.#warnedAtMs = nowMs;
    this.#options.log.warn(message, { why });
  }
}

function isOutOfFiles(error: unknown): boolean {
  return /os error (23|24)\b/.test(messageOf(error)); // ENFILE, EMFILE
}
