/** Reads the file of `--token-file`. */
import { UsageError } from "../base/errors.ts";
import { readUtf8File } from "./utf8_text.ts";

/** Shortest token, in characters: shorter ones can be guessed. */
const MIN_TOKEN_CHARS = 8;

/**
 * Reads a token: the file's text without white space around it.
 *
 * @param file undefined: no token
 * @throws {ExitError} where there is no good token in it
 */
export async function readToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = (await readUtf8File(file, "the token")).trim();
  if (text.length >= MIN_TOKEN_CHARS) return text;
  throw new UsageError(
    `The token in '${file}' must have at least ${MIN_TOKEN_CHARS} characters; it has ${text.length}`,
  );
}
