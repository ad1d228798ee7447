/**
 * Admission: decides which new connections the server serves, and rejects the others with one `Busy`.
 *
 * Bounds on clients keep memory, files and time for the clients that are served (I5). An operator can still
 * inspect a full server: one reserved connection, from the server's own machine, may send `hello` and
 * `info`.
 */
import { addressGroup } from "../base/address.ts";
import { settlesWithin, sleep } from "../base/clock.ts";
import {
  ADMIN_IDLE_MS,
  ADMIN_REQUEST_MS,
  LINGER_MS,
  MAX_DELAYED_AUTH_REPLIES,
  MAX_LINGERING,
  MIN_FREE_FILES,
} from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Client, ClosingFailure } from "../commands/client_state.ts";
import { Cursors } from "../commands/cursors.ts";
import { failureLine } from "../protocol/encode_reply.ts";
import { AddressLimiter, type AddressLimits, isSameMachine } from "./address_limits.ts";
import { BufferBudget } from "./buffer_budget.ts";
import type { Connection } from "./connection.ts";
import type { Ending } from "./connection_options.ts";
import type { Socket } from "./socket.ts";

/** Bounds on all clients together; see `limits.ts`. */
export interface AdmissionLimits extends AddressLimits {
  readonly maxClients: number;
  /** Bytes of all clients' partial requests and waiting replies. */
  readonly maxBufferBytes: number;
  /** Bytes of one client's waiting replies; beyond it, the client is disconnected. */
  readonly maxOutputHardBytes: number;
  readonly maxCursors: number;
}

/** The settings of admission. */
interface AdmissionOptions {
  readonly limits: AdmissionLimits;
  /** Whether clients must send the token before anything else. */
  readonly requiresToken: boolean;
  readonly log: Log;
  /** Aborted when the server stops, which ends all delays. */
  readonly stopping: AbortSignal;
}

/** A new connection before its admission. */
interface Candidate {
  readonly socket: Socket;
  readonly localHost: string;
  readonly remoteHost: string;
}

/** A place for one connection. */
interface Slot {
  readonly client: Client;
  /** The client's address, as `addressGroup` returns it. */
  readonly address: string;
  /** Set for the reserved connection: the reply to each request other than `hello` and `info`. */
  readonly busy: ClosingFailure | undefined;
}

/** The reason why the server rejected or disconnected a client, or refused its token. */
type RejectionReason =
  | Ending
  | "clients"
  | "clients per address"
  | "connect rate"
  | "token";

/** Admits connections, and counts the rejected ones by reason. */
export class Admission {
  readonly buffers: BufferBudget;
  readonly #options: AdmissionOptions;
  readonly #addresses: AddressLimiter;
  readonly #rejected = new Map<RejectionReason, number>();
  /** Lower than the flag's limit once the system has run out of files. */
  #maxClients: number;
  /** Connected clients without the reserved connection. */
  #clients = 0;
  #reserved: Connection | undefined;
  #lastNumber = 0;
  /** Rejections whose `Busy` is being written. */
  #rejecting = 0;
  #delayedReplies = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const { maxClients, maxBufferBytes, maxOutputHardBytes } = options.limits;
    this.#maxClients = maxClients;
    this.#addresses = new AddressLimiter(options.limits);
    // Leaves room for the reply in progress and for the buffers of an evicted client until they are free.
    this.buffers = new BufferBudget(
      Math.max(maxBufferBytes / 2, maxBufferBytes - 2 * maxOutputHardBytes),
    );
  }

  /** Number of clients that were rejected or disconnected since the start, by reason. */
  get rejected(): ReadonlyMap<RejectionReason, number> {
    return this.#rejected;
  }

  /**
   * Admits a connection or rejects it. `start` and `end` count the served ones.
   *
   * @returns undefined if it is rejected: then its socket is closed in the background
   */
  admit({ socket, localHost, remoteHost }: Candidate): Slot | undefined {
    const { maxClientsPerAddress, maxConnectsPerSecond } = this.#options.limits;
    const address = addressGroup(remoteHost);
    const problem = this.#addresses.connect(address, performance.now());
    if (problem === "too many connects") {
      this.count("connect rate");
      void this.#reject(socket, connectsBusy(maxConnectsPerSecond));
      return undefined;
    }
    const isFull = this.#clients >= this.#maxClients;
    if (!isFull && problem === undefined) return this.#newSlot(address, undefined);
    const busy = isFull ? serverBusy(this.#maxClients) : addressBusy(maxClientsPerAddress);
    this.count(isFull ? "clients" : "clients per address");
    const isReserved = isSameMachine(localHost, remoteHost) && this.#vacateReserved(busy);
    if (isReserved) return this.#newSlot(address, busy);
    void this.#reject(socket, busy);
    return undefined;
  }

  /** Counts a connection that is about to be served. */
  start({ address, busy }: Slot, connection: Connection): void {
    this.#addresses.add(address);
    if (busy === undefined) {
      this.#clients++;
      return;
    }
    this.#reserved = connection;
    // An operator's program sends its request at once; any other peer must not occupy the connection.
    void sleep(ADMIN_REQUEST_MS, this.#options.stopping).then(() => {
      if (!connection.hasRequested) connection.dismiss(busy);
    });
  }

  /** Frees the slot of a connection that has ended. */
  end({ address, busy }: Slot, connection: Connection): void {
    this.#addresses.remove(address);
    if (busy === undefined) this.#clients--;
    else if (this.#reserved === connection) this.#reserved = undefined;
  }

  /** Counts a client that is rejected or disconnected. */
  readonly count = (why: RejectionReason): void => {
    this.#rejected.set(why, (this.#rejected.get(why) ?? 0) + 1);
    this.#options.log.debug("rejected", { why, clients: this.#clients });
  };

  /** Delays the reply to a wrong token, longer each time, so that guessing takes long. */
  async delayAuthReply(address: string): Promise<void> {
    this.count("token");
    const delayMs = this.#addresses.countWrongToken(address, performance.now());
    if (this.#delayedReplies >= MAX_DELAYED_AUTH_REPLIES) return;
    this.#delayedReplies++;
    await sleep(delayMs, this.#options.stopping);
    this.#delayedReplies--;
  }

  /**
   * Lowers the limit on clients after the system refused to open another file, so that further clients
   * get a `Busy`. Disconnects clients beyond the new limit: those that were silent for longest.
   *
   * @param connections all connections that are served
   * @returns the new limit; undefined if it stays, because rejections hold the files for a moment
   */
  freeFiles(connections: Connection[]): number | undefined {
    const isLowered = this.#maxClients < this.#options.limits.maxClients;
    if (isLowered && this.#clients < this.#maxClients) return undefined;
    this.#maxClients = Math.max(1, this.#clients - MIN_FREE_FILES);
    const busy = serverBusy(this.#maxClients);
    connections.sort((a, b) => a.lastActivityMs - b.lastActivityMs);
    for (const connection of connections.slice(0, connections.length - this.#maxClients)) {
      disconnect(connection, busy);
    }
    return this.#maxClients;
  }

  #newSlot(address: string, busy: ClosingFailure | undefined): Slot {
    const { limits: { maxCursors }, requiresToken } = this.#options;
    const client: Client = {
      number: ++this.#lastNumber,
      cursors: new Cursors(maxCursors),
      isAuthenticated: !requiresToken,
      closedBy: undefined,
      agent: undefined,
    };
    return { client, address, busy };
  }

  /** Disconnects an idle reserved connection. @returns whether the reserved connection is free */
  #vacateReserved(busy: ClosingFailure): boolean {
    const reserved = this.#reserved;
    if (reserved === undefined) return true;
    const idleMs = performance.now() - reserved.lastActivityMs;
    if (reserved.hasRequested && idleMs < ADMIN_IDLE_MS) return false;
    disconnect(reserved, busy);
    return true;
  }

  /** Writes a `Busy` and closes the socket. */
  async #reject(socket: Socket, busy: ClosingFailure): Promise<void> {
    const canLinger = this.#rejecting < MAX_LINGERING;
    this.#rejecting++;
    try {
      // A peer that does not finish the TLS handshake would block the write.
      await settlesWithin(socket.write(failureLine(busy)), LINGER_MS, this.#options.stopping);
      if (canLinger) await socket.linger();
    } catch {
      // The peer closed the connection first.
    } finally {
      socket.close();
      this.#rejecting--;
    }
  }
}

/** Disconnects a client, with a `Busy` unless a request or reply is in progress. */
function disconnect(connection: Connection, busy: ClosingFailure): void {
  if (!connection.dismiss(busy)) connection.disconnectBusy();
}

function serverBusy(maxClients: number): ClosingFailure {
  return busyFailure(
    `This server takes at most ${maxClients} clients (--max-clients), and has reached the limit; try again later`,
  );
}

function addressBusy(maxClients: number): ClosingFailure {
  return busyFailure(
    `This server takes at most ${maxClients} clients from one address (--max-clients-per-address), and this address has reached the limit; close some connections first`,
  );
}

function connectsBusy(perSecond: number): ClosingFailure {
  return busyFailure(
    `This server takes at most ${perSecond} connects a second from one address (--max-connect-rate); use connections for longer`,
  );
}

function busyFailure(message: string): ClosingFailure {
  return { type: "Busy", message, closes: true };
}
