/** The check of the token that a server may require, in constant time. */
import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a client's token is the server's. */
type TokenCheck = (token: string | undefined) => boolean;

/**
 * Makes the check.
 *
 * @param wanted the server's token; undefined: the server requires none, and every token passes
 */
export function tokenCheck(wanted: string | undefined): TokenCheck {
  if (wanted === undefined) return () => true;
  // All digests have the same length, and the time to compare them shows nothing about the tokens.
  const wantedDigest = digest(wanted);
  return (token) => token !== undefined && timingSafeEqual(digest(token), wantedDigest);
}

function digest(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
