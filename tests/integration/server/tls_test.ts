/** Tests the flags for TLS and a token, with the catalog of cctools and without one. */
import assert from "assert";
import { CctoolsCatalog } from "../catalog/catalog_process.ts";
import { Certificates, OPENSSL } from "../../helpers/certificates.ts";
import { testWith } from "../../helpers/needs.ts";
import {
  ALONE,
  fromSource,
  Program,
  type ProgramResult,
  run,
} from "../../../bench/harness/program.ts";

const TOKEN = "the-secret-token";

testWith(
  [...OPENSSL, "catalog_server"],
  "a server with TLS and a token is found by its name, and measured by two processes",
  async () => {
    await using certificates = await Certificates.inFolder();
    const { certFile, keyFile } = await certificates.selfSigned(["DNS:me-a4-x", "IP:127.0.0.1"]);
    const other = await certificates.selfSigned(["DNS:me-a4-x"]);
    const tokenFile = await certificates.file("token", TOKEN);
    await using catalog = await CctoolsCatalog.start();
    const finding = ["--catalog", `127.0.0.1:${catalog.port}`, "--local-catalog", "off"];
    const alone = ["--memory", "--host", "127.0.0.1", "--token-file", tokenFile];
    const tls = ["--tls-cert", certFile, "--tls-key", keyFile];
    await using server = new Program(
      fromSource("server.ts", "me-a4-x", ...alone, ...tls, ...finding),
    );
    const target = `127.0.0.1:${await server.port()}`;
    const client = (...words: string[]) => run(fromSource("client.ts", ...words, ...finding));
    const trusting = ["--token-file", tokenFile, "--ca", certFile];

    assertOk(await client(target, "insert", "zebra", "[1.0]", ...trusting), "null\n");
    assertOk(await client("me-a4-x", "lookup", "zebra", ...trusting), "[1.0]\n");
    const list = await client("--list");
    assert.match(list.stdout, new RegExp(`^me-a4-x .* ${target} .* s +tls token$`, "m"));
    assert.ok(!list.stdout.includes(TOKEN));

    const untrusting = await client("me-a4-x", "size", "--token-file", tokenFile);
    assert.equal(untrusting.code, 1);
    assert.match(untrusting.stderr, /^htclient: .*it requires TLS; use --ca/m);
    const mistaken = await client("me-a4-x", "size", "--ca", other.certFile);
    assert.equal(mistaken.code, 1);
    assert.match(
      mistaken.stderr,
      /^htclient: .*--ca does not trust the issuer of its certificate$/m,
    );

    const load = ["--clients", "2", "--processes", "2", "--ops", "20"];
    for (const to of [target, "me-a4-x"]) {
      const { code, stdout, stderr } = await run(
        fromSource("testperf.ts", to, ...load, ...trusting, ...finding),
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^remove: 40 ops /m);
    }
  },
);

testWith(OPENSSL, "a bad certificate or key is a usage error", async () => {
  await using certificates = await Certificates.inFolder();
  const { certFile, keyFile } = await certificates.selfSigned(["DNS:me-a4-x"]);
  const start = (...flags: string[]) => run(fromSource("server.ts", "me-a4-x", ...ALONE, ...flags));
  const one = await start("--tls-cert", certFile);
  assert.equal(one.code, 2);
  assert.match(one.stderr, /^htserver: TLS needs both .*: --tls-key is missing$/m);
  const swapped = await start("--tls-cert", keyFile, "--tls-key", certFile);
  assert.equal(swapped.code, 2);
  assert.match(swapped.stderr, /^htserver: There is no certificate in '.*'.*\n$/);
  assert.equal(swapped.stdout, "");
});

function assertOk({ code, stdout, stderr }: ProgramResult, expected: string): void {
  assert.equal(code, 0, stderr);
  assert.equal(stdout, expected);
}
