/** Deno's connection as a session sees it: closing twice does no harm, and the last words arrive. */
import { settlesWithin } from "../base/clock.ts";
import { LINGER_MS, READ_BUFFER_BYTES } from "../base/limits.ts";
import type { ClientConn } from "./listener.ts";
import type { Socket } from "./connection.ts";

/** A client's connection. */
export class TcpSocket implements Socket {
  readonly #connection: ClientConn;
  readonly #stopping: AbortSignal;

  /** @param stopping ends all waiting */
  constructor(connection: ClientConn, stopping: AbortSignal) {
    this.#connection = connection;
    this.#stopping = stopping;
    try {
      // The runtime has no such methods for TLS: a reply of several TLS records (16 KB each) then waits
      // for the delayed acknowledgement of the first one, some 45 ms.
      if ("setNoDelay" in connection) {
        connection.setNoDelay(true);
        connection.setKeepAlive(true);
      }
    } catch {
      // Gone already: its first read will say so.
    }
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
    const ending = this.#connection.closeWrite().then(() => drained(this.#connection));
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

/** Reads and drops what the client sent, until it closes. */
async function drained(connection: ClientConn): Promise<void> {
  const buffer = new Uint8Array(READ_BUFFER_BYTES.first);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // Reset: just as good.
  }
}
