/** The signals that ask a program to end in order. */

/**
 * Waits for SIGINT or SIGTERM. Called before a program says that it is ready: one that comes right
 * after must not find the default, which is to die.
 *
 * @returns the signal's name
 */
export function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}
