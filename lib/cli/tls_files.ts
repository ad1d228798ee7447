/** Reads the files of `--tls-cert`, `--tls-key` and `--ca`, and says what is wrong with them. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { UsageError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { printWarning, warnOfOthers } from "./open_to_others.ts";
import { readUtf8File } from "./utf8_text.ts";

/** A server's certificate (perhaps with those between it and an authority) and its key, as PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
}

/** Where these are. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Reads what a server needs for TLS.
 *
 * @param files undefined: no TLS
 * @param log is told of a certificate that serves, but that clients may refuse
 * @throws {ExitError} where a file cannot be read, is no such PEM, or the two do not belong together
 */
export async function readTls(
  files: TlsFiles | undefined,
  log: Log,
): Promise<ServerTls | undefined> {
  if (files === undefined) return undefined;
  const { certFile, keyFile } = files;
  const cert = await readUtf8File(certFile, "the certificate");
  const key = await readUtf8File(keyFile, "the key");
  const certificate = certificateIn(cert, certFile);
  if (!isKeyOf(certificate, key, keyFile)) {
    throw new UsageError(`The key in '${keyFile}' is not that of the certificate in '${certFile}'`);
  }
  const warn = (sentence: string) => log.warn(sentence);
  await warnOfOthers(keyFile, "The TLS key in", "secret", warn);
  await warnOfOthers(certFile, "The certificate in", "trusted", warn);
  if (certificate.ca) {
    log.warn(
      "the certificate is one of an authority (CA:TRUE), which htclient and testperf refuse as a server's: make it with -addext basicConstraints=critical,CA:FALSE",
      { file: certFile },
    );
  }
  return { cert, key };
}

/**
 * Reads what a client trusts, as PEM text.
 *
 * @param file undefined: no TLS
 * @param warn takes a warning if others can write it (default: stderr)
 * @throws {ExitError} where it cannot be read or has no certificate in it
 */
export async function readCa(
  file: string | undefined,
  warn: (sentence: string) => void = printWarning,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readUtf8File(file, "the certificates");
  await warnOfOthers(file, "The certificates in", "trusted", warn);
  certificateIn(text, file);
  return text;
}

/** The first certificate of a file. */
function certificateIn(text: string, file: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new UsageError(
      `There is no certificate in '${file}': it must be PEM, with a part that begins with -----BEGIN CERTIFICATE-----`,
    );
  }
}

function isKeyOf(certificate: X509Certificate, key: string, file: string): boolean {
  let privateKey;
  try {
    privateKey = createPrivateKey(key);
  } catch {
    throw new UsageError(
      `There is no key in '${file}': it must be PEM, with a part that begins with -----BEGIN PRIVATE KEY-----, and have no password`,
    );
  }
  return certificate.checkPrivateKey(privateKey);
}
