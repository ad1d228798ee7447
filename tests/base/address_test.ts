/** Proves which texts are addresses, and that formatting and parsing are inverse. */
import assert from "assert";
import fc from "fast-check";
import {
  addressGroup,
  addressText,
  isLinkLocal,
  isLoopback,
  isPrivateAddress,
  parseAddress,
} from "../../lib/base/address.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("address");

test("host and port, in every form", () => {
  const cases: [string, string, number][] = [
    ["example.org:80", "example.org", 80],
    ["127.0.0.1:65535", "127.0.0.1", 65_535],
    ["a_b-c.d:1", "a_b-c.d", 1],
    ["[::1]:9097", "::1", 9_097],
    ["[fe80::1%2]:5", "fe80::1%2", 5],
  ];
  for (const [text, hostname, port] of cases) {
    assert.deepEqual(parseAddress(text), { hostname, port }, text);
    assert.deepEqual(parseAddress(text, 7), { hostname, port }, text);
  }
});

test("a text without a port is an address only if there is a default", () => {
  for (const [text, hostname] of [["host", "host"], ["::1", "::1"], ["[::1]", "::1"]] as const) {
    assert.equal(parseAddress(text), undefined);
    assert.deepEqual(parseAddress(text, 9_097), { hostname, port: 9_097 });
  }
});

test("any other text is not an address", () => {
  const texts = ["", ":80", "host:", "host:0", "host:65536", "host:123456", "host:-1", "host:8o"];
  const others = ["a b:80", "[::1", "::1]:80", "[]:80", "http://h:80", "h:80/x", "h:80\n"];
  for (const text of [...texts, ...others, "\u00e9:80"]) {
    assert.equal(parseAddress(text, 9_097), undefined, JSON.stringify(text));
  }
});

test("parseAddress() reads the output of addressText()", () => {
  const hostname = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  fc.assert(fc.property(hostname, fc.integer({ min: 1, max: 65_535 }), (hostname, port) => {
    assert.deepEqual(parseAddress(addressText({ hostname, port })), { hostname, port });
  }));
});

test("private and public ones", () => {
  const own = ["10.0.0.1", "127.0.0.1", "172.16.0.1", "172.31.255.1", "192.168.1.1", "169.254.1.1"];
  for (const one of [...own, "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"]) {
    assert.ok(isPrivateAddress(one), one);
  }
  const others = ["11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "8.8.8.8", "2001:db8::1"];
  const names = ["10.example.org", "127.evil.org", "10.0.0.1.evil.org", "fd.example", ""];
  for (const one of [...others, ...names]) assert.ok(!isPrivateAddress(one), one);
});

test("the group of an IPv6 address is its network, that of an IPv4 address itself, in any notation", () => {
  const groups: [string, string][] = [
    ["192.168.1.2", "192.168.1.2"],
    ["::ffff:192.168.1.2", "192.168.1.2"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
  ];
  for (const [address, group] of groups) assert.equal(addressGroup(address), group, address);
});

test("loopback and link-local addresses, in any notation", () => {
  for (const own of ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "::1", "localhost"]) {
    assert.ok(isLoopback(own), own);
  }
  for (const other of ["128.0.0.1", "127.evil.org", "1.127.0.0", "::2", "localhost.evil.org", ""]) {
    assert.ok(!isLoopback(other), other);
  }
  for (const link of ["fe80::1", "FE80::1%eth0", "febf::1"]) assert.ok(isLinkLocal(link), link);
  for (const other of ["fec0::1", "2001:db8::1", "169.254.0.1", "fe80.example"]) {
    assert.ok(!isLinkLocal(other), other);
  }
});
