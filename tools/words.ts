/**
 * `deno task words [PATH...]`: finds words that this project does not use, in code, comments, messages
 * and documents. Prints `FILE:LINE: "WORD": use ...` for each, and exits with 1 if there is one.
 */
import { UsageError } from "../lib/base/errors.ts";
import { main } from "../lib/cli/main.ts";
import { printLine } from "../lib/terminal/stdout.ts";
import { findWords } from "./words/find.ts";

/** Files with text that people read. */
const TEXT = /\.(?:ts|md|sh|c|h|py|html|json)$|^(?:REPORT|denow|\.ci\/run)$/;

/** Data, what others wrote, and the list itself with its test. */
const SKIPPED =
  /^(?:docs\/data\/|docs\/protocol-cases\/.*\.jsonl$|LICENSE$|deno\.lock$|tools\/words\/|tests\/tools\/words_test\.ts$)/;

await main("words", async () => {
  const paths = await trackedFiles(Deno.args);
  let count = 0;
  for (const path of paths) {
    for (const { line, text, use } of findWords(path, await Deno.readTextFile(path))) {
      count++;
      printLine(`${path}:${line}: "${text}": use ${use}`);
    }
  }
  if (count > 0) printLine(`${count} words to replace; CONTRIBUTING.md has the rules`);
  return count > 0 ? 1 : 0;
});

/** The files that git knows below the given paths (default: all), new ones included. */
async function trackedFiles(paths: readonly string[]): Promise<string[]> {
  // A checkout may belong to another user than the one that runs this.
  const args = [
    "-c",
    "safe.directory=*",
    "ls-files",
    "--cached",
    "--others",
    "--exclude-standard",
    "--",
    ...paths,
  ];
  const { success, stdout, stderr } = await new Deno.Command("git", { args }).output();
  if (!success) throw new UsageError(`Cannot list files: ${new TextDecoder().decode(stderr)}`);
  const files = new TextDecoder().decode(stdout).split("\n").filter((file) =>
    TEXT.test(file) && !SKIPPED.test(file)
  );
  if (files.length === 0) throw new UsageError("No file with text is at these paths");
  return files;
}
