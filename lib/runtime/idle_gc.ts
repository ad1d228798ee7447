/**
 * Has V8 give back what a crowd of clients has left behind. V8 collects garbage when more is made, so after
 * a crowd that leaves a quiet server it would keep all of it, and the pages that it was in.
 */
import { IDLE_GC_CLIENTS, IDLE_GC_PAUSE_MS, IDLE_GC_QUIET_MS } from "../base/limits.ts";

/** V8's `gc`, which is there with `--expose-gc`. */
type Collect = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

/** Watches how many clients there are. */
export class IdleGc {
  readonly #collect: Collect | undefined;
  #most = 0;
  #before = 0;
  #leftMs = -Infinity;
  #collectedMs = -Infinity;

  /** @param collect default: V8's, where it can be reached */
  constructor(collect: Collect | undefined = (globalThis as { gc?: Collect }).gc) {
    this.#collect = collect;
  }

  /** To be told now and then how many clients there are, and the time by some clock, in milliseconds. */
  update(clients: number, nowMs: number): void {
    if (clients < this.#before) this.#leftMs = nowMs;
    this.#before = clients;
    this.#most = Math.max(this.#most, clients);
    if (nowMs - this.#leftMs < IDLE_GC_QUIET_MS) return;
    if (this.#most - clients < IDLE_GC_CLIENTS || nowMs - this.#collectedMs < IDLE_GC_PAUSE_MS) {
      return;
    }
    this.#most = clients;
    this.#collectedMs = nowMs;
    // Another flavor would collect, but keep the pages.
    this.#collect?.({ type: "major", execution: "sync", flavor: "last-resort" });
  }
}
