/**
 * A server of connections with one exchange each, bounded in number and time (I5): slow or silent
 * connections never block others for long.
 */
import { settlesWithin, sleep } from "../../base/clock.ts";
import {
  CATALOG_EXCHANGE_MS,
  CATALOG_GRACE_MS,
  MAX_CATALOG_CONNECTIONS,
  MAX_CATALOG_CONNECTIONS_PER_PEER,
  MAX_CATALOG_REJECTIONS,
} from "../../base/limits.ts";

/** A connection, as an exchange uses it. */
export interface Connection {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** The source of connections. */
export interface Acceptor<C> {
  accept(): Promise<C>;
  close(): void;
}

/** Bounds; see `limits.ts`. */
interface ConnectionLimits {
  readonly connections: number;
  readonly perAddress: number;
  readonly rejections: number;
  readonly graceMs: number;
  readonly exchangeMs: number;
}

const DEFAULT_LIMITS: ConnectionLimits = {
  connections: MAX_CATALOG_CONNECTIONS,
  perAddress: MAX_CATALOG_CONNECTIONS_PER_PEER,
  rejections: MAX_CATALOG_REJECTIONS,
  graceMs: CATALOG_GRACE_MS,
  exchangeMs: CATALOG_EXCHANGE_MS,
};

/**
 * Runs the exchange of a connection, which is closed afterwards. Its errors are ignored, because the
 * peer causes them.
 *
 * @param onRequest to call once the peer's request is complete
 */
type ExchangeHandler<C> = (connection: C, onRequest: () => void) => Promise<void>;

interface ConnectionOptions<C> {
  /** Default: those of `limits.ts`. */
  readonly limits?: ConnectionLimits;
  /** The address of the peer, for `perAddress` (default: all connections have the same one). */
  readonly addressOf?: (connection: C) => string;
  /** Exchange with a peer that has too many connections (default: none). */
  readonly reject?: ExchangeHandler<C>;
  /** Delays the next accept until it resolves (default: no delay). */
  readonly ready?: () => Promise<void>;
}

/** Pause after a failed accept, in milliseconds; for example, all file descriptors are in use. */
const ACCEPT_RETRY_MS = 100;

interface Exchange {
  readonly address: string;
  /** Whether it only rejects the peer. */
  readonly isRejection: boolean;
  /** Whether the request is complete. */
  hasRequest: boolean;
  /** False once its connection is closed; the exchange then ends soon. */
  isOpen: boolean;
  readonly sinceMs: number;
  /** Closes the connection, which ends the exchange. */
  close(): void;
  readonly done: Promise<void>;
}

/** Accepts connections and runs one exchange on each. */
export class ConnectionServer<C extends Connection> {
  readonly #acceptor: Acceptor<C>;
  readonly #exchange: ExchangeHandler<C>;
  readonly #limits: ConnectionLimits;
  readonly #addressOf: (connection: C) => string;
  readonly #reject: ExchangeHandler<C>;
  readonly #ready: () => Promise<void>;
  /** The running exchanges, the oldest first. */
  readonly #exchanges = new Set<Exchange>();
  readonly #stopping = new AbortController();
  readonly #accepting: Promise<void>;
  #oneEnded = Promise.withResolvers<void>();

  /**
   * @param acceptor `stop` closes it
   * @param exchange runs on each connection
   */
  constructor(
    acceptor: Acceptor<C>,
    exchange: ExchangeHandler<C>,
    options: ConnectionOptions<C> = {},
  ) {
    this.#acceptor = acceptor;
    this.#exchange = exchange;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#addressOf = options.addressOf ?? (() => "");
    this.#reject = options.reject ?? (() => Promise.resolve());
    this.#ready = options.ready ?? (() => Promise.resolve());
    this.#accepting = this.#accept();
  }

  /** Closes all connections at once. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#acceptor.close();
    for (const exchange of this.#exchanges) exchange.close();
    await Promise.all([this.#accepting, ...[...this.#exchanges].map(({ done }) => done)]);
  }

  async #accept(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let connection: C;
      try {
        await this.#ready();
        connection = await this.#acceptor.accept();
      } catch {
        await sleep(ACCEPT_RETRY_MS, signal);
        continue;
      }
      if (signal.aborted) connection.close();
      else this.#add(connection);
      while (this.#exchanges.size >= this.#limits.connections && !signal.aborted) {
        await this.#waitForRoom();
      }
    }
  }

  #add(connection: C): void {
    const address = this.#addressOf(connection);
    const open = [...this.#exchanges].filter((one) => one.isOpen);
    const ofAddress = open.filter((one) => one.address === address && !one.isRejection);
    if (ofAddress.length < this.#limits.perAddress) {
      return this.#start(connection, address, this.#exchange);
    }
    // One address must not fill the server. Its newest connection replaces its oldest one without a
    // request; the others get their reply, within the grace time.
    const [oldest] = ofAddress;
    const isSlow = oldest && performance.now() - oldest.sinceMs >= this.#limits.graceMs;
    const replaced = ofAddress.find((one) => !one.hasRequest) ?? (isSlow ? oldest : undefined);
    if (replaced) {
      replaced.close();
      return this.#start(connection, address, this.#exchange);
    }
    const rejections = open.filter((one) => one.isRejection);
    if (rejections.length >= this.#limits.rejections) rejections[0]?.close();
    this.#start(connection, address, this.#reject);
  }

  #start(connection: C, address: string, handler: ExchangeHandler<C>): void {
    const isRejection = handler === this.#reject;
    const close = () => {
      if (exchange.isOpen) connection.close();
      exchange.isOpen = false;
    };
    const { exchangeMs, graceMs } = this.#limits;
    const timer = setTimeout(close, isRejection ? Math.min(graceMs, exchangeMs) : exchangeMs);
    const started = Promise.resolve(); // the handler may call `onRequest` at once
    const exchange: Exchange = {
      address,
      isRejection,
      hasRequest: false,
      isOpen: true,
      sinceMs: performance.now(),
      close,
      done: started.then(() => handler(connection, () => exchange.hasRequest = true)).catch(
        () => {},
      )
        .then(() => {
          clearTimeout(timer);
          close();
          this.#exchanges.delete(exchange);
          this.#oneEnded.resolve();
          this.#oneEnded = Promise.withResolvers();
        }),
    };
    this.#exchanges.add(exchange);
  }

  /** Waits for an exchange to end; closes the oldest one after its grace time. */
  async #waitForRoom(): Promise<void> {
    const [oldest] = this.#exchanges;
    if (!oldest) return;
    const graceMs = oldest.sinceMs + this.#limits.graceMs - performance.now();
    const { promise } = this.#oneEnded;
    if (await settlesWithin(promise, Math.max(0, graceMs), this.#stopping.signal)) return;
    oldest.close();
    if (!this.#stopping.signal.aborted) await promise;
  }
}

/** Writes all bytes. */
export async function writeAll(connection: Connection, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += await connection.write(bytes.subarray(done));
  }
}

/**
 * Reads until the peer closes its side, or until the bytes are enough.
 *
 * @param isEnough called with all bytes so far, after each read
 * @returns the bytes, or undefined if the peer sent more than `maxBytes`
 */
export async function readUntil(
  connection: Connection,
  maxBytes: number,
  isEnough: (bytes: Uint8Array) => boolean = () => false,
): Promise<Uint8Array | undefined> {
  let buffer = new Uint8Array(1_024);
  let length = 0;
  for (;;) {
    if (length === buffer.length) {
      if (length > maxBytes) return undefined;
      const larger = new Uint8Array(length * 4);
      larger.set(buffer);
      buffer = larger;
    }
    const count = await connection.read(buffer.subarray(length));
    if (count === null) break;
    length += count;
    if (isEnough(buffer.subarray(0, length))) break;
  }
  return length > maxBytes ? undefined : buffer.subarray(0, length);
}
