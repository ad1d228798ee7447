/**
 * A poll barrier: a datagram that the process sends to itself. The runtime receives it only after it has
 * polled all sockets. A timer or the work of another thread may finish before such a poll.
 */
import { settlesWithin, sleep } from "../base/clock.ts";

/** Longest time of a datagram, in milliseconds; a loopback hardly ever loses one. */
const TIMEOUT_MS = 100;

const DATAGRAM = new Uint8Array(1);

/** A barrier that one caller at a time can wait for, any number of times. */
export class PollBarrier {
  readonly #socket: Deno.DatagramConn | undefined;
  readonly #buffer = new Uint8Array(1);
  readonly #timeoutMs: number;
  #received: Promise<void> | undefined;

  /** @param timeoutMs longest time of a datagram, in milliseconds (default: 100) */
  constructor(timeoutMs: number = TIMEOUT_MS) {
    this.#timeoutMs = timeoutMs;
    try {
      this.#socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    } catch {
      // A machine without a loopback uses a timer instead.
    }
  }

  /**
   * Waits until the sockets were polled; never rejects.
   *
   * @returns false if the datagram was lost or late
   */
  async wait(): Promise<boolean> {
    const socket = this.#socket;
    if (socket === undefined) {
      await sleep(0);
      return false;
    }
    // The read starts before the send: a datagram that has arrived would be read without a poll.
    this.#received ??= socket.receive(this.#buffer).then(() => {}, () => {}).then(() => {
      this.#received = undefined;
    });
    const received = this.#received;
    socket.send(DATAGRAM, socket.addr).catch(() => {});
    return await settlesWithin(received, this.#timeoutMs);
  }

  /** Closes the barrier, which ends a wait. */
  async close(): Promise<void> {
    this.#socket?.close();
    await this.#received;
  }
}
