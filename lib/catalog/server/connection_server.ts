/**
 * Serves connections that live for one exchange each, bounded in number and time (I5): slow or
 * silent ones never keep others out for long.
 */
import { settlesWithin, sleep } from "../../base/clock.ts";
import {
  CATALOG_EXCHANGE_MS,
  CATALOG_GRACE_MS,
  MAX_CATALOG_CONNECTIONS,
  MAX_CATALOG_CONNECTIONS_PER_PEER,
  MAX_CATALOG_REJECTIONS,
} from "../../base/limits.ts";

/** What an exchange needs of a connection. */
export interface Connection {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Where connections come from. */
export interface Acceptor<C> {
  accept(): Promise<C>;
  close(): void;
}

/** Bounds; see `limits.ts`. */
export interface ConnectionLimits {
  readonly connections: number;
  readonly perAddress: number;
  readonly refusals: number;
  readonly graceMs: number;
  readonly exchangeMs: number;
}

const DEFAULT_LIMITS: ConnectionLimits = {
  connections: MAX_CATALOG_CONNECTIONS,
  perAddress: MAX_CATALOG_CONNECTIONS_PER_PEER,
  refusals: MAX_CATALOG_REJECTIONS,
  graceMs: CATALOG_GRACE_MS,
  exchangeMs: CATALOG_EXCHANGE_MS,
};

/**
 * What is done with a connection, which is closed afterwards; errors are the peer's trouble and
 * ignored.
 *
 * @param hasAsked to be called once the peer's question is there
 */
export type ExchangeHandler<C> = (connection: C, hasRequest: () => void) => Promise<void>;

/** What a `ConnectionServer` may be told. */
export interface ConnectionOptions<C> {
  /** Default: those of `limits.ts`. */
  readonly limits?: ConnectionLimits;
  /** Who is at the other end (default: the same one always). */
  readonly addressOf?: (connection: C) => string;
  /** Asks a peer with too many connections to come back (default: closes the connection). */
  readonly refuse?: ExchangeHandler<C>;
  /** Waited for before each connection is accepted (default: nothing). */
  readonly ready?: () => Promise<void>;
}

/** How long to wait after an accept that failed, as when all file descriptors are taken. */
const ACCEPT_RETRY_MS = 100;

interface Exchange {
  readonly peer: string;
  /** Whether it only asks the peer to come back. */
  readonly isRefusal: boolean;
  /** Whether its question is there: it is then worth an answer. */
  hasRequest: boolean;
  /** False once its connection is closed; what it still has to do then ends soon. */
  isOpen: boolean;
  readonly sinceMs: number;
  /** Closes the connection, which ends the exchange. */
  cutOff(): void;
  readonly done: Promise<void>;
}

/** Accepts connections and runs one exchange on each. */
export class ConnectionServer<C extends Connection> {
  readonly #acceptor: Acceptor<C>;
  readonly #exchange: ExchangeHandler<C>;
  readonly #limits: ConnectionLimits;
  readonly #peerOf: (connection: C) => string;
  readonly #refuse: ExchangeHandler<C>;
  readonly #ready: () => Promise<void>;
  /** In the order in which they began. */
  readonly #open = new Set<Exchange>();
  readonly #stopping = new AbortController();
  readonly #accepting: Promise<void>;
  #oneEnded = Promise.withResolvers<void>();

  /**
   * @param acceptor closed by `stop`
   * @param exchange what to do with a connection
   * @param options bounds above all
   */
  constructor(
    acceptor: Acceptor<C>,
    exchange: ExchangeHandler<C>,
    options: ConnectionOptions<C> = {},
  ) {
    this.#acceptor = acceptor;
    this.#exchange = exchange;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#peerOf = options.addressOf ?? (() => "");
    this.#refuse = options.refuse ?? (() => Promise.resolve());
    this.#ready = options.ready ?? (() => Promise.resolve());
    this.#accepting = this.#accept();
  }

  /** Closes everything at once. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#acceptor.close();
    for (const exchange of this.#open) exchange.cutOff();
    await Promise.all([this.#accepting, ...[...this.#open].map(({ done }) => done)]);
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
      else this.#begin(connection);
      while (this.#open.size >= this.#limits.connections && !signal.aborted) await this.#makeRoom();
    }
  }

  #begin(connection: C): void {
    const peer = this.#peerOf(connection);
    const open = [...this.#open].filter((one) => one.isOpen);
    const ofPeer = open.filter((one) => one.peer === peer && !one.isRefusal);
    if (ofPeer.length < this.#limits.perAddress) {
      return this.#start(connection, peer, this.#exchange);
    }
    // One peer alone never fills the room of all: its oldest connection that asked nothing yet pays
    // for its newest one. All others were promised an answer, which is due within their grace.
    const [oldest] = ofPeer;
    const isSlow = oldest && performance.now() - oldest.sinceMs >= this.#limits.graceMs;
    const leaving = ofPeer.find((one) => !one.hasRequest) ?? (isSlow ? oldest : undefined);
    if (leaving) {
      leaving.cutOff();
      return this.#start(connection, peer, this.#exchange);
    }
    const refusals = open.filter((one) => one.isRefusal);
    if (refusals.length >= this.#limits.refusals) refusals[0]?.cutOff();
    this.#start(connection, peer, this.#refuse);
  }

  #start(connection: C, peer: string, exchangeOn: ExchangeHandler<C>): void {
    const isRefusal = exchangeOn === this.#refuse;
    const cutOff = () => {
      if (exchange.isOpen) connection.close();
      exchange.isOpen = false;
    };
    const { exchangeMs, graceMs } = this.#limits;
    const timer = setTimeout(cutOff, isRefusal ? Math.min(graceMs, exchangeMs) : exchangeMs);
    const begun = Promise.resolve(); // the exchange may report its question at once
    const exchange: Exchange = {
      peer,
      isRefusal,
      hasRequest: false,
      isOpen: true,
      sinceMs: performance.now(),
      cutOff,
      done: begun.then(() => exchangeOn(connection, () => exchange.hasRequest = true)).catch(
        () => {},
      )
        .then(() => {
          clearTimeout(timer);
          cutOff();
          this.#open.delete(exchange);
          this.#oneEnded.resolve();
          this.#oneEnded = Promise.withResolvers();
        }),
    };
    this.#open.add(exchange);
  }

  /** Waits for an exchange to end; the oldest one is cut off once its grace is over. */
  async #makeRoom(): Promise<void> {
    const [oldest] = this.#open;
    if (!oldest) return;
    const graceMs = oldest.sinceMs + this.#limits.graceMs - performance.now();
    const { promise } = this.#oneEnded;
    if (await settlesWithin(promise, Math.max(0, graceMs), this.#stopping.signal)) return;
    oldest.cutOff();
    if (!this.#stopping.signal.aborted) await promise;
  }
}

/** Writes all of some bytes. */
export async function writeAll(connection: Connection, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += await connection.write(bytes.subarray(done));
  }
}

/**
 * Reads until the peer ends, or until enough came.
 *
 * @param enough looks at all bytes so far, after each read
 * @returns the bytes, or undefined where more than `maxBytes` came
 */
export async function readUntil(
  connection: Connection,
  maxBytes: number,
  enough: (bytes: Uint8Array) => boolean = () => false,
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
    if (enough(buffer.subarray(0, length))) break;
  }
  return length > maxBytes ? undefined : buffer.subarray(0, length);
}
