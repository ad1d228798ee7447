/** Reads the file of `--token-file`. */
import { ExitError, messageOf, UsageError } from "../base/errors.ts";

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
  let text: string;
  try {
    text = (await Deno.readTextFile(file)).trim();
  } catch (error) {
    throw new ExitError(`Cannot read the token from '${file}': ${messageOf(error)}`);
  }
  if (text.length >= MIN_TOKEN_CHARS) return text;
  throw new UsageError(
    `The token in '${file}' must have at least ${MIN_TOKEN_CHARS} characters; it has ${text.length}`,
  );
}
