/**
 * Garbage collection after many clients have disconnected. V8 collects when a program allocates, so an idle
 * server would keep the garbage of its former clients, and the memory pages of that garbage.
 */
import { IDLE_GC_CLIENTS, IDLE_GC_PAUSE_MS, IDLE_GC_QUIET_MS } from "../base/limits.ts";

/** V8's `gc`, which exists with `--expose-gc`. */
type Collect = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

/** Watches the number of clients, and collects garbage when many have disconnected. */
export class IdleGc {
  readonly #collect: Collect | undefined;
  /** Maximum number of clients since the last collection. */
  #maxClients = 0;
  #lastClients = 0;
  #lastDisconnectMs = -Infinity;
  #collectedMs = -Infinity;

  /** @param collect (default: V8's `gc`, if it exists) */
  constructor(collect: Collect | undefined = (globalThis as { gc?: Collect }).gc) {
    this.#collect = collect;
  }

  /** Takes the number of clients and the time of a clock, in milliseconds; called periodically. */
  update(clients: number, nowMs: number): void {
    if (clients < this.#lastClients) this.#lastDisconnectMs = nowMs;
    this.#lastClients = clients;
    this.#maxClients = Math.max(this.#maxClients, clients);
    if (nowMs - this.#lastDisconnectMs < IDLE_GC_QUIET_MS) return;
    const hasGarbage = this.#maxClients - clients >= IDLE_GC_CLIENTS;
    if (!hasGarbage || nowMs - this.#collectedMs < IDLE_GC_PAUSE_MS) return;
    this.#maxClients = clients;
    this.#collectedMs = nowMs;
    // Another flavor would collect, but keep the pages.
    this.#collect?.({ type: "major", execution: "sync", flavor: "last-resort" });
  }
}
