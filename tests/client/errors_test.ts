/** Proves that a server's text in an error is one line without control characters. */
import assert from "assert";
import { ConnectionLostError, errorFrom } from "../../lib/client/errors.ts";
import type { FailureType } from "../../lib/protocol/message.ts";

Deno.test({
  name: "errors: control characters of a server are escaped, on one line",
  permissions: "none",
  fn() {
    const message = "no\x1b[2J\ninsert: 9 ops\r\x9b";
    const error = errorFrom({ type: "Odd\x1b\n" as FailureType, message });
    assert.equal(error.message, "no\\u001b[2J insert: 9 ops \\u009b");
    assert.equal(error.code, "Odd\\u001b ");
    assert.equal(new ConnectionLostError(message, false).message, error.message);
    assert.equal(errorFrom({ type: "KeyError", message: "none" }).name, "KeyError");
  },
});
