/** The secrets of a shared store: its password and the certificates to trust, from files or the environment. */
import { UsageError } from "../../base/errors.ts";
import type { StoreConfig, StoreSecrets } from "../../config/store_config.ts";
import { environment } from "../environment.ts";
import { warnAboutFileAccess } from "../file_access.ts";
import { readCa } from "../tls_files.ts";
import { readUtf8File } from "../utf8_text.ts";

/**
 * Reads the secrets. The password is the file's text without white space around it, or else
 * `HTSERVER_STORE_PASSWORD` as it is.
 *
 * @param warn receives a warning if other users can read or write a file
 * @throws {ExitError} if a file cannot be read, or has no password or certificate
 */
export async function readStoreSecrets(
  { passwordFile, caFile }: StoreConfig,
  warn: (sentence: string) => void,
): Promise<StoreSecrets> {
  const password = passwordFile === undefined
    ? environment("HTSERVER_STORE_PASSWORD").HTSERVER_STORE_PASSWORD || undefined
    : await readPassword(passwordFile, warn);
  return { password, ca: await readCa(caFile, warn) };
}

async function readPassword(file: string, warn: (sentence: string) => void): Promise<string> {
  const text = (await readUtf8File(file, "the password of the store")).trim();
  await warnAboutFileAccess(file, "The password of the store in", "secret", warn);
  if (text !== "") return text;
  throw new UsageError(
    `The file '${file}' of --store-password-file is empty: it must be a password`,
  );
}
