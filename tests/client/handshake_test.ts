/** Proves that only a server that may read the token of a client gets it. */
import assert from "assert";
import { maySendToken } from "../../lib/client/handshake.ts";
import { trustIn } from "../../lib/client/dial.ts";
import { testWithCertificates } from "../helpers/certificates.ts";

const FOUND = { project: "me-a4", tokenInClear: false, trust: undefined };

const LOOPBACK = ["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"];
const OTHERS = ["10.0.0.1", "192.168.1.2", "128.74.1.2", "fe80::1", "2001:db8::1", "0.0.0.0", ""];

Deno.test("a server found by name gets the token only on the loopback", () => {
  for (const peer of LOOPBACK) assert.ok(maySendToken(FOUND, peer), peer);
  for (const peer of OTHERS) assert.ok(!maySendToken(FOUND, peer), peer);
});

Deno.test("a server at an address that the user gave gets the token anywhere, and so does one with the user's consent", () => {
  for (const peer of [...LOOPBACK, ...OTHERS]) {
    assert.ok(maySendToken({ ...FOUND, project: undefined }, peer), peer);
    assert.ok(maySendToken({ ...FOUND, tokenInClear: true }, peer), peer);
  }
});

testWithCertificates("a server with verified TLS gets the token anywhere", async (certificates) => {
  const { cert } = await certificates.selfSigned(["DNS:me-a4"]);
  for (const peer of OTHERS) {
    assert.ok(maySendToken({ ...FOUND, trust: trustIn(cert, "me-a4") }, peer), peer);
  }
});
