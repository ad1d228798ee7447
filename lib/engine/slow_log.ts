/** The slow log: the slowest requests since the start, for the user of a server that seems slow. */
import { isoTime } from "../base/clock.ts";
import { MAX_SLOW_LOG_ENTRIES } from "../base/limits.ts";

/** A slow request, without its value. */
export interface SlowRequest {
  /** Time of its execution, in milliseconds. */
  readonly ms: number;
  /** Time of its end, in ISO 8601. */
  readonly at: string;
  /** Number of the client. */
  readonly client: number;
  readonly method: string;
  /** Its key, regex or subkey, shortened. */
  readonly key?: string;
  readonly regex?: string;
  readonly subkey?: string;
  /** `OK`, or the failure's type. */
  readonly outcome: string;
}

/** A bounded list of requests (I5). A slower request replaces the fastest one. */
export class SlowLog {
  readonly #max: number;
  readonly #requests: SlowRequest[] = [];

  /** @param max maximum number of requests */
  constructor(max: number = MAX_SLOW_LOG_ENTRIES) {
    this.#max = max;
  }

  /** The slowest requests, the slowest first. */
  get slowest(): readonly SlowRequest[] {
    return this.#requests;
  }

  /** Whether a request is slow enough. @param ms its time, in milliseconds */
  takes(ms: number): boolean {
    return this.#requests.length < this.#max || ms > (this.#requests.at(-1)?.ms ?? 0);
  }

  /**
   * Records a request if it is slow enough.
   *
   * @param ms its time, in milliseconds
   * @param describe called only if it is recorded
   */
  record(ms: number, describe: () => Omit<SlowRequest, "ms" | "at">): void {
    if (!this.takes(ms)) return;
    const requests = this.#requests;
    if (requests.length >= this.#max) requests.pop();
    const rank = requests.findIndex((other) => other.ms < ms);
    const at = isoTime();
    const request = { ms: Math.round(ms * 1e3) / 1e3, at, ...describe() };
    requests.splice(rank < 0 ? requests.length : rank, 0, request);
  }
}
