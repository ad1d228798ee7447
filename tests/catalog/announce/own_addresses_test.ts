/** Tests the addresses of a machine that a server announces. */
import assert from "assert";
import { reachableAddresses } from "../../../lib/catalog/announce/own_addresses.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("fault: announced where it does not listen: only addresses of its families and its interface", () => {
  const all = ["127.0.0.1", "::1", "fe80::1", "2001:db8::1", "10.0.0.1", "192.0.2.1", "10.0.0.1"];
  const addresses = (hostname: string, isV4: boolean, isV6: boolean) =>
    reachableAddresses(all, { hostname, isV4, isV6 });
  assert.deepEqual(addresses("::", true, true), ["10.0.0.1", "192.0.2.1", "2001:db8::1"]);
  assert.deepEqual(addresses("::", false, true), ["2001:db8::1"]);
  assert.deepEqual(addresses("0.0.0.0", true, false), ["10.0.0.1", "192.0.2.1"]);
  assert.deepEqual(addresses("10.0.0.1", true, false), ["10.0.0.1"]);
  assert.deepEqual(addresses("127.0.1.1", true, false), []);
  assert.deepEqual(addresses("::1", false, true), []);
});

test("own addresses: IPv4 first, without loopback and link-local addresses", () => {
  assert.deepEqual(
    reachableAddresses(["127.0.0.1", "fd00::2", "192.0.2.2", "::1", "fe80::1", "10.0.0.1"]),
    ["192.0.2.2", "10.0.0.1", "fd00::2"],
  );
});
