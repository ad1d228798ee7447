/** Tests that a client sends a token over a network only with TLS, or if allowed. Hosts are namespaces. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { TwoHosts } from "../../../bench/harness/hosts.ts";
import { Certificates } from "../../helpers/certificates.ts";
import { testWithHosts } from "../../helpers/needs.ts";
import { fromSource, Program, run } from "../../../bench/harness/program.ts";

const TOKEN = "correct horse battery";
const NAME = "token-a4";

await testWithHosts(
  "a client that uses a name sends a token only with TLS, or with --token-in-clear",
  async () => {
    await using hosts = await TwoHosts.make();
    await using certificates = await Certificates.inFolder();
    const { certFile, keyFile } = await certificates.selfSigned([`DNS:${NAME}-good`]);
    const tokenFile = `${certFile}.token`;
    await Deno.writeTextFile(tokenFile, TOKEN);
    const at = hosts.catalog.address;
    await using catalog = new Program(
      hosts.catalog.command(fromSource("catalog.ts", "--host", at)),
    );
    const catalogPort = await catalog.port();
    const names = ["--catalog", `${at}:${catalogPort}`, "--local-catalog", "off"];
    const htserver = (name: string, ...flags: string[]) =>
      new Program(hosts.server.command(
        fromSource("server.ts", name, ...names, "--memory", "--token-file", tokenFile, ...flags),
      ));
    await using plain = htserver(NAME);
    await using encrypted = htserver(`${NAME}-good`, "--tls-cert", certFile, "--tls-key", keyFile);
    const port = await plain.port();
    await encrypted.port();
    const htclient = (...words: string[]) =>
      run(hosts.clients.command(
        fromSource("client.ts", "--token-file", tokenFile, "--timeout", "20", ...words),
      ));
    for (let listed = ""; listed.match(/^token-a4/gm)?.length !== 2;) {
      await sleep(100);
      listed =
        (await run(hosts.clients.command(fromSource("client.ts", "--list", ...names)))).stdout;
    }

    const refused = await htclient(...names, NAME, "ping");
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(
      refused.stderr,
      /requires a token, which is not sent .*--ca FILE.*--token-in-clear/,
    );
    const testperf = await run(hosts.clients.command(
      fromSource("testperf.ts", NAME, "--token-file", tokenFile, ...names, "--timeout", "20"),
    ));
    assert.equal(testperf.code, 1, testperf.stderr);
    assert.match(testperf.stderr, /--token-in-clear/);

    const allowed = await htclient(...names, "--token-in-clear", NAME, "ping");
    assert.deepEqual([allowed.code, allowed.stdout], [0, '"pong"\n'], allowed.stderr);
    const typed = await htclient(`${hosts.server.address}:${port}`, "ping");
    assert.deepEqual([typed.code, typed.stdout], [0, '"pong"\n'], typed.stderr);
    const overTls = await htclient(...names, "--ca", certFile, `${NAME}-good`, "ping");
    assert.deepEqual([overTls.code, overTls.stdout], [0, '"pong"\n'], overTls.stderr);
  },
);
