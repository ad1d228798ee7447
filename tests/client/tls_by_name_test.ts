/** Proves the certificates that a client trusts for a name, and that only such a server gets its token. */
import assert from "assert";
import { AuthError, ServerNotFoundError, TlsError } from "../../mod.ts";
import { connect } from "./connect.ts";
import { NameCatalog } from "./listing_catalog.ts";
import { PATIENCE_MS } from "../../bench/harness/program.ts";
import { testWithCertificates } from "../helpers/certificates.ts";
import { startServer } from "../helpers/server.ts";
import { Eavesdropper, IP, startTlsServer, tlsError, TOKEN } from "./tls_peers.ts";

const NAME = "test-a4";

testWithCertificates("by name, the certificate must be for the name", async (certificates) => {
  const named = await certificates.selfSigned(["DNS:test-a4"]);
  await using server = startTlsServer(named, TOKEN);
  await using catalog = new NameCatalog(NAME, { port: server.port, tls: true });
  await using client = await catalog.connect({ ca: named.cert, token: TOKEN });
  assert.equal(await client.size(), 0);
  await assert.rejects(
    catalog.connect({ token: TOKEN }),
    tlsError(/127\.0\.0\.1:\d+: it requires TLS; use --ca/),
  );
  const addressed = await certificates.selfSigned(["DNS:other-a4"]);
  await using impostor = startTlsServer(addressed);
  await using hostile = new NameCatalog(NAME, { port: impostor.port, tls: true });
  await assert.rejects(
    hostile.connect({ ca: addressed.cert }),
    tlsError(/must be for "test-a4"/),
  );
});

testWithCertificates(
  "by name, the server's own certificate for its private address is enough",
  async (certificates) => {
    const addressed = await certificates.selfSigned([IP]);
    await using server = startTlsServer(addressed, TOKEN);
    for (const name of ["test-a4", "a+b@c"]) {
      await using catalog = new NameCatalog(name, { port: server.port, tls: true });
      const connecting = catalog.connect({ ca: addressed.cert, token: TOKEN, timeoutMs: 5_000 });
      // The server's name is test-a4.
      if (name === "test-a4") await (await connecting).close();
      else await assert.rejects(connecting, ServerNotFoundError);
    }
  },
);

testWithCertificates(
  "by name, a certificate of an authority for a private address is not enough",
  async (certificates) => {
    const authority = await certificates.selfSigned(["DNS:authority-a4"], true);
    const other = await certificates.selfSigned(["DNS:other-a4", "IP:127.0.0.2"]);
    const mallorys = await certificates.signedBy(authority, ["DNS:mallory-a4", IP]);
    await using hostile = startTlsServer(mallorys, TOKEN);
    await using catalog = new NameCatalog(NAME, { port: hostile.port, tls: true });
    for (const ca of [authority.cert, `${other.cert}${authority.cert}`]) {
      await assert.rejects(
        catalog.connect({ ca, token: TOKEN }),
        tlsError(/must be for "test-a4"/),
      );
    }
    // The control: that certificate is valid for its address, and one for the name is valid.
    const options = { ca: authority.cert, token: TOKEN };
    await using _ = await connect(hostile.target, options);
    const named = await certificates.signedBy(authority, ["DNS:test-a4"]);
    await using server = startTlsServer(named, TOKEN);
    await using both = new NameCatalog(
      NAME,
      ...[hostile, server].map(({ port }) => ({ port, tls: true })),
    );
    await using client = await both.connect(options);
    assert.equal(client.address.port, server.port);
  },
);

testWithCertificates(
  "a name that no certificate can have needs an address",
  async (certificates) => {
    const certificate = await certificates.selfSigned(["DNS:test-a4"]);
    await using server = startTlsServer(certificate);
    await using catalog = new NameCatalog("a+b@c", { port: server.port, tls: true });
    await assert.rejects(
      catalog.connect({ ca: certificate.cert }),
      tlsError(/not a DNS name; use HOST:PORT/),
    );
  },
);

Deno.test("a record that lists TLS wrongly does not end the search, and the warning mentions it", async () => {
  const dead = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = dead.addr;
  dead.close();
  await using catalog = new NameCatalog(NAME, { port, tls: true });
  const restarted = Promise.withResolvers<void>();
  // The client looks again after the first warning; by then the server is back, without TLS.
  const connecting = catalog.connect({
    timeoutMs: PATIENCE_MS,
    onWarning: (message) => {
      catalog.warnings.push(message);
      restarted.resolve();
    },
  });
  await restarted.promise;
  await using server = startServer({ port });
  await using client = await connecting;
  assert.equal(client.address.port, server.port);
  assert.match(catalog.warnings.join(), /listed as one with TLS: use --ca FILE/);
});

Deno.test("a server that is only listed with TLS gets `hello`, but not the token", async () => {
  await using hostile = new Eavesdropper();
  await using catalog = new NameCatalog(NAME, { port: hostile.port, tls: true });
  await assert.rejects(catalog.connect({ token: TOKEN, timeoutMs: 1_000 }), ServerNotFoundError);
  assert.ok(
    hostile.received.includes("hello") && !hostile.received.includes(TOKEN),
    hostile.received,
  );
});

Deno.test("a server that rejects the token gets no attempt at its other addresses, and a warning has the reason", async () => {
  await using server = startServer({}, TOKEN);
  const listener = Deno.listen({ hostname: "127.0.0.2", port: server.port });
  await using catalog = new NameCatalog(NAME, { port: server.port, addresses: ["127.0.0.2"] });
  let guesses = 0;
  const guessing = (async () => {
    for await (const connection of listener) {
      guesses++;
      connection.close();
    }
  })();
  await assert.rejects(
    catalog.connect(),
    (error) => error instanceof AuthError && /use --token-file/.test(error.message),
  );
  listener.close();
  await guessing;
  assert.equal(guesses, 0);
  assert.match(catalog.warnings.join(), /^Cannot hello: .*token.*; looking again$/);
});

testWithCertificates(
  "a client with `ca` never sends the token to a server without TLS",
  async (certificates) => {
    const named = await certificates.selfSigned(["DNS:test-a4"]);
    await using hostile = new Eavesdropper();
    // The catalog lies: it lists a server without TLS, and no other.
    await using catalog = new NameCatalog(NAME, hostile);
    const options = { ca: named.cert, token: TOKEN, timeoutMs: 5_000 };
    await assert.rejects(catalog.connect(options), TlsError);
    const at = { hostname: "127.0.0.1", port: hostile.port };
    await assert.rejects(catalog.connect({ ...options, at }), TlsError);
    await assert.rejects(connect(`127.0.0.1:${hostile.port}`, options), TlsError);
    assert.ok(hostile.received.length > 0, "the client connected to it");
    assert.ok(
      !hostile.received.includes(TOKEN) && !hostile.received.includes("hello"),
      hostile.received,
    );
    // The control: without `ca` it gets the token.
    await assert.rejects(catalog.connect({ token: TOKEN, timeoutMs: 1_000 }));
    assert.ok(hostile.received.includes(TOKEN));
    // The client finds the right server beside it.
    await using server = startTlsServer(named, TOKEN);
    await using both = new NameCatalog(NAME, hostile, { port: server.port, tls: true });
    await using client = await both.connect(options);
    assert.equal(client.address.port, server.port);
  },
);
