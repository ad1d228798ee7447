import assert from "assert";
import { isServerHost } from "../../../lib/catalog/record/host_name.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `host text: ${name}`, permissions: "none", fn });
}

test("host names and addresses of servers", () => {
  const good = ["a", "host.example.", "a_b-c.d9", "9p.io", "127.0.0.1", "192.0.2.7", "::1"];
  good.push("2001:db8::7", "::ffff:192.0.2.7");
  for (const text of good) assert.ok(isServerHost(text), text);
});

test("addresses that no server has", () => {
  const nobody = ["0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "0::0"];
  nobody.push("ff02::1", "::ffff:0.0.0.0", "::ffff:224.0.0.1", "::0.0.0.0");
  for (const text of nobody) assert.equal(isServerHost(text), false, text);
});

test("numbers that the system reads otherwise than people do", () => {
  for (
    const text of ["0", "2130706433", "0x7f.1", "0x7f000001", "127.1", "010.0.0.1", "1.2.3.256"]
  ) {
    assert.equal(isServerHost(text), false, text);
  }
});

test("what is neither", () => {
  const odd = [
    "",
    "-a",
    ".",
    "a b",
    "a\n",
    "a\0",
    "\u001b[31m",
    "a/b",
    "a@b",
    "[::1]",
    ":::",
    "1:2",
  ];
  odd.push("a:1", "fe80::1%eth0", "a".repeat(256), "\u202ea", "b\u00fccher");
  for (const text of odd) assert.equal(isServerHost(text), false, JSON.stringify(text));
});
