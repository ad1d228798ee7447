/** One place writes to the terminal. It escapes characters that would control the terminal. */
import assert from "assert";
import { PROGRAMS, sourcesIn } from "./sources.ts";

const WRITES =
  /\bconsole\.\w+\(|\bDeno\.std(?:out|err)\.write|(?<![.#\w])process\.std(?:out|err)\b/;

/** The files that write there, and why that is safe. */
const WRITERS: Readonly<Record<string, string>> = {
  "lib/base/log.ts": "log lines, escaped there",
  "lib/terminal/stdout.ts": "it escapes",
  "lib/cli/htclient/prompt.ts": "readline, which shows what the user typed",
  "lib/cli/htclient/import_export.ts": "a number",
  "lib/cli/htserver/check_repair.ts":
    "names that the server gives its files, numbers, and quoted records",
};

Deno.test("fault: raw control characters on a terminal: one place writes there", () => {
  const writing = sourcesIn("lib/", ...PROGRAMS).filter(({ code }) => WRITES.test(code));
  for (const { path } of writing) {
    assert.ok(path in WRITERS, `${path} writes past lib/terminal/stdout.ts`);
  }
});
