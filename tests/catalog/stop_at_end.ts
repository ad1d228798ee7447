/** Makes the end of a test stop what it started. */
export function stopAtEnd<T extends { stop(): Promise<void> }>(one: T): T & AsyncDisposable {
  return Object.assign(one, { [Symbol.asyncDispose]: () => one.stop() });
}
