/** Sockets between a client and a simulated node: bytes need time, and a connection can break anywhere. */
import type { Random } from "../../../lib/base/random.ts";
import type { ClientSocket } from "../../../lib/client/client_socket.ts";

import { joined } from "../../helpers/streams.ts";

/** Calls functions later, in virtual time. */
export interface Later {
  readonly random: Random;
  /** @param ms in virtual milliseconds */
  later(ms: number, work: () => void): void;
}

/** The end of the client. The other end calls `deliver`, `breakDown` and `end`. */
export class SimSocket implements ClientSocket {
  readonly peer = "";
  readonly #sim: Later;
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #onClose: () => void;
  readonly #delayMs: number;
  #inbox: Uint8Array[] = [];
  #isOver = false;
  #isClosed = false;
  #wake: (() => void) | undefined;
  /** Bytes to the node that are in flight. */
  #outgoing: Uint8Array[] = [];

  /** @param onBytes receives what the client has written, after a while */
  constructor(
    sim: Later,
    delayMs: number,
    onBytes: (bytes: Uint8Array) => void,
    onClose: () => void,
  ) {
    this.#sim = sim;
    this.#delayMs = delayMs;
    this.#onBytes = onBytes;
    this.#onClose = onClose;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#inbox.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => void (this.#wake = resolve));
    }
    const bytes = this.#inbox.shift();
    if (bytes === undefined) return null;
    const count = Math.min(bytes.length, buffer.length);
    buffer.set(bytes.subarray(0, count));
    if (count < bytes.length) this.#inbox.unshift(bytes.subarray(count));
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#isOver) return Promise.reject(new Error("broken pipe"));
    // A part at a time, as a full send buffer takes it.
    const count = this.#sim.random.below(4) === 0
      ? 1 + this.#sim.random.below(bytes.length)
      : bytes.length;
    this.#outgoing.push(bytes.slice(0, count));
    this.#sim.later(this.#delayMs, () => {
      const sent = this.#outgoing.shift();
      if (sent !== undefined) this.#onBytes(sent);
    });
    return Promise.resolve(count);
  }

  /** What is in flight still arrives. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#end();
    this.#sim.later(this.#delayMs, () => this.#onClose());
  }

  /** The node has sent bytes. */
  deliver(bytes: Uint8Array): void {
    this.#sim.later(this.#delayMs, () => {
      if (this.#isOver) return;
      this.#inbox.push(bytes);
      this.#wake?.();
    });
  }

  /**
   * The connection breaks: any first part of what is in flight to the node still arrives.
   *
   * @param delayMs by then, in milliseconds
   */
  breakDown(delayMs: number): void {
    const bytes = joined(this.#outgoing);
    const arriving = bytes.slice(0, this.#sim.random.below(bytes.length + 1));
    this.#outgoing = [];
    this.#isClosed = true;
    if (arriving.length > 0) this.#sim.later(delayMs, () => this.#onBytes(arriving));
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#wake?.();
  }
}
