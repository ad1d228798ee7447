/** The test TestBasics: every operation in success and in failure, against a live server. */
import { messageOf } from "../base/errors.ts";
import { quoted } from "../base/quote.ts";
import { HtError, isServerGone } from "../client/errors.ts";
import type { HtClient } from "../client/client.ts";
import type { Output } from "./results/output.ts";

/** One check of the test. */
interface Check {
  readonly name: string;
  /** Returns a result, which must equal `expected` as JSON. */
  readonly run: () => Promise<unknown>;
  readonly expected: unknown;
}

/**
 * Runs all checks, with keys that no other client has, and removes them again. The test ends early if
 * the server is gone.
 *
 * @returns whether all checks passed
 */
export async function runBasics(client: HtClient, output: Output): Promise<boolean> {
  let failed = 0;
  let checked = 0;
  const prefix = `testbasics-${crypto.randomUUID()}-`;
  const checks = createChecks(client, prefix);
  for (const { name, run, expected } of checks) {
    let actual: string;
    try {
      actual = JSON.stringify(await runCheck(run));
    } catch (error) {
      if (!isServerGone(error)) throw error;
      output.result(
        `basics: ${checked - failed} passed, ${failed} failed, ${
          checks.length - checked
        } not tried`,
      );
      output.note(
        `The test ended early, at "${name}": ${messageOf(error)}. ` +
          `Keys that begin with ${prefix} may be left in the table`,
      );
      return false;
    }
    checked++;
    const expectedText = JSON.stringify(expected);
    if (actual === expectedText) output.result(`ok      ${name}`);
    else {
      failed++;
      output.result(`FAILED  ${name}: expected ${quoted(expectedText)}, got ${quoted(actual)}`);
    }
  }
  output.result(`basics: ${checks.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

/** Returns the value, or `{ error: "KeyError" }`. @throws {HtError} if the server is gone */
async function runCheck(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await run()) ?? null;
  } catch (error) {
    if (error instanceof HtError && !isServerGone(error)) return { error: error.code };
    throw error;
  }
}

function createChecks(client: HtClient, prefix: string): Check[] {
  const key = (name: string) => prefix + name;
  const exactly = (name: string) => `^${prefix}${name}$`;
  const fred = { weight: 100, name: "fred", tag: prefix };
  return [
    check("insert adds a new key", () => client.insert(key("zebra"), fred), null),
    check("lookup returns its value", () => client.lookup(key("zebra")), fred),
    check("insert replaces the value of a key", () => client.insert(key("zebra"), [1]), null),
    check("lookup returns the new value", () => client.lookup(key("zebra")), [1]),
    check("lookup of a missing key is a KeyError", () => client.lookup(key("none")), {
      error: "KeyError",
    }),
    check("remove returns the value", () => client.remove(key("zebra")), [1]),
    check("remove of a removed key is a KeyError", () => client.remove(key("zebra")), {
      error: "KeyError",
    }),
    check("null is a value", () => client.insert(key("null"), null), null),
    check("lookup of null succeeds", () => client.lookup(key("null")), null),
    check("any string is a key", () => client.insert(key('a "b"\n\u0000\u00e9'), "odd"), null),
    check("lookup of such a key", () => client.lookup(key('a "b"\n\u0000\u00e9')), "odd"),
    check("remove of such a key", () => client.remove(key('a "b"\n\u0000\u00e9')), "odd"),
    check("numbers keep their digits", async () => {
      await client.insertText(key("number"), "12345678901234567890.50");
      return await client.removeText(key("number"));
    }, "12345678901234567890.50"),
    check("insert for the scans", () => client.insert(key("apple"), fred), null),
    check("scan finds a key by a regex", () => client.scan(exactly("ap+le")), [
      [key("apple"), fred],
    ]),
    check("scan without a match is empty", () => client.scan(exactly("pear")), []),
    check("scan by an invalid regex is a ValueError", () => client.scan("("), {
      error: "ValueError",
    }),
    check("query finds a value by a member", () => client.query("tag", prefix), [
      [key("apple"), fred],
    ]),
    check("query without a match is empty", () => client.query("tag", key("none")), []),
    check("an unknown method is a MethodError", () => {
      // @ts-expect-error: not a method, on purpose
      return client.request({ method: "explode" });
    }, { error: "MethodError" }),
    check("a missing member is a ValueError", () => {
      // @ts-expect-error: no key, on purpose
      return client.request({ method: "lookup" });
    }, { error: "ValueError" }),
    check("size counts keys", async () => (await client.size()) >= 2, true),
    check("ping has a reply", () => client.ping(), null),
    check("info has the project", async () => typeof (await client.info())["project"], "string"),
    check("the keys are removed", async () => {
      await client.remove(key("null"));
      await client.remove(key("apple"));
      return await client.scan(`^${prefix}`);
    }, []),
  ];
}

function check(name: string, run: () => Promise<unknown>, expected: unknown): Check {
  return { name, run, expected };
}
