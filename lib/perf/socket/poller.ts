/**
 * The poller of direct sockets. While replies are expected, it looks for them without sleeping: half of
 * the time of a single client was the kernel's, to wake a sleeping processor.
 *
 * It polls all sockets in each round of the event loop. If none has a reply, it polls again for a short
 * time ("spins"). Then it releases the sockets: their reads sleep in the runtime, so that a slow or idle
 * server costs no processor time. If that happens again, or other threads need the processor, one of
 * which may be the server's, more and more of the next reads sleep at once.
 */
import type { SystemCalls } from "./system_calls.ts";

/** Maximum number of polled sockets. A poll takes 0.03 us for each, and finds several replies. */
export const MAX_POLLED = 256;

/** Maximum processor time to poll without a reply, in milliseconds: twice the time of a local reply. */
const MAX_SPIN_MS = 0.05;

/** Time that other threads took meanwhile, in milliseconds, from which on the processor is not free. */
const MIN_CONTENTION_MS = 0.02;

/** Maximum number of reads that sleep at once, after many attempts in a row that did not pay off. */
const MAX_SLEEPING_READS = 64;

const POLLIN = 1;

/** A socket with a read that waits. */
export interface PolledSocket {
  readonly fd: number;
  /** Reads what has arrived. */
  receive(): void;
  /** Lets the read sleep. */
  release(): void;
}

/** Polls the sockets of this process. */
export class Poller {
  readonly #calls: SystemCalls;
  readonly #sockets: PolledSocket[] = [];
  /** Two numbers for each socket: its descriptor; the events to poll for, and those that were found. */
  readonly #fds = new Int32Array(2 * MAX_POLLED);
  readonly #fdBytes = new Uint8Array(this.#fds.buffer);
  #isScheduled = false;
  /** Number of reads that sleep at once from now on, and after the next attempt that does not pay off. */
  #sleepingReads = 0;
  #nextSleepingReads = 1;
  #fruitlessMs = 0;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
  }

  /** Processor time of polls that found nothing, in milliseconds: this thread had nothing to do. */
  get fruitlessMs(): number {
    return this.#fruitlessMs;
  }

  /** Whether to poll for the next read. */
  accepts(): boolean {
    if (this.#sleepingReads === 0) return this.#sockets.length < MAX_POLLED;
    this.#sleepingReads--;
    return false;
  }

  /** Polls a socket until it has a reply, or is released. */
  add(socket: PolledSocket): void {
    const at = this.#sockets.push(socket) - 1;
    this.#fds[2 * at] = socket.fd;
    this.#fds[2 * at + 1] = POLLIN;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#round);
  }

  /** Ends the polling of a socket. @returns false if it was not polled */
  remove(socket: PolledSocket): boolean {
    const at = this.#sockets.indexOf(socket);
    if (at >= 0) this.#removeAt(at);
    return at >= 0;
  }

  /** The last socket takes the place of the removed one. */
  #removeAt(at: number): void {
    const last = this.#sockets.pop();
    const end = 2 * this.#sockets.length;
    if (last === undefined || 2 * at === end) return;
    this.#sockets[at] = last;
    this.#fds.copyWithin(2 * at, end, end + 2);
  }

  readonly #round = (): void => {
    this.#isScheduled = false;
    if (this.#sockets.length === 0) return;
    let ready = this.#poll();
    if (ready === 0) ready = this.#spin();
    if (ready === 0) {
      for (const socket of this.#sockets.splice(0)) socket.release();
      return;
    }
    // From the end, because `#removeAt` moves the last socket.
    for (let at = this.#sockets.length - 1; at >= 0 && ready > 0; at--) {
      const events = (this.#fds[2 * at + 1] ?? 0) >>> 16;
      const socket = this.#sockets[at];
      if (events === 0 || socket === undefined) continue;
      ready--;
      this.#removeAt(at);
      // The runtime finds out what else happened, such as an error.
      if (events === POLLIN) socket.receive();
      else socket.release();
    }
    this.#isScheduled = true;
    setImmediate(this.#round);
  };

  /** @returns number of ready sockets; after an error none, so that the runtime finds it */
  #poll(): number {
    return Math.max(0, this.#calls.poll(this.#fdBytes, this.#sockets.length));
  }

  /**
   * Polls until a socket is ready, for a limited time. It does not yield the processor to other threads:
   * if one takes it, it takes it for milliseconds, and the reply waits.
   *
   * @returns number of ready sockets
   */
  #spin(): number {
    const startedMs = performance.now(), cpuMs = this.#calls.threadMs();
    let spentMs = 0;
    let ready = 0;
    const otherMs = () => performance.now() - startedMs - spentMs;
    do {
      ready = this.#poll();
      if (ready > 0) break;
      spentMs = this.#calls.threadMs() - cpuMs;
    } while (spentMs < MAX_SPIN_MS && otherMs() < MIN_CONTENTION_MS);
    this.#fruitlessMs += spentMs;
    if (ready > 0 && otherMs() < MIN_CONTENTION_MS) this.#nextSleepingReads = 1;
    else {
      this.#sleepingReads = this.#nextSleepingReads;
      this.#nextSleepingReads = Math.min(2 * this.#sleepingReads, MAX_SLEEPING_READS);
    }
    return ready;
  }
}
