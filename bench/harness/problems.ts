/** The problems of a benchmark. The rest of its measurements is kept and shown. */
import { messageOf } from "../../lib/base/errors.ts";
import { OutOfTime } from "./interrupt.ts";

/** Failures, and work that there was no time for, as sentences. */
export class Problems {
  readonly failures: string[] = [];
  readonly unfinished: string[] = [];

  /**
   * Does work whose failure does not end the benchmark. Parameters as for `add`.
   *
   * @returns undefined after a failure
   */
  async attempt<Result>(
    what: string,
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      this.add(what, error, signal);
      return undefined;
    }
  }

  /**
   * Adds a problem.
   *
   * @param what the name of the measurement
   * @param error that ended it
   * @param signal whose reason, if it is aborted, is the cause of the error
   */
  add(what: string, error: unknown, signal?: AbortSignal): void {
    const reason = signal?.aborted ? signal.reason : error;
    const list = reason instanceof OutOfTime ? this.unfinished : this.failures;
    const sentence = `${what}: ${messageOf(reason)}`;
    if (!list.includes(sentence)) list.push(sentence);
  }
}
