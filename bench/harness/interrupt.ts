/** What ends a benchmark early: Ctrl-C, SIGTERM, the end of its terminal, or its time limit. */

/** Why a benchmark was ended that took too long. */
export class OutOfTime extends Error {
  override name = "OutOfTime";
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Aborts on the first of these; while it is in scope, the signals do not end the process. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #onSignal = () => this.#controller.abort(new Error("Interrupted"));

  /** @param limitS the most that the benchmark may take, in seconds */
  constructor(limitS: number) {
    const tooLong = new OutOfTime(`There was no time left after ${limitS} s`);
    this.#timer = setTimeout(() => this.#controller.abort(tooLong), limitS * 1e3);
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#onSignal);
  }
}
