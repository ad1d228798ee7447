/** Who can reach a server's table, and what they can see: the sentence at its start. */

/** What decides it. */
export interface Exposure {
  /** Listen address. */
  readonly host: string;
  readonly hasToken: boolean;
  readonly hasTls: boolean;
}

/** What keeps other machines out, whatever else is set. */
const OR_LOOPBACK = "--host 127.0.0.1 keeps other machines out";

/**
 * What the owner should know about who may come in.
 *
 * @returns undefined where only this machine can reach it, or where a token and TLS protect it
 */
export function exposureWarning({ host, hasToken, hasTls }: Exposure): string | undefined {
  if (/^(127\.|localhost$|::1$)/.test(host) || (hasToken && hasTls)) return undefined;
  if (hasToken) {
    return `the token and the data travel unencrypted: whoever can listen on the way has both (--tls-cert and --tls-key encrypt them; ${OR_LOOPBACK})`;
  }
  const more = hasTls ? "" : ", --tls-cert and --tls-key encrypt what they send";
  return `anyone who can reach the port can read and change the table (--token-file lets in only who has the token${more}; ${OR_LOOPBACK})`;
}
