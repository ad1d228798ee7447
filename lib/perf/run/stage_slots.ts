/** The slots of a run by time: each stage has one, and they follow each other without a pause. */
import type { TestPerfConfig } from "../../config/testperf_config.ts";

/** The slots of a run. */
export class StageSlots {
  readonly #slotMs: number;
  readonly #uncountedMs: number;
  readonly #edgeMs: number;
  /** Slots for inserts before removes: with many requests in flight, removes are as fast as these. */
  readonly #refillSlots: number;
  /** The next slot of a run that is aligned with others. */
  #nextUnixMs: number | undefined;

  /** @param alignedUnixMs first slot; undefined: each begins when the one before has ended */
  constructor(
    { durationMs = 0, warmupMs, edgeMs, pipeline }: TestPerfConfig,
    alignedUnixMs: number | undefined,
  ) {
    this.#slotMs = warmupMs + durationMs;
    this.#uncountedMs = warmupMs + edgeMs;
    this.#edgeMs = edgeMs;
    this.#refillSlots = pipeline > 1 ? 2 : 1;
    this.#nextUnixMs = alignedUnixMs;
  }

  /**
   * Takes the next slot whose counted interval has not begun.
   *
   * @returns its start, and the number of slots that passed because of late replies
   */
  take(nowUnixMs: number): { readonly startUnixMs: number; readonly missed: number } {
    if (this.#nextUnixMs === undefined) return { startUnixMs: nowUnixMs, missed: 0 };
    const lateMs = nowUnixMs - this.#nextUnixMs - this.#uncountedMs;
    const missed = Math.max(0, Math.ceil(lateMs / this.#slotMs));
    const startUnixMs = this.#nextUnixMs + missed * this.#slotMs;
    this.#nextUnixMs = startUnixMs + this.#slotMs;
    return { startUnixMs, missed };
  }

  /**
   * Takes time for inserts that are not measured: a slot, of which at least half is left.
   *
   * @returns its end, and the number of slots that passed because of late replies
   */
  takeForRefill(nowUnixMs: number): { readonly endUnixMs: number; readonly missed: number } {
    if (this.#nextUnixMs === undefined) {
      return { endUnixMs: nowUnixMs + this.#refillSlots * this.#slotMs, missed: 0 };
    }
    const lateMs = nowUnixMs - this.#nextUnixMs - this.#slotMs / 2;
    const missed = Math.max(0, Math.ceil(lateMs / this.#slotMs));
    this.#nextUnixMs += (missed + this.#refillSlots) * this.#slotMs;
    return { endUnixMs: this.#nextUnixMs - this.#edgeMs, missed };
  }
}
