/** Proves the exit codes, and that any thrown value has a message. */
import assert from "assert";
import { EXIT, ExitError, messageOf, UsageError } from "../../lib/base/errors.ts";

Deno.test({
  name: "errors: exit codes are 0 done, 1 failed, 2 usage, 3 not found",
  permissions: "none",
}, () => {
  assert.deepEqual(EXIT, { ok: 0, failed: 1, usage: 2, notFound: 3 });
  assert.equal(new ExitError("m").exitCode, 1);
  assert.equal(new ExitError("m", 3).exitCode, 3);
  const usage = new UsageError("m");
  assert.ok(usage instanceof ExitError);
  assert.equal(usage.exitCode, 2);
  assert.equal(usage.name, "UsageError");
});

Deno.test({
  name: "errors: messageOf() returns the message of any thrown value",
  permissions: "none",
}, () => {
  assert.equal(messageOf(new TypeError("why")), "why");
  assert.equal(messageOf("text"), "text");
  assert.equal(messageOf(undefined), "undefined");
});
