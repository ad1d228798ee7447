/** Tests without permissions: they use no file, no network and no other program. */

/** Registers a test. */
export type TestPure = (name: string, fn: () => void | Promise<void>) => void;

/** Returns a function that registers tests whose names begin with `subject`. */
export function testsOf(subject: string): TestPure {
  return (name, fn) => Deno.test({ name: `${subject}: ${name}`, permissions: "none", fn });
}
