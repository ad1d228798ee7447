import assert from "assert";
import { withSection } from "../../bench/harness/generated_sections.ts";

const DOCUMENT = "# Title\n\n<!-- measured: a -->\n\nold\n\n<!-- end: a -->\n\nprose of $& a\n";

Deno.test("a section is replaced, and the text around it stays", () => {
  const rewritten = withSection(DOCUMENT, "a", "| new $1 |");
  assert.equal(rewritten, DOCUMENT.replace("old", () => "| new $1 |"));
  assert.equal(withSection(rewritten, "a", "old"), DOCUMENT);
});

Deno.test("a section that is missing, or there twice, is an error", () => {
  for (const document of ["", DOCUMENT + DOCUMENT, DOCUMENT.replace("end: a", "end: b")]) {
    assert.throws(() => withSection(document, "a", "new"), /must have/);
  }
});
