/** TestBasics: every operation in success and in failure, against a live server. */
import { messageOf } from "../base/errors.ts";
import { quoted } from "../base/quote.ts";
import { HtError, isServerGone } from "../client/errors.ts";
import type { HtClient } from "../client/client.ts";
import type { Output } from "./results/output.ts";

/** One thing that must hold. */
interface Check {
  readonly name: string;
  /** Gives what came; it must equal `expected` as JSON. */
  readonly run: () => Promise<unknown>;
  readonly expected: unknown;
}

/**
 * Tries everything, with keys that no other client has, and takes them away again. A server that is gone
 * ends it early.
 *
 * @returns whether all of it held
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

/** The value, or the code of the error: `{ error: "KeyError" }`. @throws if the server is gone */
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
    check("insert puts a new key in", () => client.insert(key("zebra"), fred), null),
    check("lookup gives its value", () => client.lookup(key("zebra")), fred),
    check("insert replaces the value of a key", () => client.insert(key("zebra"), [1]), null),
    check("lookup gives the new value", () => client.lookup(key("zebra")), [1]),
    check("lookup of a missing key is a KeyError", () => client.lookup(key("none")), {
      error: "KeyError",
    }),
    check("remove gives the value back", () => client.remove(key("zebra")), [1]),
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
    check("scan of what nothing matches is empty", () => client.scan(exactly("pear")), []),
    check("scan by a bad regex is a ValueError", () => client.scan("("), { error: "ValueError" }),
    check("query finds a value by a member", () => client.query("tag", prefix), [
      [key("apple"), fred],
    ]),
    check("query of what nothing matches is empty", () => client.query("tag", key("none")), []),
    check("an unknown method is a MethodError", () => {
      // @ts-expect-error: not one of the methods, on purpose
      return client.request({ method: "explode" });
    }, { error: "MethodError" }),
    check("a missing member is a ValueError", () => {
      // @ts-expect-error: no key, on purpose
      return client.request({ method: "lookup" });
    }, { error: "ValueError" }),
    check("size counts keys", async () => (await client.size()) >= 2, true),
    check("ping is answered", () => client.ping(), null),
    check("info tells the project", async () => typeof (await client.info())["project"], "string"),
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
