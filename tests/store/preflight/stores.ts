/** Runs the check of a store in tests. */
import assert from "assert";
import { ExitError } from "../../../lib/base/errors.ts";
import { createLog } from "../../../lib/base/log.ts";
import { parseServerConfig } from "../../../lib/config/server_config.ts";
import { preflight, type StoreFacts } from "../../../lib/store/preflight/preflight.ts";

/** Secrets; by default there are none. */
interface Given {
  readonly password?: string;
  readonly ca?: string;
}

/** Checks the store of a URL, and returns the facts and the warnings. */
export async function check(
  url: string,
  { password, ca }: Given = {},
): Promise<StoreFacts & { warnings: string }> {
  const { store } = parseServerConfig(["me-a4-x", "--store", url], {}, 4e9);
  assert.ok(store);
  let warnings = "";
  const log = createLog({ write: (line) => warnings += line });
  const facts = await preflight(store, { password, ca }, log);
  return { ...facts, warnings };
}

/** Asserts that a store is refused with one sentence. */
export async function assertRefused(url: string, sentence: RegExp, given?: Given): Promise<void> {
  const error = await check(url, given).then(() => undefined, (error) => error);
  assert.ok(error instanceof ExitError, `${url} is refused, and not: ${error}`);
  assert.equal(error.exitCode, 1);
  assert.match(error.message, /^Cannot use the store: /);
  assert.match(error.message, sentence);
  assert.doesNotMatch(error.message, /[\r\n]|undefined/);
  if (given?.password !== undefined) assert.ok(!error.message.includes(given.password));
}
