/** Proves the requirements of the client library on a server with TLS. */
import assert from "assert";
import { AuthError } from "../../mod.ts";
import { connect } from "./connect.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { testWithCertificates } from "../helpers/certificates.ts";
import { startServer } from "../helpers/server.ts";
import { IP, startTlsServer, tlsError, TOKEN } from "./tls_peers.ts";

testWithCertificates(
  "with the server's certificate, requests work as without TLS",
  async (certificates) => {
    const certificate = await certificates.selfSigned([IP]);
    await using server = startTlsServer(certificate, TOKEN);
    await using client = await connect(server.target, { ca: certificate.cert, token: TOKEN });
    await client.insert("zebra", [1]);
    assert.deepEqual(await client.lookup("zebra"), [1]);
    const noToken = connect(server.target, { ca: certificate.cert });
    await assert.rejects(noToken, AuthError);
  },
);

testWithCertificates(
  "a certificate that is not trusted, or is for another host, ends the attempt at once",
  async (certificates) => {
    const [here, elsewhere, authority] = await Promise.all([
      certificates.selfSigned([IP]),
      certificates.selfSigned(["IP:127.0.0.2", "DNS:localhost"]),
      certificates.selfSigned([IP], true),
    ]);
    await using server = startTlsServer(here);
    const wrongCa = connect(server.target, { ca: elsewhere.cert });
    await assert.rejects(wrongCa, tlsError(/does not trust the issuer/));
    await using other = startTlsServer(elsewhere);
    const wrongHost = connect(other.target, { ca: elsewhere.cert });
    await assert.rejects(wrongHost, tlsError(/must be for "127\.0\.0\.1"/));
    await using signing = startTlsServer(authority);
    const wrongUse = connect(signing.target, { ca: authority.cert });
    await assert.rejects(wrongUse, tlsError(/CA:TRUE/));
    await assert.rejects(connect(server.target, { ca: here.key }), TypeError);
  },
);

testWithCertificates(
  "if only one side uses TLS, the attempt ends at once with a sentence",
  async (certificates) => {
    const certificate = await certificates.selfSigned([IP]);
    await using encrypted = startTlsServer(certificate);
    await using plain = startServer();
    await assert.rejects(
      connect(encrypted.target),
      tlsError(/it requires TLS; use --ca/),
    );
    await assert.rejects(
      connect(plain.target, { ca: certificate.cert }),
      tlsError(/does not speak TLS/),
    );
    using raw = await RawClient.connect(encrypted.port);
    await raw.send('{"method":"ping"}\n');
    assert.equal(await raw.line(), undefined, "closed, after an alert, without a line");
  },
);

testWithCertificates(
  "a peer that never completes the handshake delays no other client",
  async (certificates) => {
    const certificate = await certificates.selfSigned([IP]);
    await using server = startTlsServer(certificate);
    const silent = await Promise.all(
      Array.from({ length: 50 }, () => RawClient.connect(server.port)),
    );
    // The start of a TLS hello; the rest never comes.
    for (const raw of silent.slice(25)) await raw.send(new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1]));
    await using client = await connect(server.target, { ca: certificate.cert });
    for (let at = 0; at < 100; at++) await client.insert(`k${at}`, at);
    assert.equal(await client.size(), 100);
    assert.equal(server.server.clients, 51, "a pending handshake counts as a client");
    for (const raw of silent) raw[Symbol.dispose]();
    while (server.server.clients > 1) await client.ping();
  },
);

testWithCertificates(
  "a reply of many megabytes comes whole, and so does the last reply before a close",
  async (certificates) => {
    const certificate = await certificates.selfSigned([IP]);
    await using server = startTlsServer(certificate, TOKEN);
    const options = { ca: certificate.cert, token: TOKEN };
    await using client = await connect(server.target, options);
    const value = "v".repeat(1_000_000);
    for (let at = 0; at < 60; at++) await client.insert(`k${at}`, value);
    const pairs = await client.scanText("");
    assert.equal(pairs.length, 60);
    assert.ok(pairs.every(([, text]) => text === `"${value}"`));
    // All in one connection. A rejection that closes the connection arrives before its end.
    assert.equal(client.connections, 1);
    await client.close();
    const tcp = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    using tls = await Deno.startTls(tcp, { hostname: "127.0.0.1", caCerts: [certificate.cert] });
    await tls.write(new TextEncoder().encode('{"method":"hello","token":"a wrong one"}\n'));
    // Without close_notify, reading to the end would fail.
    assert.match(
      await new Response(tls.readable).text(),
      /^\{"status":"ERROR".*"AuthError".*\}\n$/,
    );
  },
);

testWithCertificates(
  "a server with TLS that stops replies to the requests it has read",
  async (certificates) => {
    const certificate = await certificates.selfSigned([IP]);
    const server = startTlsServer(certificate);
    await using client = await connect(server.target, { ca: certificate.cert, timeoutMs: 300 });
    await client.insert("k", 1);
    await server.server.stop();
    await assert.rejects(client.ping());
  },
);
