/** The commands that wait for a connection, in order. Those of sweeps over all buckets let the others pass. */
import { Fifo } from "../../base/fifo.ts";
import type { PendingCommand } from "./pending_command.ts";

/** A queue of commands. */
export class LaneQueue {
  #commands = new Fifo<PendingCommand>();
  #sweeps = new Fifo<PendingCommand>();

  /** Number of commands. */
  get length(): number {
    return this.#commands.length + this.#sweeps.length;
  }

  /** Adds a command. */
  push(command: PendingCommand): void {
    (command.command.isSweep === true ? this.#sweeps : this.#commands).push(command);
  }

  /**
   * Removes the next command.
   *
   * @param takesSweeps whether it may be one of a sweep
   */
  shift(takesSweeps: boolean): PendingCommand | undefined {
    return this.#commands.shift() ?? (takesSweeps ? this.#sweeps.shift() : undefined);
  }

  /** Removes the commands for which the function returns true, and returns them. */
  remove(isRemoved: (command: PendingCommand) => boolean): PendingCommand[] {
    const all = [...this.#commands, ...this.#sweeps];
    const removed = all.filter(isRemoved);
    if (removed.length === 0) return removed;
    const gone = new Set(removed);
    this.#commands = new Fifo();
    this.#sweeps = new Fifo();
    for (const command of all) if (!gone.has(command)) this.push(command);
    return removed;
  }
}
