/** The socket of a connection, over Deno's: it may be closed twice, and can linger until the last bytes arrive. */
import { settlesWithin } from "../base/clock.ts";
import { LINGER_MS, READ_BUFFER_BYTES } from "../base/limits.ts";
import type { ClientConn } from "./listener.ts";

/** The byte stream of a connection. */
export interface Socket {
  /** Reads some bytes; null at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes, at least one; returns their number. */
  write(bytes: Uint8Array): Promise<number>;
  /** Gives the peer a bounded time to read the last bytes; nothing is written afterwards. */
  linger(): Promise<void>;
  close(): void;
}

/** The TCP or TLS socket of one client. */
export class TcpSocket implements Socket {
  readonly read: Socket["read"];
  readonly write: Socket["write"];
  readonly #connection: ClientConn;
  readonly #stopping: AbortSignal;

  /** @param stopping ends lingering */
  constructor(connection: ClientConn, stopping: AbortSignal) {
    this.read = connection.read.bind(connection);
    this.write = connection.write.bind(connection);
    this.#connection = connection;
    this.#stopping = stopping;
    try {
      // The runtime lacks these methods for TLS. There, a reply of several TLS records (16 KB each) waits
      // about 45 ms for the delayed acknowledgment of the first record.
      if ("setNoDelay" in connection) {
        connection.setNoDelay(true);
        connection.setKeepAlive(true);
      }
    } catch {
      // The peer has closed the connection: the first read reports it.
    }
  }

  /**
   * Closes the sending side, and reads until the peer closes. A plain close with unread bytes of the
   * peer would send a reset, which may overtake the last reply.
   */
  async linger(): Promise<void> {
    const ending = this.#connection.closeWrite().then(() => drain(this.#connection));
    await settlesWithin(ending, LINGER_MS, this.#stopping);
  }

  close(): void {
    try {
      this.#connection.close();
    } catch {
      // Closed already.
    }
  }
}

/** Reads and drops bytes until the peer closes. */
async function drain(connection: ClientConn): Promise<void> {
  const buffer = new Uint8Array(READ_BUFFER_BYTES.first);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // A reset also ends the connection.
  }
}
