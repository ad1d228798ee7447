/** The files of `--tls-cert`, `--tls-key` and `--ca`: reads and checks them. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { UsageError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { printWarning, warnAboutFileAccess } from "./file_access.ts";
import { readUtf8File } from "./utf8_text.ts";

/** A server's certificate, with intermediate certificates if any, and its key, as PEM. */
interface ServerTls {
  readonly cert: string;
  readonly key: string;
}

/** The files of a server's certificate and key. */
interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Reads the certificate and key of a server.
 *
 * @param files undefined: no TLS
 * @param log receives warnings, such as of a certificate that clients reject
 * @throws {ExitError} if a file cannot be read, is not PEM, or the key is not that of the certificate
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
  await warnAboutFileAccess(keyFile, "The TLS key in", "secret", warn);
  await warnAboutFileAccess(certFile, "The certificate in", "trusted", warn);
  if (certificate.ca) {
    log.warn(
      "the certificate is that of an authority (CA:TRUE), and htclient and testperf reject it for a server: make it with -addext basicConstraints=critical,CA:FALSE",
      { file: certFile },
    );
  }
  return { cert, key };
}

/**
 * Reads the certificates that a client trusts, as PEM text.
 *
 * @param file undefined: no TLS
 * @param warn receives a warning if other users can write the file (default: stderr)
 * @throws {ExitError} if it cannot be read, or has no certificate
 */
export async function readCa(
  file: string | undefined,
  warn: (sentence: string) => void = printWarning,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readUtf8File(file, "the certificates");
  await warnAboutFileAccess(file, "The certificates in", "trusted", warn);
  certificateIn(text, file);
  return text;
}

/** Reads the first certificate of a file. */
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
