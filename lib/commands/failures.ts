/** The failures of commands, with the same words for every engine. */
import { quoted } from "../base/quote.ts";
import { keyOf } from "../protocol/key_text.ts";
import type { Failure, KeyText } from "../protocol/message.ts";
import type { Method } from "../protocol/requests.ts";

/** A key in quotes, for a message. */
export function quotedKey(key: KeyText): string {
  return quoted(keyOf(key));
}

/**
 * The failure of a request before the client has sent the token.
 *
 * @param method undefined if the request has no known method
 */
export function tokenMissing(method: Method | undefined): Failure {
  return {
    type: "AuthError",
    message: `Cannot ${
      method ?? "execute the request"
    }: this server needs a token; send hello with 'token' first`,
  };
}

/** The failure of a lookup or remove of a key that is not in the table. @param what as in "look up" */
export function noSuchKey(what: string, key: KeyText): Failure {
  return { type: "KeyError", message: `Cannot ${what} ${quotedKey(key)}: there is no such key` };
}

/** The failure of an insert that has no room. @param why the limit and what it would take */
export function tableFull(key: KeyText, why: string): Failure {
  return {
    type: "TableFull",
    message: `Cannot insert ${quotedKey(key)}: ${why}; remove some keys first`,
  };
}

/** The failure of a change that was not made. @param why the reason */
export function notDurable(method: Method, key: KeyText, why: string): Failure {
  return {
    type: "StorageError",
    message: `Cannot ${method} ${
      quotedKey(key)
    }: it could not be made durable and was not made (${why})`,
  };
}

/** The failure of a request whose result is too large. @param key of the request, if it has one */
export function resultTooLarge(method: Method, bytes: number, key?: KeyText): Failure {
  const what = key === undefined ? method : `${method} ${quotedKey(key)}`;
  return { type: "TooLarge", message: `Cannot ${what}: the result has ${bytes} bytes` };
}

/** The failure of a request for whose reply there is no memory. */
export function noMemory(method: Method): Failure {
  return {
    type: "TooLarge",
    message: `Cannot answer ${method}: the server has no memory for the reply now; try again later`,
  };
}

/** The failure of a request to which a shared store had no answer. @param why the end of a sentence */
export function notAnswered(method: Method, why: string, key?: KeyText): Failure {
  const what = key === undefined ? method : `${method} ${quotedKey(key)}`;
  return { type: "StorageError", message: `Cannot ${what}: the store did not answer (${why})` };
}
