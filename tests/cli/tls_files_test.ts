/** Proves the checks of the files for TLS, and their errors. */
import assert from "assert";
import { silentLog } from "../../lib/base/log.ts";
import { readCa, readTls } from "../../lib/cli/tls_files.ts";
import { Certificates, OPENSSL } from "../helpers/certificates.ts";
import { testWith } from "../helpers/needs.ts";

Deno.test({ name: "tls_files: without files, TLS is off", permissions: "none" }, async () => {
  assert.equal(await readTls(undefined, silentLog), undefined);
  assert.equal(await readCa(undefined), undefined);
});

testWith(OPENSSL, "tls_files: a certificate and its key, and nothing else", async () => {
  await using certificates = await Certificates.inFolder();
  const good = await certificates.selfSigned(["DNS:a"]);
  const other = await certificates.selfSigned(["DNS:a"]);
  const { certFile, keyFile, cert, key } = good;
  assert.deepEqual(await readTls({ certFile, keyFile }, silentLog), { cert, key });
  assert.equal(await readCa(certFile), cert);

  const missing = certificates.path("none");
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const odd = await certificates.file("odd", broken);
  const empty = await certificates.file("empty", "");
  const assertRejected = (reading: Promise<unknown>, exitCode: number, message: RegExp) =>
    assert.rejects(reading, { exitCode, message });
  const read = (certFile: string, keyFile: string) => readTls({ certFile, keyFile }, silentLog);
  await assertRejected(read(missing, keyFile), 1, /Cannot read the certificate from .*none/);
  await assertRejected(read(certFile, missing), 1, /Cannot read the key from .*none/);
  await assertRejected(read(certFile, other.keyFile), 2, /is not that of the certificate/);
  await assertRejected(read(certFile, certFile), 2, /There is no key in/);
  for (const file of [odd, empty, keyFile]) {
    await assertRejected(read(file, keyFile), 2, /There is no certificate in/);
    await assertRejected(readCa(file), 2, /There is no certificate in/);
  }
  await assertRejected(readCa(missing), 1, /Cannot read the certificates from .*none/);
});

testWith(OPENSSL, "tls_files: a certificate that clients reject causes a warning", async () => {
  await using certificates = await Certificates.inFolder();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  await readTls(await certificates.selfSigned(["DNS:a"]), log);
  assert.deepEqual(warnings, []);
  await readTls(await certificates.selfSigned(["DNS:a"], true), log);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /CA:TRUE/);
});
