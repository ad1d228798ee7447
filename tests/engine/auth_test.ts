/** Proves which tokens a server accepts. */
import assert from "assert";
import { tokenCheck } from "../../lib/engine/auth.ts";

Deno.test({
  name: "auth: a server without a token accepts every token",
  permissions: "none",
  fn() {
    const isToken = tokenCheck(undefined);
    for (const token of [undefined, "", "anything"]) assert.equal(isToken(token), true);
  },
});

Deno.test({
  name: "auth: a server with a token accepts exactly that token",
  permissions: "none",
  fn() {
    const isToken = tokenCheck("s\u00e9cret-\u{1f600}");
    assert.equal(isToken("s\u00e9cret-\u{1f600}"), true);
    const wrong = [
      undefined,
      "",
      "s\u00e9cret-",
      "S\u00e9cret-\u{1f600}",
      "s\u00e9cret-\u{1f600} ",
    ];
    for (const token of wrong) assert.equal(isToken(token), false);
  },
});
