/** The client library with TLS: whom it speaks to, and to whom it never says its token. */
import assert from "assert";
import { sleep } from "../../lib/base/clock.ts";
import { AuthError, HtClient, ServerNotFoundError, TlsError } from "../../client.ts";
import { silentLog } from "../../lib/base/log.ts";
import { encodeRecord } from "../../lib/catalog/record/server_record.ts";
import { queryCatalog } from "../../lib/catalog/resolve/query.ts";
import { CatalogServer } from "../../lib/catalog/server/catalog_server.ts";
import { type Certificate, Certificates, OPENSSL } from "../helpers/certificates.ts";
import { testWith } from "../helpers/needs.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { PATIENCE_MS } from "../../bench/harness/program.ts";
import { startServer, type TestServer } from "../helpers/server.ts";

const TOKEN = "the-secret-token";
const IP = "IP:127.0.0.1";

function startTlsServer({ cert, key }: Certificate, token?: string): TestServer {
  return startServer({ tls: { cert, key } }, token);
}

testWith(OPENSSL, "with the server's certificate all works as without TLS", async () => {
  await using certificates = await Certificates.inFolder();
  const certificate = await certificates.selfSigned([IP]);
  await using server = startTlsServer(certificate, TOKEN);
  const client = await HtClient.connect(server.target, { ca: certificate.cert, token: TOKEN });
  await client.insert("zebra", [1]);
  assert.deepEqual(await client.lookup("zebra"), [1]);
  await client.close();
  const noToken = HtClient.connect(server.target, { ca: certificate.cert });
  await assert.rejects(noToken, AuthError);
});

testWith(
  OPENSSL,
  "a certificate that is not trusted or for another host ends it at once",
  async () => {
    await using certificates = await Certificates.inFolder();
    const [here, elsewhere, authority] = await Promise.all([
      certificates.selfSigned([IP]),
      certificates.selfSigned(["IP:127.0.0.2", "DNS:localhost"]),
      certificates.selfSigned([IP], true),
    ]);
    await using server = startTlsServer(here);
    const wrongCa = HtClient.connect(server.target, { ca: elsewhere.cert });
    await assert.rejects(wrongCa, (error) => isTlsError(error, /does not trust the issuer/));
    await using other = startTlsServer(elsewhere);
    const wrongHost = HtClient.connect(other.target, { ca: elsewhere.cert });
    await assert.rejects(wrongHost, (error) => isTlsError(error, /must be for "127\.0\.0\.1"/));
    await using signing = startTlsServer(authority);
    const wrongUse = HtClient.connect(signing.target, { ca: authority.cert });
    await assert.rejects(wrongUse, (error) => isTlsError(error, /CA:TRUE/));
    await assert.rejects(HtClient.connect(server.target, { ca: here.key }), TypeError);
  },
);

testWith(OPENSSL, "only one side with TLS: a sentence, at once", async () => {
  await using certificates = await Certificates.inFolder();
  const certificate = await certificates.selfSigned([IP]);
  await using encrypted = startTlsServer(certificate);
  await using plain = startServer();
  await assert.rejects(
    HtClient.connect(encrypted.target),
    (error) => isTlsError(error, /it wants TLS; use --ca/),
  );
  await assert.rejects(
    HtClient.connect(plain.target, { ca: certificate.cert }),
    (error) => isTlsError(error, /does not speak TLS/),
  );
  using raw = await RawClient.connect(encrypted.port);
  await raw.send('{"method":"ping"}\n');
  assert.equal(await raw.line(), undefined, "closed, after an alert, without a line");
});

testWith(OPENSSL, "who never shakes hands, or breaks off, holds up nobody", async () => {
  await using certificates = await Certificates.inFolder();
  const certificate = await certificates.selfSigned([IP]);
  await using server = startTlsServer(certificate);
  const silent = await Promise.all(
    Array.from({ length: 50 }, () => RawClient.connect(server.port)),
  );
  // The beginning of a hello: the rest never comes.
  for (const raw of silent.slice(25)) await raw.send(new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1]));
  const client = await HtClient.connect(server.target, { ca: certificate.cert });
  for (let at = 0; at < 100; at++) await client.insert(`k${at}`, at);
  assert.equal(await client.size(), 100);
  assert.equal(server.server.clients, 51, "a pending handshake is a client that has said nothing");
  for (const raw of silent) raw[Symbol.dispose]();
  while (server.server.clients > 1) await client.ping();
  await client.close();
});

testWith(OPENSSL, "a server that accepts and says nothing is given up in time", async () => {
  await using certificates = await Certificates.inFolder();
  const { cert: ca } = await certificates.selfSigned([IP]);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assert.rejects(
    HtClient.connect(`127.0.0.1:${listener.addr.port}`, { ca, timeoutMs: 300 }),
    (error) => error instanceof ServerNotFoundError && /does not shake hands/.test(error.message),
  );
});

testWith(OPENSSL, "by name, the certificate must be for the name", async () => {
  await using certificates = await Certificates.inFolder();
  const named = await certificates.selfSigned(["DNS:test-a4"]);
  await using server = startTlsServer(named, TOKEN);
  await using catalog = await startCatalog([{ port: server.port, tls: true }]);
  const client = await HtClient.connect("test-a4", {
    ...catalog.options,
    ca: named.cert,
    token: TOKEN,
  });
  assert.equal(await client.size(), 0);
  await client.close();
  await assert.rejects(
    HtClient.connect("test-a4", { ...catalog.options, token: TOKEN, timeoutMs: 5_000 }),
    (error) => isTlsError(error, /127\.0\.0\.1:\d+: it wants TLS; use --ca/),
  );
  const addressed = await certificates.selfSigned(["DNS:other-a4"]);
  await using impostor = startTlsServer(addressed);
  await using hostile = await startCatalog([{ port: impostor.port, tls: true }]);
  await assert.rejects(
    HtClient.connect("test-a4", { ...hostile.options, ca: addressed.cert, timeoutMs: 5_000 }),
    (error) => isTlsError(error, /must be for "test-a4"/),
  );
});

testWith(
  OPENSSL,
  "by name, the server's own for its private address will do, since that cannot be a stranger's",
  async () => {
    await using certificates = await Certificates.inFolder();
    const addressed = await certificates.selfSigned([IP]);
    await using server = startTlsServer(addressed, TOKEN);
    for (const name of ["test-a4", "a+b@c"]) {
      await using catalog = await startCatalog([{ port: server.port, tls: true }], name);
      const connecting = HtClient.connect(name, {
        ...catalog.options,
        ca: addressed.cert,
        token: TOKEN,
        timeoutMs: 5_000,
      });
      // The server is test-a4.
      if (name === "test-a4") await (await connecting).close();
      else await assert.rejects(connecting, ServerNotFoundError);
    }
  },
);

testWith(
  OPENSSL,
  "by name, one for a private address will not do that an authority has signed",
  async () => {
    await using certificates = await Certificates.inFolder();
    const authority = await certificates.selfSigned(["DNS:authority-a4"], true);
    const other = await certificates.selfSigned(["DNS:other-a4", "IP:127.0.0.2"]);
    const mallorys = await certificates.signedBy(authority, ["DNS:mallory-a4", IP]);
    await using hostile = startTlsServer(mallorys, TOKEN);
    await using catalog = await startCatalog([{ port: hostile.port, tls: true }]);
    const options = { ...catalog.options, token: TOKEN, timeoutMs: 5_000 };
    for (const ca of [authority.cert, `${other.cert}${authority.cert}`]) {
      await assert.rejects(
        HtClient.connect("test-a4", { ...options, ca }),
        (error) => isTlsError(error, /must be for "test-a4"/),
      );
    }
    // The control: it is good for what it is for, and so is one for the name.
    const ca = authority.cert;
    await (await HtClient.connect(hostile.target, { ...options, ca })).close();
    const named = await certificates.signedBy(authority, ["DNS:test-a4"]);
    await using server = startTlsServer(named, TOKEN);
    await using both = await startCatalog([
      { port: hostile.port, tls: true },
      { port: server.port, tls: true },
    ]);
    const client = await HtClient.connect("test-a4", { ...options, ...both.options, ca });
    assert.equal(client.address.port, server.port);
    await client.close();
  },
);

testWith(OPENSSL, "a name that no certificate can be for needs an address", async () => {
  await using certificates = await Certificates.inFolder();
  const certificate = await certificates.selfSigned(["DNS:test-a4"]);
  await using server = startTlsServer(certificate);
  await using catalog = await startCatalog([{ port: server.port, tls: true }], "a+b@c");
  await assert.rejects(
    HtClient.connect("a+b@c", { ...catalog.options, ca: certificate.cert, timeoutMs: 5_000 }),
    (error) => isTlsError(error, /no DNS name; use HOST:PORT/),
  );
});

Deno.test("a claim that a server wants TLS ends no search, and is told at its end", async () => {
  const dead = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = dead.addr;
  dead.close();
  await using catalog = await startCatalog([{ port, tls: true }]);
  const warnings: string[] = [];
  const restarted = Promise.withResolvers<void>();
  // It looks again after the first warning; by then the server is back, without TLS.
  const connecting = HtClient.connect("test-a4", {
    ...catalog.options,
    timeoutMs: PATIENCE_MS,
    onWarning: (message) => {
      warnings.push(message);
      restarted.resolve();
    },
  });
  await restarted.promise;
  await using server = startServer({ port });
  const client = await connecting;
  assert.equal(client.address.port, server.port);
  await client.close();
  assert.match(warnings.join(), /listed as one with TLS: use --ca FILE/);
});

Deno.test("who is only said to want TLS is asked, but not told the token", async () => {
  await using hostile = new Eavesdropper();
  await using catalog = await startCatalog([{ port: hostile.port, tls: true }]);
  const options = { ...catalog.options, token: TOKEN, timeoutMs: 1_000 };
  await assert.rejects(HtClient.connect("test-a4", options), ServerNotFoundError);
  assert.ok(hostile.heard.includes("hello") && !hostile.heard.includes(TOKEN), hostile.heard);
});

Deno.test("who refuses the token is not asked at its other addresses, and why is said", async () => {
  await using server = startServer({}, TOKEN);
  const listener = Deno.listen({ hostname: "127.0.0.2", port: server.port });
  await using catalog = await startCatalog([{ port: server.port, addresses: ["127.0.0.2"] }]);
  const warnings: string[] = [];
  let guesses = 0;
  const guessing = (async () => {
    for await (const connection of listener) {
      guesses++;
      connection.close();
    }
  })();
  await assert.rejects(
    HtClient.connect("test-a4", {
      ...catalog.options,
      timeoutMs: 20_000,
      onWarning: (message) => void warnings.push(message),
    }),
    (error) => error instanceof AuthError && /use --token-file/.test(error.message),
  );
  listener.close();
  await guessing;
  assert.equal(guesses, 0);
  assert.match(warnings.join(), /^Cannot hello: .*token.*; looking again$/);
});

testWith(OPENSSL, "whoever gives a CA never says the token to a plain server", async () => {
  await using certificates = await Certificates.inFolder();
  const named = await certificates.selfSigned(["DNS:test-a4"]);
  await using hostile = new Eavesdropper();
  // The catalog lies: it lists a server without TLS, and no other.
  await using catalog = await startCatalog([{ port: hostile.port }]);
  const options = { ...catalog.options, ca: named.cert, token: TOKEN, timeoutMs: 5_000 };
  await assert.rejects(HtClient.connect("test-a4", options), TlsError);
  const at = { hostname: "127.0.0.1", port: hostile.port };
  await assert.rejects(HtClient.connect("test-a4", { ...options, at }), TlsError);
  await assert.rejects(HtClient.connect(`127.0.0.1:${hostile.port}`, options), TlsError);
  assert.ok(hostile.heard.length > 0, "it was spoken to");
  assert.ok(!hostile.heard.includes(TOKEN) && !hostile.heard.includes("hello"), hostile.heard);
  // The control: without a CA it hears it.
  const plain = HtClient.connect("test-a4", { ...options, ca: undefined, timeoutMs: 1_000 });
  await assert.rejects(plain);
  assert.ok(hostile.heard.includes(TOKEN));
  // And the right server beside it is found.
  await using server = startTlsServer(named, TOKEN);
  await using both = await startCatalog([{ port: hostile.port }, { port: server.port, tls: true }]);
  const client = await HtClient.connect("test-a4", { ...options, ...both.options });
  assert.equal(client.address.port, server.port);
  await client.close();
});

testWith(
  OPENSSL,
  "a reply of many megabytes comes whole, and the last words before a close",
  async () => {
    await using certificates = await Certificates.inFolder();
    const certificate = await certificates.selfSigned([IP]);
    await using server = startTlsServer(certificate, TOKEN);
    const options = { ca: certificate.cert, token: TOKEN };
    const client = await HtClient.connect(server.target, options);
    const value = "v".repeat(1_000_000);
    for (let at = 0; at < 60; at++) await client.insert(`k${at}`, value);
    const pairs = await client.scanText("");
    assert.equal(pairs.length, 60);
    assert.ok(pairs.every(([, text]) => text === `"${value}"`));
    // It goes on in one connection, and a refusal that closes arrives before the end does.
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

testWith(OPENSSL, "a stopping server with TLS answers what it has taken", async () => {
  await using certificates = await Certificates.inFolder();
  const certificate = await certificates.selfSigned([IP]);
  const server = startTlsServer(certificate);
  const client = await HtClient.connect(server.target, { ca: certificate.cert, timeoutMs: 300 });
  await client.insert("k", 1);
  const stopping = server.server.stop();
  await stopping;
  await assert.rejects(client.ping());
  await client.close();
});

function isTlsError(error: unknown, pattern: RegExp): boolean {
  assert.ok(error instanceof TlsError, String(error));
  assert.match(error.message, pattern);
  return true;
}

/** A server to be listed. */
interface Listed {
  readonly port: number;
  readonly tls?: boolean;
  /** Others than the one that the catalog sees. */
  readonly addresses?: readonly string[];
}

/** A catalog that lists servers of a name on this machine. */
async function startCatalog(servers: readonly Listed[], project: string = "test-a4") {
  const catalog = new CatalogServer({
    hostname: "127.0.0.1",
    port: 0,
    lifetimeS: 900,
    log: silentLog,
    tcpUpdates: false,
  });
  const at = { hostname: "127.0.0.1", port: catalog.port };
  const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  for (const { addresses, ...server } of servers) {
    const facts = { ...FACTS, ...server, project, instance: `${server.port}` };
    const text = encodeRecord(facts, addresses);
    await socket.send(new TextEncoder().encode(text), { ...at, transport: "udp" });
  }
  socket.close();
  while ((await queryCatalog(at, NEVER)).length < servers.length) await sleep(10);
  return {
    options: { catalogs: [at], localCatalogPort: null },
    [Symbol.asyncDispose]: () => catalog.stop(),
  };
}

const NEVER = new AbortController().signal;

const FACTS = {
  owner: "tester",
  version: "0.1.0",
  lifetimeS: 300,
  startTimeS: 1_700_000_000,
  clients: 0,
  size: 0,
  durability: "none",
  requiresToken: true,
  protocol: 1,
} as const;

/** A plain server that answers every line alike and keeps what it hears. */
class Eavesdropper implements AsyncDisposable {
  heard = "";
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #accepting: Promise<void>;
  readonly #connections: Promise<void>[] = [];

  constructor() {
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#connections);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.push(this.#listen(connection).catch(() => {}));
    }
  }

  async #listen(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    const reply = '{"status":"ERROR","type":"WrongServer","message":"mine"}\n';
    try {
      for (;;) {
        const count = await connection.read(buffer);
        if (count === null) return;
        this.heard += new TextDecoder("latin1").decode(buffer.subarray(0, count));
        await connection.write(new TextEncoder().encode(reply));
      }
    } finally {
      connection.close();
    }
  }
}
