/** Proves which tokens a server accepts. */
import assert from "assert";
import { tokenCheck } from "../../lib/engine/auth.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("auth");

test("a server without a token accepts every token", () => {
  const isToken = tokenCheck(undefined);
  for (const token of [undefined, "", "anything"]) assert.equal(isToken(token), true);
});

test("a server with a token accepts exactly that token", () => {
  const isToken = tokenCheck("s\u00e9cret-\u{1f600}");
  assert.equal(isToken("s\u00e9cret-\u{1f600}"), true);
  const wrong = ["", "s\u00e9cret-", "S\u00e9cret-\u{1f600}", "s\u00e9cret-\u{1f600} "];
  for (const token of [undefined, ...wrong]) assert.equal(isToken(token), false);
});
