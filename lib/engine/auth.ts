/** The token that a server may ask for, compared in constant time. */
import { createHash, timingSafeEqual } from "node:crypto";

/** Says whether a client's token is the right one. */
export type TokenCheck = (token: string | undefined) => boolean;

/**
 * Makes the check.
 *
 * @param wanted the server's token; undefined where it needs none, and then any will do
 */
export function tokenCheck(wanted: string | undefined): TokenCheck {
  if (wanted === undefined) return () => true;
  // Digests have one length, and comparing them tells nothing about the tokens themselves.
  const wantedDigest = digest(wanted);
  return (token) => token !== undefined && timingSafeEqual(digest(token), wantedDigest);
}

function digest(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
