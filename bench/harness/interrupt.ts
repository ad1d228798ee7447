/** The early end of a benchmark: Ctrl-C, SIGTERM, the end of its terminal, or its time limit. */

/** The reason of a benchmark that ran out of time. */
export class OutOfTime extends Error {
  override name = "OutOfTime";
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Aborts its signal at the first of these events. Until disposal, they do not end the process. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #onSignal = () => this.#controller.abort(new Error("Interrupted"));

  /** @param limitS the time limit, in seconds */
  constructor(limitS: number) {
    const outOfTime = new OutOfTime(`There was no time left after ${limitS} s`);
    this.#timer = setTimeout(() => this.#controller.abort(outOfTime), limitS * 1e3);
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
