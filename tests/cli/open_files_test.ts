/** Proves that the limit on open files is read where the system tells it. */
import assert from "assert";
import { openFilesLimit, softLimit } from "../../lib/cli/open_files.ts";

Deno.test("open_files: the soft limit counts, and none is none", () => {
  const text =
    "Limit   Soft Limit  Hard Limit  Units\nMax open files            1024   524288  files\n";
  assert.equal(softLimit(text), 1_024);
  assert.equal(softLimit("Max open files   unlimited  unlimited  files\n"), Infinity);
  assert.equal(softLimit(""), Infinity);
});

Deno.test("open_files: this process has a limit that one can live with", () => {
  assert.ok(openFilesLimit() > 100);
});
