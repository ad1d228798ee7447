/** Tests that a web page, or another program with HTTP or TLS, changes nothing and reads nothing. */
import assert from "assert";
import { HtClient } from "../../../client.ts";
import { settlesWithin } from "../../../lib/base/clock.ts";
import { type Certificate, Certificates, OPENSSL } from "../../helpers/certificates.ts";
import { CHROMIUM, Chromium } from "./chromium.ts";
import { testWith } from "../../helpers/needs.ts";
import { PATIENCE_MS, run, TOP } from "../../../bench/harness/program.ts";
import { startServer, type TestServer } from "../../helpers/server.ts";

const FAULT = "fault: a web page writes (cross-protocol request)";
const TOKEN = "a-token-of-24-characters";
const SECRET = "a value that no page may read";

const INSERT = '{"method":"insert","key":"pwned","value":1}\n';
const LINES = `\n${INSERT}{"method":"remove","key":"secret"}\n{"method":"lookup","key":"secret"}\n`;

/** The whole reply. */
const REFUSAL = /^\{"status":"ERROR","type":"RequestError","message":"[^"]+"\}\n$/;

/** A server with one key, and its address for a page. */
interface Target extends AsyncDisposable {
  readonly server: TestServer;
  readonly url: string;
  /** Asserts that the table is unchanged, and that at least a number of connections were rejected. */
  assertUntouched(minConnections: number): Promise<void>;
}

async function target(certificate?: Certificate, token?: string): Promise<Target> {
  const tls = certificate && { cert: certificate.cert, key: certificate.key };
  const server = startServer(tls && { tls }, token);
  const connect = () =>
    HtClient.connect(server.target, {
      ...(certificate ? { ca: certificate.cert } : {}),
      ...(token === undefined ? {} : { token }),
    });
  const first = await connect();
  await first.insert("secret", SECRET);
  await first.close();
  return {
    server,
    url: `${tls ? "https" : "http"}://${server.target}`,
    async assertUntouched(minConnections) {
      const client = await connect();
      try {
        assert.deepEqual(await client.scan(""), [["secret", SECRET]]);
      } finally {
        await client.close();
      }
      const { turned_away: away } = server.server.info.members() as {
        turned_away: Record<string, number>;
      };
      const count = away["not our protocol"] ?? 0;
      assert.ok(count >= minConnections, `${count} connections, not ${minConnections}`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Servers of all four kinds. */
class Targets extends AsyncDisposableStack {
  readonly all: Target[] = [];

  static async start(): Promise<Targets> {
    await using stack = new Targets();
    const certificates = stack.use(await Certificates.inFolder());
    const certificate = await certificates.selfSigned(["IP:127.0.0.1"]);
    for (const cert of [undefined, certificate]) {
      for (const token of [undefined, TOKEN]) stack.all.push(stack.use(await target(cert, token)));
    }
    const started = new Targets();
    started.all.push(...stack.all);
    started.use(stack.move());
    return started;
  }
}

testWith([...OPENSSL, "curl"], `${FAULT}: curl`, async () => {
  await using targets = await Targets.start();
  const ways: readonly (readonly string[])[] = [
    [],
    ["--data-binary", LINES],
    ["--data-binary", LINES.repeat(700)],
    ["--request", "PUT", "--data-binary", LINES],
    ["--header", `x-line: ${LINES}`],
    ["--header", INSERT, "--data-binary", LINES],
    ["--header", "transfer-encoding: chunked", "--data-binary", LINES],
    ["--header", "expect: 100-continue", "--data-binary", LINES],
    ["--form", `field=${LINES}`],
    ["--user", LINES],
    ["--user-agent", LINES],
    ["--http2-prior-knowledge", "--data-binary", LINES],
  ];
  for (const { url, server } of targets.all) {
    for (const way of ways) {
      const { stdout } = await run(
        ["curl", "--silent", "--show-error", "--insecure", "--max-time", "20", "--http0.9", ...way]
          .concat(`${url}/?${encodeURIComponent(LINES)}`),
      );
      const story = `${way.join(" ").slice(0, 100)} to ${url}: ${stdout}`;
      // With HTTP/2, curl prints only frames.
      const isShown = !way.includes("--http2-prior-knowledge");
      if (isShown) assert.match(stdout, REFUSAL, story);
      assert.ok(!stdout.includes(SECRET), story);
      assert.equal(server.server.size, 1, story);
    }
  }
  for (const one of targets.all) await one.assertUntouched(ways.length - 1);
});

testWith(
  OPENSSL,
  `${FAULT}: TLS negotiates no protocol, and the client can read the error`,
  async () => {
    await using certificates = await Certificates.inFolder();
    const certificate = await certificates.selfSigned(["IP:127.0.0.1"]);
    await using encrypted = await target(certificate);
    const openssl = [
      ...["openssl", "s_client", "-connect", encrypted.server.target, "-alpn", "h2,http/1.1"],
      ...["-no_ign_eof"],
    ];
    const { stdout } = await run(openssl);
    assert.match(stdout, /^No ALPN negotiated$/m);

    const conn = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: encrypted.server.port,
      caCerts: [certificate.cert],
      alpnProtocols: ["h2", "http/1.1"],
    });
    try {
      assert.equal((await conn.handshake()).alpnProtocol, null);
      const request = new TextEncoder().encode(`POST / HTTP/1.1\r\n\r\n${LINES.repeat(5_000)}`);
      for (let at = 0; at < request.length;) at += await conn.write(request.subarray(at));
      const reply = new Response(conn.readable).text();
      assert.ok(await settlesWithin(reply, PATIENCE_MS), "the server did not close");
      assert.match(await reply, REFUSAL);
    } finally {
      try {
        conn.close();
      } catch {
        // The stream is already closed.
      }
    }
    await encrypted.assertUntouched(1);
  },
);

testWith([...OPENSSL, ...CHROMIUM], `${FAULT}: a page in a browser`, async () => {
  await using targets = await Targets.start();
  const page = await Deno.readTextFile(`${TOP}tests/integration/server/attacking_page.html`);
  const results = Promise.withResolvers<string>();
  await using site = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (request.method === "POST") results.resolve(await request.text());
      return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
    },
  );
  const urls = JSON.stringify(targets.all.map(({ url }) => url));
  const query = encodeURIComponent(urls);
  await using browser = await Chromium.open(`http://127.0.0.1:${site.addr.port}/?targets=${query}`);
  const came = Promise.race([results.promise, browser.ended()]);
  assert.ok(await settlesWithin(came, PATIENCE_MS), "the page did not finish");

  const attempts = JSON.parse(await came) as { target: string; how: string; read?: unknown }[];
  const kinds = new Set(attempts.map(({ how }) => how));
  assert.equal(attempts.length, kinds.size * targets.all.length);
  const successes = attempts.filter(({ read }) => read !== undefined);
  assert.deepEqual(successes, [], "the page read something");
  // Most attempts make a connection, also with TLS.
  for (const one of targets.all) await one.assertUntouched(kinds.size / 2);
});
