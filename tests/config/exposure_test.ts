/** Proves what an owner is told about who may come in. */
import assert from "assert";
import { exposureWarning } from "../../lib/config/exposure.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `exposure: ${name}`, permissions: "none", fn });
}

const OPEN = { host: "0.0.0.0", hasToken: false, hasTls: false };

test("nothing on the loopback, or with a token and TLS", () => {
  for (const host of ["127.0.0.1", "127.0.0.2", "localhost", "::1"]) {
    assert.equal(exposureWarning({ ...OPEN, host }), undefined, host);
  }
  assert.equal(exposureWarning({ ...OPEN, hasToken: true, hasTls: true }), undefined);
});

test("with neither, that anyone may change the table, and what prevents it", () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.7", "localhost.example.org"]) {
    const warning = exposureWarning({ ...OPEN, host }) ?? "";
    assert.match(warning, /^anyone who can reach the port can read and change the table/, host);
    assert.match(warning, /--token-file.*--tls-cert.*--host 127\.0\.0\.1/);
  }
});

test("with TLS only, the same, since it does not say who may come in", () => {
  const warning = exposureWarning({ ...OPEN, hasTls: true }) ?? "";
  assert.match(warning, /^anyone who can reach the port .*--token-file/);
  assert.doesNotMatch(warning, /--tls/);
});

test("with a token only, that it can be overheard", () => {
  const warning = exposureWarning({ ...OPEN, hasToken: true }) ?? "";
  assert.match(warning, /^the token and the data travel unencrypted.*--tls-cert/);
});
