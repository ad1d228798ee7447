import assert from "assert";
import { withPart } from "../../bench/harness/generated_sections.ts";

const DOCUMENT = "# Title\n\n<!-- measured: a -->\n\nold\n\n<!-- end: a -->\n\nprose of $& a\n";

Deno.test("a part is rewritten, and the prose around it stays", () => {
  const rewritten = withPart(DOCUMENT, "a", "| new $1 |");
  assert.equal(rewritten, DOCUMENT.replace("old", () => "| new $1 |"));
  assert.equal(withPart(rewritten, "a", "old"), DOCUMENT);
});

Deno.test("a part that is not there, or twice, is refused", () => {
  for (const document of ["", DOCUMENT + DOCUMENT, DOCUMENT.replace("end: a", "end: b")]) {
    assert.throws(() => withPart(document, "a", "new"), /must hold/);
  }
});
