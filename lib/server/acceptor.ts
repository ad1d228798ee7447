/**
 * Accepts clients and keeps track of them: the listening socket, the sessions, the bounds on both.
 *
 * Who is not taken is told `Busy` once. When all places are taken, one more is kept for the owner: a
 * connection from the server's own machine may still ask for `hello` and `info` (see `#takeOwner`).
 */
import { settlesWithin, sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import {
  ADMIN_IDLE_MS,
  ADMIN_REQUEST_MS,
  DRAIN_MS,
  LINGER_MS,
  MAX_DELAYED_AUTH_REPLIES,
  MAX_LINGERING,
  MIN_FREE_FILES,
  SWEEP_MS,
} from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Yielder } from "../runtime/yielding.ts";
import { freeSpareChunks } from "../bytes/byte_chunks.ts";
import { failureLine } from "../protocol/encode_reply.ts";
import type { Client, ClosingFailure } from "../commands/command_table.ts";
import { Cursors } from "../commands/cursors.ts";
import { addressGroup, addressText, unmapped } from "../base/address.ts";
import { AddressLimiter, type AddressLimits, isSameMachine } from "./address_limits.ts";
import { IdleGc } from "../runtime/idle_gc.ts";
import { BufferBudget } from "./buffer_budget.ts";
import {
  Connection,
  type ConnectionLimits,
  type Ending,
  type Socket,
  type Submit,
} from "./connection.ts";
import type { ClientConn, ClientListener } from "./listener.ts";
import { TcpSocket } from "./socket.ts";

/** Pause after a failed accept, in milliseconds: out of file handles, most likely. */
const ACCEPT_PAUSE_MS = 50;

/** Such failures come in thousands; one line tells of all of them for so long, in milliseconds. */
const ACCEPT_WARNING_MS = 10_000;

/** Shortest time between two sweeps, in milliseconds. */
const MIN_SWEEP_MS = 10;

/** Bounds on clients; see `limits.ts`. */
export interface ClientLimits extends ConnectionLimits, AddressLimits {
  readonly maxClients: number;
  /** Of all clients' half-sent requests and waiting replies. */
  readonly maxBufferBytes: number;
  readonly maxCursors: number;
}

/** What an acceptor needs. */
export interface AcceptorOptions {
  readonly submit: Submit;
  readonly limits: ClientLimits;
  /** Whether clients must say a good hello first. */
  readonly needsToken: boolean;
  readonly yielder: Yielder;
  readonly log: Log;
  /** Called when the connection of a client has ended. */
  readonly onDisconnect: (client: Client) => void;
}

/** Why clients were turned away or disconnected. */
export type TurnedAway = Ending | "clients" | "clients per address" | "connect rate" | "token";

interface Entry {
  readonly session: Connection;
  readonly ended: Promise<void>;
}

/** Accepts clients on one listener. */
export class Acceptor {
  readonly #listener: ClientListener;
  readonly #options: AcceptorOptions;
  readonly #sessions = new Map<number, Entry>();
  readonly #book: AddressLimiter;
  readonly #buffers: BufferBudget;
  readonly #crowd = new IdleGc();
  readonly #clock = { nowMs: performance.now() };
  readonly #stopping = new AbortController();
  readonly #turnedAway = new Map<TurnedAway, number>();
  readonly #sweeping: ReturnType<typeof setInterval>;
  /** Of clients that are not in the owner's place. */
  #places = 0;
  /** Fewer than the limit where the system has not files enough. */
  #maxClients: number;
  #owner: Connection | undefined;
  #lastNumber = 0;
  #refusals = 0;
  #delayed = 0;
  #warnedAtMs = -Infinity;

  constructor(listener: ClientListener, options: AcceptorOptions) {
    this.#listener = listener;
    this.#options = options;
    const { limits } = options;
    this.#maxClients = limits.maxClients;
    this.#book = new AddressLimiter(limits);
    // Room is left for a reply that is being made, and for what is not yet given back of an evicted one.
    const { maxBufferBytes, maxOutputHardBytes } = limits;
    this.#buffers = new BufferBudget(
      Math.max(maxBufferBytes / 2, maxBufferBytes - 2 * maxOutputHardBytes),
    );
    const shortestMs = Math.min(limits.idleTimeoutMs, limits.requestTimeoutMs);
    this.#sweeping = setInterval(
      this.#sweep,
      Math.max(MIN_SWEEP_MS, Math.min(SWEEP_MS, shortestMs / 4)),
    );
  }

  /** Connected clients. */
  get clients(): number {
    return this.#sessions.size;
  }

  /** Bytes of half-sent requests and waiting replies of all clients. */
  get bufferBytes(): number {
    return this.#buffers.bytes;
  }

  /** How many clients were turned away or disconnected since the start, and why. */
  get turnedAway(): ReadonlyMap<TurnedAway, number> {
    return this.#turnedAway;
  }

  /** Accepts until `stop`. */
  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      let connection: ClientConn;
      try {
        connection = await this.#listener.accept();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        if (isOutOfFiles(error)) this.#makeRoom();
        else this.#warn("cannot accept clients for now", messageOf(error));
        await sleep(ACCEPT_PAUSE_MS, this.#stopping.signal);
        continue;
      }
      // `stop` may have come while this one was on its way here, and does not know it.
      if (this.#stopping.signal.aborted) return connection.close();
      try {
        this.#welcome(connection);
      } catch (bug) {
        this.#warn("unexpected failure, which is a bug to report", messageOf(bug));
        connection.close();
      }
      // Thousands may wait to be accepted.
      const rest = this.#options.yielder.yield();
      if (rest !== undefined) await rest;
    }
  }

  /**
   * Takes no more clients and no more requests, and lets clients have their replies.
   *
   * @param drainMs how long, in milliseconds; then the rest is cut off
   */
  async stop(drainMs: number = DRAIN_MS): Promise<void> {
    this.#stopping.abort();
    this.#listener.close();
    const entries = [...this.#sessions.values()];
    for (const { session } of entries) session.end();
    await settlesWithin(Promise.all(entries.map(({ ended }) => ended)), drainMs);
    for (const { session } of entries) session.cut();
    await Promise.all(entries.map(({ ended }) => ended));
    clearInterval(this.#sweeping);
  }

  #welcome(connection: ClientConn): void {
    const { limits } = this.#options;
    const { hostname } = connection.remoteAddr;
    const address = addressGroup(hostname);
    const problem = this.#book.connect(address, performance.now());
    const isFull = this.#places >= this.#maxClients;
    if (problem !== "too many connects" && (isFull || problem !== undefined)) {
      const busy = isFull ? serverBusy(this.#maxClients) : addressBusy(limits.maxClientsPerAddress);
      this.#count(isFull ? "clients" : "clients per address");
      if (isSameMachine(connection.localAddr.hostname, hostname)) {
        this.#takeOwner(connection, address, busy);
      } else void this.#refuse(this.#connectionOf(connection), busy);
      return;
    }
    if (problem !== undefined) {
      this.#count("connect rate");
      void this.#refuse(this.#connectionOf(connection), connectsBusy(limits.maxConnectsPerSecond));
      return;
    }
    this.#take(connection, address);
  }

  #take(connection: ClientConn, address: string, busy?: ClosingFailure): Connection {
    const { limits, log, submit, needsToken, yielder } = this.#options;
    const number = ++this.#lastNumber;
    const client: Client = {
      number,
      cursors: new Cursors(limits.maxCursors),
      isAuthenticated: !needsToken,
      agent: undefined,
    };
    const session = new Connection({
      client,
      socket: this.#connectionOf(connection),
      submit,
      limits,
      buffers: this.#buffers,
      clock: this.#clock,
      yielder,
      log,
      ...(busy ? { busy } : {}),
      delayRefusal: () => this.#delayRefusal(address),
      onEnding: this.#count,
    });
    if (log.isDebug) log.debug("connect", { client: number, from: peerOf(connection) });
    if (busy === undefined) this.#places++;
    this.#book.add(address);
    const ended = session.run().then(() => {
      this.#sessions.delete(number);
      this.#options.onDisconnect(client);
      this.#book.remove(address);
      if (busy === undefined) this.#places--;
      else if (this.#owner === session) this.#owner = undefined;
    });
    this.#sessions.set(number, { session, ended });
    return session;
  }

  /**
   * Gives the owner's place to a connection; who has it and does nothing with it makes way. One that
   * says nothing soon is not the owner.
   */
  #takeOwner(connection: ClientConn, address: string, busy: ClosingFailure): void {
    const before = this.#owner;
    const idleMs = before?.hasRequested ? performance.now() - before.lastActivityMs : Infinity;
    if (idleMs < ADMIN_IDLE_MS) {
      void this.#refuse(this.#connectionOf(connection), busy);
      return;
    }
    if (before !== undefined && !before.dismiss(busy)) before.disconnectBusy();
    const owner = this.#owner = this.#take(connection, address, busy);
    void sleep(ADMIN_REQUEST_MS, this.#stopping.signal).then(() => {
      if (!owner.hasRequested) owner.dismiss(busy);
    });
  }

  /** Says `Busy`, and closes. */
  async #refuse(connection: Socket, busy: ClosingFailure): Promise<void> {
    const mayLinger = this.#refusals < MAX_LINGERING;
    this.#refusals++;
    try {
      // With TLS, the client might never let it be written.
      await settlesWithin(connection.write(failureLine(busy)), LINGER_MS, this.#stopping.signal);
      if (mayLinger) await connection.linger();
    } catch {
      // It did not wait for the answer.
    } finally {
      connection.close();
      this.#refusals--;
    }
  }

  /** Waits before a wrong token is answered, longer each time: guessing takes time. */
  async #delayRefusal(address: string): Promise<void> {
    this.#count("token");
    const delayMs = this.#book.refused(address, performance.now());
    if (this.#delayed >= MAX_DELAYED_AUTH_REPLIES) return;
    this.#delayed++;
    await sleep(delayMs, this.#stopping.signal);
    this.#delayed--;
  }

  readonly #sweep = (): void => {
    this.#clock.nowMs = performance.now();
    for (const { session } of this.#sessions.values()) session.expire();
    freeSpareChunks();
    this.#crowd.update(this.#sessions.size, this.#clock.nowMs);
  };

  readonly #count = (why: TurnedAway): void => {
    this.#turnedAway.set(why, (this.#turnedAway.get(why) ?? 0) + 1);
    this.#options.log.debug("turned away", { why, clients: this.#sessions.size });
  };

  /**
   * The system lets this process open no more files: it takes fewer clients from now on, so that the
   * others can be told. Those that were silent for longest go.
   */
  #makeRoom(): void {
    // Else it is refusals that take the files, for a moment.
    if (this.#places < this.#maxClients && this.#maxClients < this.#options.limits.maxClients) {
      return;
    }
    this.#maxClients = Math.max(1, this.#places - MIN_FREE_FILES);
    const sessions = [...this.#sessions.values()].map(({ session }) => session);
    sessions.sort((a, b) => a.lastActivityMs - b.lastActivityMs);
    const busy = serverBusy(this.#maxClients);
    for (const session of sessions.slice(0, sessions.length - this.#maxClients)) {
      if (!session.dismiss(busy)) session.disconnectBusy();
    }
    this.#warn(
      `at most ${this.#maxClients} clients from now on`,
      "the system lets this process open no more files (ulimit -n)",
    );
  }

  #warn(message: string, why: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#warnedAtMs < ACCEPT_WARNING_MS) return;
    this.#warnedAtMs = nowMs;
    this.#options.log.warn(message, { why });
  }

  #connectionOf(connection: ClientConn): Socket {
    return new TcpSocket(connection, this.#stopping.signal);
  }
}

function serverBusy(maxClients: number): ClosingFailure {
  return busy(
    `This server takes at most ${maxClients} clients (--max-clients), and has them; try again later`,
  );
}

function addressBusy(maxClients: number): ClosingFailure {
  return busy(
    `This server takes at most ${maxClients} clients from one address (--max-clients-per-address), and has them; close some first`,
  );
}

function connectsBusy(perSecond: number): ClosingFailure {
  return busy(
    `This server takes at most ${perSecond} connects a second from one address (--max-connect-rate); use connections for longer`,
  );
}

function busy(message: string): ClosingFailure {
  return { type: "Busy", message, closes: true };
}

function isOutOfFiles(error: unknown): boolean {
  return /os error (23|24)\b/.test(messageOf(error)); // ENFILE, EMFILE
}

function peerOf(connection: ClientConn): string {
  const { hostname, port } = connection.remoteAddr;
  return addressText({ hostname: unmapped(hostname), port });
}
