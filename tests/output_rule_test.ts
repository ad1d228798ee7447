/** Proves that text leaves for a terminal in one place, which escapes what acts there. */
import assert from "assert";
import { fileURLToPath } from "node:url";

const TOP = fileURLToPath(new URL("../", import.meta.url));

const WRITES =
  /\bconsole\.\w+\(|\bDeno\.std(?:out|err)\.write|(?<![.#\w])process\.std(?:out|err)\b/;

/** Where it may be written, and why that is safe. */
const WRITERS: Readonly<Record<string, string>> = {
  "lib/base/log.ts": "log lines, escaped there",
  "lib/terminal/stdout.ts": "the one place",
  "lib/cli/htclient/prompt.ts": "readline, which shows what the user typed",
  "lib/cli/htclient/import_export.ts": "a number",
  "lib/cli/htserver/check_repair.ts":
    "names that the server gives its files, numbers, and quoted records",
  "testperf.ts": "a chart of its own characters",
};

function* sourcesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(TOP + folder)) {
    if (isDirectory) yield* sourcesIn(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield folder + name;
  }
}

Deno.test("fault: raw control characters on a terminal: one place writes there", () => {
  const all = [...sourcesIn("lib/"), "server.ts", "client.ts", "catalog.ts", "testperf.ts"];
  const writing = all.filter((path) => {
    const code = Deno.readTextFileSync(TOP + path).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    return WRITES.test(code);
  });
  for (const path of writing) {
    assert.ok(path in WRITERS, `${path} writes past lib/terminal/stdout.ts`);
  }
});
