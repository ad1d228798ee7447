/**
 * Sees to it that sockets get their turn while there is always something left to do.
 *
 * The runtime asks the system what has come (epoll) when it has nothing left to do, and otherwise only
 * after some sixty rounds of its event loop. Reads and writes that are done at once, connections that
 * wait to be accepted, and `setImmediate` give it something to do in each round: with rounds of 4 ms
 * everybody else waits for a quarter of a second (measured). So whoever does much waits now and then
 * until the sockets were looked at: all of them together, or the runtime does not come to it. Then they
 * go on one after another, as many as there is time for until the sockets are looked at again.
 */
import { Fifo } from "../base/fifo.ts";
import { MAX_BUSY_MS } from "../base/limits.ts";

/** Says when to wait for the others. */
export interface Yielder {
  /**
   * To be asked between two pieces of work of which the second could begin at once.
   *
   * @param isTurn whether requests of others wait for this work, which then comes first
   * @returns what to wait for first; undefined where it is not time yet
   */
  yield(isTurn?: boolean): Promise<void> | undefined;
}

/** What all that do much work in one process share. */
export class EventLoopYielder implements Yielder {
  readonly #look: () => Promise<unknown>;
  readonly #turns = new Fifo<() => void>();
  readonly #others = new Fifo<() => void>();
  #going: Promise<void> | undefined;
  #restedMs = performance.now();

  /** @param look waits until the sockets were looked at; does not reject */
  constructor(look: () => Promise<unknown>) {
    this.#look = look;
  }

  yield(isTurn: boolean = false): Promise<void> | undefined {
    if (this.#going === undefined && performance.now() - this.#restedMs < MAX_BUSY_MS) {
      return undefined;
    }
    const turn = new Promise<void>((goOn) => (isTurn ? this.#turns : this.#others).push(goOn));
    this.#going ??= this.#go();
    return turn;
  }

  /** Waits until nobody rests. */
  async settled(): Promise<void> {
    await this.#going;
  }

  async #go(): Promise<void> {
    while (this.#turns.length + this.#others.length > 0) {
      await this.#look();
      this.#restedMs = performance.now();
      for (let turns = this.#turns.length; turns > 0; turns--) await resumeFirst(this.#turns);
      const beganMs = performance.now();
      while (this.#others.length > 0 && performance.now() - beganMs < MAX_BUSY_MS) {
        await resumeFirst(this.#others);
      }
    }
    this.#going = undefined;
  }
}

/** Lets the first one go on, until it waits for something else. */
async function resumeFirst(waiting: Fifo<() => void>): Promise<void> {
  waiting.shift()?.();
  // What follows it in the same breath is done before what follows here.
  for (let step = 0; step < 3; step++) await undefined;
}
