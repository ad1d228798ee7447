/** Proves that each limit is in `--help`, in `info` and in the documents, with the same words. */
import assert from "assert";
import { limitsForInfo, limitsFrom, limitTexts } from "../../lib/config/limit_flags.ts";

const DOCUMENT = new URL("../../docs/HARDENING.md", import.meta.url);

Deno.test("limit_flags: the document describes each limit in the words of --help", () => {
  const rows = Deno.readTextFileSync(DOCUMENT).split("\n").filter((line) =>
    line.startsWith("| `--")
  )
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  const wanted = limitTexts().map((
    { flags, usual, effect, inInfo },
  ) => [`\`${flags}\``, usual, effect, `\`${inInfo}\``]);
  assert.deepEqual(rows, wanted);
});

Deno.test("limit_flags: info has each limit, times in seconds, and null for no limit", () => {
  const shown = limitsForInfo(limitsFrom({ idleTimeout: Infinity, requestTimeout: 1_500 }, 8e9));
  assert.deepEqual(Object.keys(shown), limitTexts().map(({ inInfo }) => inInfo));
  assert.equal(shown["idle_timeout_s"], null);
  assert.equal(shown["request_timeout_s"], 1.5);
});
