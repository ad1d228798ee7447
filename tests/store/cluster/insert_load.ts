/** Clients that insert into buckets of a table, and the check of how their inserts ended. */
import assert from "assert";
import { PATIENCE_MS } from "../../../bench/harness/program.ts";
import { sleep } from "../../../lib/base/clock.ts";
import type { RealStore } from "./real_store.ts";
import type { End } from "./store_commands.ts";

/** Clients at work, until `stop`. */
export class InsertLoad {
  /** How each insert ended, in order of their beginning; undefined: it has not ended. */
  readonly ends: (End | undefined)[] = [];
  readonly #table: RealStore;
  readonly #buckets: readonly number[];
  readonly #work: Promise<void>[];
  #isStopping = false;
  /** Time of the last insert that was done, and the longest time between two, in milliseconds. */
  #lastMs = performance.now();
  maxGapMs = 0;

  constructor(table: RealStore, buckets: readonly number[], clients: number = 20) {
    this.#table = table;
    this.#buckets = buckets;
    this.#work = Array.from({ length: clients }, () => this.#client());
  }

  /** Number of inserts that ended in a way. */
  count(end: End["end"]): number {
    return this.ends.filter((one) => one?.end === end).length;
  }

  /** Waits until this number of further inserts are done. */
  async untilDone(more: number): Promise<void> {
    const wanted = this.count("done") + more;
    const beginMs = performance.now();
    while (this.count("done") < wanted) {
      const isOver = performance.now() - beginMs > PATIENCE_MS;
      assert(!isOver, `no progress: ${JSON.stringify(this.#table.store.info())}`);
      await sleep(20);
    }
  }

  /** Stops the clients, and checks that each insert ended as the table shows. */
  async stopAndCheck(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#work);
    const values = await Promise.all(
      this.ends.map((_, at) => this.#table.lookup(this.#bucketOf(at), `field ${at}`)),
    );
    for (const [at, end] of this.ends.entries()) {
      const value = values[at];
      assert.equal(value?.end, "done", `lookup ${at}: ${JSON.stringify(value)}`);
      const found = value?.end === "done" ? value.value : undefined;
      if (end?.end === "done") assert.equal(found, `value ${at}`, "a done insert is not there");
      if (end?.end === "failed") assert.equal(found, null, "a failed insert is there");
    }
  }

  async #client(): Promise<void> {
    while (!this.#isStopping) {
      const at = this.ends.push(undefined) - 1;
      const end = await this.#table.insert(this.#bucketOf(at), `field ${at}`, `value ${at}`);
      this.ends[at] = end;
      if (end.end !== "done") continue;
      const nowMs = performance.now();
      this.maxGapMs = Math.max(this.maxGapMs, nowMs - this.#lastMs);
      this.#lastMs = nowMs;
    }
  }

  #bucketOf(at: number): number {
    return this.#buckets[at % this.#buckets.length] ?? 0;
  }
}
