/** The check of words: what it finds, and what it leaves alone. */
import assert from "assert";
import { findWords } from "../../tools/words/find.ts";

/** The texts that are found in a line of a file. */
const found = (line: string, path = "lib/any.ts") =>
  findWords(path, `first line\n${line}\n`).map(({ line, text }) => [line, text]);

Deno.test("words: old identifiers and wordings are found, with their line", () => {
  assert.deepEqual(found("const box = new Outbox();"), [[2, "Outbox"]]);
  assert.deepEqual(found("/** Lets go whoever waits. */"), [[2, "Lets go"], [2, "whoever"]]);
  assert.deepEqual(found("colour of the outbox", "docs/ANY.md"), [[2, "colour"]]);
});

Deno.test("words: people, ordinary words and words of the wire protocol are left alone", () => {
  assert.deepEqual(found("// A user who types a wrong name"), []);
  assert.deepEqual(
    found("info.turned_away[reason]; its turn; an old session; to find a place"),
    [],
  );
  assert.deepEqual(found("the first\n * newcomer who reads this"), []);
});
