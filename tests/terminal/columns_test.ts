/** Proves that columns are aligned, and that control characters in cells are escaped. */
import assert from "assert";
import { columns } from "../../lib/terminal/columns.ts";

Deno.test({
  name: "columns: texts to the left, numbers to the right, no white space at the end",
  permissions: "none",
}, () => {
  const rows = [["NAME", "AGE", "X"], ["a", "5 s", "y"], ["long name", "1200 s", ""]];
  assert.equal(
    columns(rows, new Set([1])),
    "NAME          AGE  X\na             5 s  y\nlong name  1200 s",
  );
  assert.equal(columns([]), "");
});

Deno.test({ name: "columns: control characters are escaped", permissions: "none" }, () => {
  assert.equal(
    columns([["a\x1b[2Jb\n", "\u00e9\u009b", "c"]]),
    "a\\u001b[2Jb   \u00e9\\u009b  c",
  );
});
