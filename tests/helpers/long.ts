/**
 * The switch for long tests, which are too slow for `deno task test`.
 *
 * `deno task test:long` sets `HTSERVER_LONG_TESTS=1` and runs each test file that imports this one.
 */

/** Whether long tests run. Use it for a larger number of rounds. */
export const isLong: boolean = Deno.env.get("HTSERVER_LONG_TESTS") === "1";

/** Registers a test that runs in the long form only. */
export function longTest(test: Deno.TestDefinition): void {
  if (isLong) Deno.test(test);
}
