/** The file of `--token-file`: reads and checks the token. */
import { UsageError } from "../base/errors.ts";
import { printWarning, warnAboutFileAccess } from "./file_access.ts";
import { readUtf8File } from "./utf8_text.ts";

/** Shortest token, in characters: shorter ones can be guessed. */
const MIN_TOKEN_CHARS = 8;

/**
 * Reads a token: the file's text without white space around it.
 *
 * @param file undefined: no token
 * @param warn receives a warning if other users can read or write the file (default: stderr)
 * @throws {ExitError} if it cannot be read, or the token is too short
 */
export async function readToken(
  file: string | undefined,
  warn: (sentence: string) => void = printWarning,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = (await readUtf8File(file, "the token")).trim();
  await warnAboutFileAccess(file, "The token in", "secret", warn);
  if (text.length >= MIN_TOKEN_CHARS) return text;
  throw new UsageError(
    `The token in '${file}' must have at least ${MIN_TOKEN_CHARS} characters; it has ${text.length}`,
  );
}
