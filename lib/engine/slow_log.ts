/** The slowest requests since the start: what an owner looks at first where the server seems slow. */
import { isoTime } from "../base/clock.ts";
import { MAX_SLOW_LOG_ENTRIES } from "../base/limits.ts";

/** A request that took long; nothing of its value. */
export interface SlowRequest {
  /** How long it was executed, in milliseconds. */
  readonly ms: number;
  /** When it was through, in ISO 8601. */
  readonly at: string;
  /** Number of the client. */
  readonly client: number;
  readonly method: string;
  /** What it was about, shortened. */
  readonly key?: string;
  readonly regex?: string;
  readonly subkey?: string;
  /** `OK`, or the failure's type. */
  readonly outcome: string;
}

/** A bounded list (I5), the slowest first; the fastest makes room for a slower one. */
export class SlowLog {
  readonly #max: number;
  readonly #requests: SlowRequest[] = [];

  /** @param max most requests in it */
  constructor(max: number = MAX_SLOW_LOG_ENTRIES) {
    this.#max = max;
  }

  /** The slowest requests, the slowest first. */
  get slowest(): readonly SlowRequest[] {
    return this.#requests;
  }

  /**
   * Notes a request, where it is slow enough.
   *
   * @param ms how long it took
   * @param describe says what it was; asked only where it is noted
   */
  note(ms: number, describe: () => Omit<SlowRequest, "ms" | "at">): void {
    const requests = this.#requests;
    if (requests.length >= this.#max) {
      if (ms <= (requests.at(-1)?.ms ?? 0)) return;
      requests.pop();
    }
    const rank = requests.findIndex((other) => other.ms < ms);
    const at = isoTime();
    const request = { ms: Math.round(ms * 1e3) / 1e3, at, ...describe() };
    requests.splice(rank < 0 ? requests.length : rank, 0, request);
  }
}
