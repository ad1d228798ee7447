/** The exposure of a server: a sentence at its start about access to its table. */

/** The settings that protect a server. */
interface Exposure {
  /** Listen address. */
  readonly host: string;
  readonly hasToken: boolean;
  readonly hasTls: boolean;
}

/** The setting that always protects it from other machines. */
const OR_LOOPBACK = "--host 127.0.0.1 keeps other machines out";

/**
 * Describes the access that programs on other machines have.
 *
 * @returns undefined if only this machine can reach the server, or a token and TLS protect it
 */
export function exposureWarning({ host, hasToken, hasTls }: Exposure): string | undefined {
  if (/^(127\.|localhost$|::1$)/.test(host) || (hasToken && hasTls)) return undefined;
  if (hasToken) {
    return `the token and the data are sent unencrypted: programs on the network can read both (--tls-cert and --tls-key encrypt them; ${OR_LOOPBACK})`;
  }
  const more = hasTls ? "" : ", --tls-cert and --tls-key encrypt the data";
  return `any program that can reach the port can read and change the table (--token-file requires a token${more}; ${OR_LOOPBACK})`;
}
