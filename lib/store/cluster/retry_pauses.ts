/** The commands that pause before their next attempt. Those with the same pause share a timer. */
import { pauseAfterFailures, type Timing } from "../../base/clock.ts";
import type { PendingCommand } from "./pending_command.ts";

/** Pause after a refusal, in milliseconds. */
const RETRY_PAUSE = { first: 10, largest: 500 };

/** Pausing commands. */
export class RetryPauses {
  readonly #timing: Timing;
  readonly #retry: (command: PendingCommand) => void;
  readonly #stop = new AbortController();
  /** Commands by the length of their pause, in milliseconds. */
  readonly #pausing = new Map<number, PendingCommand[]>();

  /** @param retry takes each command after its pause */
  constructor(timing: Timing, retry: (command: PendingCommand) => void) {
    this.#timing = timing;
    this.#retry = retry;
  }

  /** Number of pausing commands. */
  get length(): number {
    return [...this.#pausing.values()].reduce((total, { length }) => total + length, 0);
  }

  /** Takes a command, whose pause grows with its attempts. */
  add(command: PendingCommand): void {
    const pauseMs = pauseAfterFailures(RETRY_PAUSE, Math.max(1, command.attempts));
    const pausing = this.#pausing.get(pauseMs);
    if (pausing !== undefined) return void pausing.push(command);
    this.#pausing.set(pauseMs, [command]);
    void this.#timing.sleep(pauseMs, this.#stop.signal).then(() => this.#release(pauseMs));
  }

  /** Ends all pauses. */
  close(): void {
    this.#stop.abort();
    for (const pauseMs of [...this.#pausing.keys()]) this.#release(pauseMs);
  }

  #release(pauseMs: number): void {
    const ready = this.#pausing.get(pauseMs) ?? [];
    this.#pausing.delete(pauseMs);
    for (const command of ready) this.#retry(command);
  }
}
