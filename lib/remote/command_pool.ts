/** A pool of commands for keys: each is used for many requests, so that a request makes no garbage. */
import type { BucketKeys } from "../store/bucket_keys.ts";
import { KeyCommand } from "./key_command.ts";

/** Commands that are kept for the next requests. Further ones are dropped (I5). */
const MAX_SPARE = 1_024;

/** Lends commands. */
export class CommandPool {
  readonly #keys: BucketKeys;
  readonly #spare: KeyCommand[] = [];
  #used = 0;

  constructor(keys: BucketKeys) {
    this.#keys = keys;
  }

  /** Number of commands in use. */
  get used(): number {
    return this.#used;
  }

  take(): KeyCommand {
    this.#used++;
    return this.#spare.pop() ?? new KeyCommand(this.#keys);
  }

  /** Takes back a command that has ended. */
  give(command: KeyCommand): void {
    command.release();
    this.#used--;
    if (this.#spare.length < MAX_SPARE) this.#spare.push(command);
  }
}
