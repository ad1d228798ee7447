/** Tests the list of catalogs: from the flag, else from the environment, else the default. */
import assert from "assert";
import { catalogsFrom } from "../../lib/catalog/catalog_hosts.ts";
import { usageError } from "../config/command_lines.ts";

function test(name: string, fn: () => void): void {
  const fullName = name.startsWith("fault: ") ? name : `catalog_hosts: ${name}`;
  Deno.test({ name: fullName, permissions: "none", fn });
}

/** The catalogs, each as host, blank and port. */
const catalogs = (...settings: Parameters<typeof catalogsFrom>) =>
  catalogsFrom(...settings).map(({ hostname, port }) => `${hostname} ${port}`);

const NOTRE_DAME = ["catalog.cse.nd.edu 9097", "backup-catalog.cse.nd.edu 9097"];

test("the default ones are the two at Notre Dame", () => {
  assert.deepEqual(catalogs(undefined, {}), NOTRE_DAME);
  assert.deepEqual(catalogs(true, {}), NOTRE_DAME);
  assert.deepEqual(catalogs(undefined, { CATALOG_HOST: "", CATALOG_PORT: "" }), NOTRE_DAME);
});

test("CATALOG_HOST replaces the default, and the flag replaces both", () => {
  const env = { CATALOG_HOST: "one.org,two.org:80" };
  assert.deepEqual(catalogs(undefined, env), ["one.org 9097", "two.org 80"]);
  assert.deepEqual(catalogs("three.org", env), ["three.org 9097"]);
});

test("CATALOG_PORT is the port of entries without a port", () => {
  const env = { CATALOG_HOST: "a, b:80 ,[::1]:81,::1", CATALOG_PORT: "9000" };
  assert.deepEqual(catalogs(undefined, env), ["a 9000", "b 80", "::1 81", "::1 9000"]);
});

test("fault: small: a trailing comma in CATALOG_HOST is ignored, and so is an empty entry", () => {
  for (const CATALOG_HOST of ["one.org,", "one.org, ", ",one.org", ",,one.org,,"]) {
    assert.deepEqual(catalogs(undefined, { CATALOG_HOST }), ["one.org 9097"]);
  }
});

test("fault: small: link-local catalogs, which no other machine can use, are rejected", () => {
  for (const text of ["fe80::1", "[fe80::1%eth0]:9097", "a,[FEBF::1%2]"]) {
    assert.throws(
      () => catalogsFrom(text, {}),
      /not the link-local '.*fe.*': use another address/i,
    );
  }
  assert.equal(catalogsFrom("169.254.1.2,fe80.org", {}).length, 2);
});

test("--no-catalog means none, also with CATALOG_HOST", () => {
  assert.deepEqual(catalogs(false, { CATALOG_HOST: "a", CATALOG_PORT: "no port" }), []);
});

test("a bad address or port is a usage error with its source and the value", () => {
  const messageFor = (...settings: Parameters<typeof catalogsFrom>) =>
    usageError(() => catalogsFrom(...settings));
  assert.match(messageFor("a b", {}), /--catalog.*'a b'/);
  assert.match(messageFor(" , ", {}), /--catalog must name a catalog, not ' , '/);
  assert.match(messageFor(undefined, { CATALOG_HOST: "http://x" }), /CATALOG_HOST.*'http:\/\/x'/);
  for (const port of ["0", "65536", "-1", "1.5", "port", "9097x"]) {
    assert.match(
      messageFor("a", { CATALOG_PORT: port }),
      /CATALOG_PORT must be a port from 1 to 65535/,
    );
  }
});
