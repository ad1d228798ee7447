/**
 * A datagram from this process to itself. It comes back only when the runtime has asked the system what
 * there is on the sockets, all others included: a timer or another thread's work may come back before.
 */
import { settlesWithin, sleep } from "../base/clock.ts";

/** How long a datagram may take, in milliseconds; on a loopback they are hardly ever lost. */
const TIMEOUT_MS = 100;

const DATAGRAM = new Uint8Array(1);

/** Can be rung again and again, once at a time. */
export class PollBarrier {
  readonly #socket: Deno.DatagramConn | undefined;
  readonly #buffer = new Uint8Array(1);
  readonly #patienceMs: number;
  #heard: Promise<void> | undefined;

  /** @param patienceMs how long a datagram may take, in milliseconds (default: 100) */
  constructor(patienceMs: number = TIMEOUT_MS) {
    this.#patienceMs = patienceMs;
    try {
      this.#socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    } catch {
      // Where there is no loopback, a timer has to do.
    }
  }

  /**
   * Waits until the sockets were looked at; never rejects.
   *
   * @returns whether they were; false if the datagram was lost or late
   */
  async wait(): Promise<boolean> {
    const socket = this.#socket;
    if (socket === undefined) {
      await sleep(0);
      return false;
    }
    // Listening comes first: what is there already would be taken without a look.
    this.#heard ??= socket.receive(this.#buffer).then(() => {}, () => {}).then(() => {
      this.#heard = undefined;
    });
    const heard = this.#heard;
    socket.send(DATAGRAM, socket.addr).catch(() => {});
    return await settlesWithin(heard, this.#patienceMs);
  }

  /** Closes it, which ends a wait. */
  async close(): Promise<void> {
    this.#socket?.close();
    await this.#heard;
  }
}
