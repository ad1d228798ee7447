/** Proves the warnings of a server that other machines can reach. */
import assert from "assert";
import { exposureWarning } from "../../lib/config/exposure.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("exposure");

const OPEN = { host: "0.0.0.0", hasToken: false, hasTls: false };

test("a server on the loopback, or with a token and TLS, has no warning", () => {
  for (const host of ["127.0.0.1", "127.0.0.2", "localhost", "::1"]) {
    assert.equal(exposureWarning({ ...OPEN, host }), undefined, host);
  }
  assert.equal(exposureWarning({ ...OPEN, hasToken: true, hasTls: true }), undefined);
});

test("without token and TLS, the warning is that any program can change the table", () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.7", "localhost.example.org"]) {
    const warning = exposureWarning({ ...OPEN, host }) ?? "";
    assert.match(
      warning,
      /^any program that can reach the port can read and change the table/,
      host,
    );
    assert.match(warning, /--token-file.*--tls-cert.*--host 127\.0\.0\.1/);
  }
});

test("with TLS or a token only, the warning names the other", () => {
  const tls = exposureWarning({ ...OPEN, hasTls: true }) ?? "";
  assert.match(tls, /^any program that can reach the port .*--token-file/);
  assert.doesNotMatch(tls, /--tls/);
  const token = exposureWarning({ ...OPEN, hasToken: true }) ?? "";
  assert.match(token, /^the token and the data are sent unencrypted.*--tls-cert/);
});
