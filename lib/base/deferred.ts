/**
 * A promise and the functions that settle it. The client library uses this instead of
 * `Promise.withResolvers`, which Node.js 20 lacks.
 */

/** A promise that its owner settles. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void = () => {};
  reject: (error: unknown) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}
