/**
 * The check that text is UTF-8. The runtime replaces other bytes by U+FFFD, so that the table would
 * store an altered text: such text is rejected.
 */
import { ExitError, messageOf, UsageError } from "../base/errors.ts";
import { quoted } from "../base/quote.ts";
import { systemFacts } from "./system_facts.ts";

const REPLACEMENT = "\ufffd";

/** Whether a text has U+FFFD, so that the runtime may have altered it. */
export function mayBeAltered(text: string): boolean {
  return text.includes(REPLACEMENT);
}

/**
 * Checks the arguments of this process. The header of the portable form counts the U+FFFD that were typed.
 *
 * @throws {UsageError} if the arguments have more
 */
export function requireUtf8Arguments(): void {
  const { args } = Deno;
  const count = args.join("").split(REPLACEMENT).length - 1;
  if (count <= systemFacts().replacementChars) return;
  const at = args.findIndex(mayBeAltered);
  throw new UsageError(
    `The arguments must be UTF-8 text, and argument ${at + 1}, ${
      quoted(args[at] ?? "")
    }, has other bytes: type them as UTF-8 (U+FFFD itself is \\ufffd in JSON)`,
  );
}

/**
 * Reads a file of text.
 *
 * @param what names the text in a sentence such as `Cannot read the token from 'x'`
 * @throws {ExitError} if it cannot be read
 * @throws {UsageError} if it is not UTF-8
 */
export async function readUtf8File(file: string, what: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(file);
  } catch (error) {
    const why = messageOf(error).replace(/: readfile '.*'$/s, ""); // the runtime repeats the path
    throw new ExitError(`Cannot read ${what} from '${file}': ${why}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`Cannot use ${what} in '${file}': it must be UTF-8 text`);
  }
}
