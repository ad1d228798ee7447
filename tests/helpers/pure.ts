/** Tests without permissions: they use no file, no network and no other program. */

/** Registers a test. */
export type TestPure = (name: string, fn: () => void | Promise<void>) => void;

/** Returns a function that registers tests whose names begin with `subject`, or with `fault`. */
export function testsOf(subject: string): TestPure {
  return (name, fn) => {
    const fullName = name.startsWith("fault: ") ? name : `${subject}: ${name}`;
    Deno.test({ name: fullName, permissions: "none", fn });
  };
}
