/**
 * The switch for long tests, which are too slow for `deno task test`.
 *
 * `deno task test:long` sets `HTSERVER_LONG_TESTS=1` and runs each test file that imports this one.
 */

/** Whether long tests run. Use it for a larger number of rounds, or to register a test. */
export const isLong: boolean = Deno.env.get("HTSERVER_LONG_TESTS") === "1";
