/** Tests the check of host names in records. */
import assert from "assert";
import { isServerHost } from "../../../lib/catalog/record/host_name.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `host name: ${name}`, permissions: "none", fn });
}

test("accepts host names and addresses of servers", () => {
  const good = ["a", "host.example.", "a_b-c.d9", "9p.io", "127.0.0.1", "192.0.2.7", "::1"];
  good.push("2001:db8::7", "::ffff:192.0.2.7");
  for (const text of good) assert.ok(isServerHost(text), text);
});

test("rejects addresses that no server has", () => {
  const bad = ["0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "0::0"];
  bad.push("ff02::1", "::ffff:0.0.0.0", "::ffff:224.0.0.1", "::0.0.0.0");
  for (const text of bad) assert.equal(isServerHost(text), false, text);
});

test("rejects numbers in unusual forms", () => {
  const odd = ["0", "2130706433", "0x7f.1", "0x7f000001", "127.1", "010.0.0.1", "1.2.3.256"];
  for (const text of odd) assert.equal(isServerHost(text), false, text);
});

test("rejects other texts", () => {
  const other = ["", "-a", ".", "a b", "a\n", "a\0", "\u001b[31m", "a/b", "a@b", "[::1]", ":::"];
  other.push("1:2", "a:1", "fe80::1%eth0", "a".repeat(256), "\u202ea", "b\u00fccher");
  for (const text of other) assert.equal(isServerHost(text), false, JSON.stringify(text));
});
