/** What of a benchmark is not as it was planned; the rest of it is kept and shown all the same. */
import { messageOf } from "../../lib/base/errors.ts";
import { OutOfTime } from "./interrupt.ts";

/** Failures, apart from what there was no time for. */
export class Problems {
  /** What failed, as sentences. */
  readonly failures: string[] = [];
  /** What there was no time for, as sentences. */
  readonly unfinished: string[] = [];

  /**
   * Notes one.
   *
   * @param what was measured
   * @param error that ended it
   * @param signal whose reason, if it is aborted, is behind the error
   */
  add(what: string, error: unknown, signal?: AbortSignal): void {
    const reason = signal?.aborted ? signal.reason : error;
    const list = reason instanceof OutOfTime ? this.unfinished : this.failures;
    const sentence = `${what}: ${messageOf(reason)}`;
    if (!list.includes(sentence)) list.push(sentence);
  }
}
