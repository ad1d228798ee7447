/** Accepts clients and keeps track of them: the listening socket, the sessions, the cap on both. */
import { fulfilledWithin, sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { LINGER_MS, MAX_LINGERING, READ_BUFFER_BYTES } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { ByteChunks } from "../base/byte_chunks.ts";
import { addFailure } from "../protocol/encode_reply.ts";
import { Cursors } from "../table/cursors.ts";
import { type Connection, Session, type SessionLimits, type Submit } from "./session.ts";

/** Pause after a failed accept, in milliseconds: out of file handles, most likely. */
const ACCEPT_PAUSE_MS = 50;

/** What an acceptor needs. */
export interface AcceptorOptions {
  readonly submit: Submit;
  readonly limits: SessionLimits & { readonly maxClients: number };
  /** Whether clients must say a good hello first. */
  readonly needsToken: boolean;
  readonly log: Log;
}

/** Accepts clients on one listener. */
export class Acceptor {
  readonly #listener: Deno.TcpListener;
  readonly #options: AcceptorOptions;
  readonly #sessions = new Map<number, { session: Session; ended: Promise<void> }>();
  readonly #stopping = new AbortController();
  #lastNumber = 0;
  #refusals = 0;

  constructor(listener: Deno.TcpListener, options: AcceptorOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /** Connected clients. */
  get clients(): number {
    return this.#sessions.size;
  }

  /** Accepts until `stop`. */
  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      let connection: Deno.TcpConn;
      try {
        connection = await this.#listener.accept();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#options.log.warn("cannot accept a client for now", { why: messageOf(error) });
        await sleep(ACCEPT_PAUSE_MS, this.#stopping.signal);
        continue;
      }
      this.#welcome(connection);
    }
  }

  /**
   * Takes no more clients and no more requests, and lets clients have their replies.
   *
   * @param drainMs how long, in milliseconds; then the rest is cut off
   */
  async stop(drainMs: number): Promise<void> {
    this.#stopping.abort();
    this.#listener.close();
    const entries = [...this.#sessions.values()];
    for (const { session } of entries) session.end();
    await fulfilledWithin(Promise.all(entries.map(({ ended }) => ended)), drainMs);
    for (const { session } of entries) session.cut();
    await Promise.all(entries.map(({ ended }) => ended));
  }

  #welcome(connection: Deno.TcpConn): void {
    const { limits, log, submit, needsToken } = this.#options;
    try {
      connection.setNoDelay(true);
      connection.setKeepAlive(true);
    } catch {
      // Gone already: its first read will say so.
    }
    if (this.#sessions.size >= limits.maxClients) {
      void this.#refuse(new TcpConnection(connection, this.#stopping.signal));
      return;
    }
    const number = ++this.#lastNumber;
    const session = new Session({
      client: { number, cursors: new Cursors(), admitted: !needsToken },
      connection: new TcpConnection(connection, this.#stopping.signal),
      submit,
      limits,
      log,
    });
    if (log.debugging) log.debug("connect", { client: number, from: peerOf(connection) });
    const ended = session.run().then(() => void this.#sessions.delete(number));
    this.#sessions.set(number, { session, ended });
  }

  /** Says `Busy`, and closes. */
  async #refuse(connection: Connection): Promise<void> {
    const { limits, log } = this.#options;
    log.debug("busy", { clients: this.#sessions.size });
    const mayLinger = this.#refusals < MAX_LINGERING;
    this.#refusals++;
    const out = new ByteChunks();
    try {
      addFailure(out, undefined, {
        type: "Busy",
        message:
          `This server takes at most ${limits.maxClients} clients (--max-clients), and has them; try again later`,
      });
      for (const view of out.views()) await connection.write(view);
      if (mayLinger) await connection.linger();
    } catch {
      // It did not wait for the answer.
    } finally {
      connection.close();
      out.clear();
      this.#refusals--;
    }
  }
}

/** Deno's connection as a session sees it: closing twice does no harm. */
class TcpConnection implements Connection {
  readonly #connection: Deno.TcpConn;
  readonly #stopping: AbortSignal;

  constructor(connection: Deno.TcpConn, stopping: AbortSignal) {
    this.#connection = connection;
    this.#stopping = stopping;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#connection.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#connection.write(bytes);
  }

  /**
   * What the peer has sent and nobody read would turn a plain close into a reset, which may overtake
   * the last words.
   */
  async linger(): Promise<void> {
    await this.#connection.closeWrite();
    await fulfilledWithin(drained(this.#connection), LINGER_MS, this.#stopping);
  }

  close(): void {
    try {
      this.#connection.close();
    } catch {
      // Closed already.
    }
  }
}

/** Reads and drops what the client sent, until it closes. */
async function drained(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(READ_BUFFER_BYTES.first);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // Reset: just as good.
  }
}

function peerOf(connection: Deno.TcpConn): string {
  const { hostname, port } = connection.remoteAddr;
  return `${hostname}:${port}`;
}
