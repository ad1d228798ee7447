import assert from "assert";
import { createLog, silentLog } from "../../lib/base/log.ts";
import { sleep } from "../../lib/base/clock.ts";
import { CatalogServer, type CatalogServerOptions } from "../../lib/catalog/catalog_server.ts";

const DEADLINE_MS = 10_000;

function catalog(options: Partial<CatalogServerOptions> = {}): CatalogServer {
  return new CatalogServer({
    hostname: "127.0.0.1",
    port: 0,
    lifetimeS: 900,
    log: silentLog,
    tcpUpdates: false,
    ...options,
  });
}

/** With updates by TCP; the next port may be taken by another test, then another one is tried. */
async function catalogWithTcp(): Promise<CatalogServer> {
  for (;;) {
    let complaints = 0;
    const log = createLog({ write: () => complaints++ });
    const server = catalog({ tcpUpdates: true, log });
    if (complaints === 0) return server;
    await server.stop();
  }
}

async function sendUdp(port: number, ...updates: (string | Uint8Array)[]): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  for (const update of updates) {
    const bytes = typeof update === "string" ? new TextEncoder().encode(update) : update;
    await socket.send(bytes, { transport: "udp", hostname: "127.0.0.1", port });
  }
  socket.close();
}

type Listed = Record<string, unknown>[];

async function listing(port: number): Promise<Listed> {
  const response = await fetch(`http://127.0.0.1:${port}/query.json`);
  return await response.json();
}

/** There is no event for a datagram that was taken: asks again until there are that many records. */
async function untilListed(port: number, count: number): Promise<Listed> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const records = await listing(port);
    if (records.length === count) return records;
    assert.ok(performance.now() < deadline, `there are ${records.length} records, not ${count}`);
    await sleep(10);
  }
}

/** Sends bytes over TCP and gives all that comes back. */
async function exchange(port: number, bytes: string, halfClose = false): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(bytes));
  if (halfClose) await connection.closeWrite();
  return await new Response(connection.readable).text();
}

Deno.test("catalog server: lists what came by UDP, with what it saw itself", async () => {
  const server = catalog();
  await sendUdp(
    server.port,
    '{"type":"hashtable","port":7,"address":"6.6.6.6","lastheardfrom":9e9}',
  );
  const [record] = await untilListed(server.port, 1);
  assert.equal(record?.["address"], "127.0.0.1");
  assert.ok(Math.abs(Number(record?.["lastheardfrom"]) - Date.now() / 1000) < 60);
  await server.stop();
});

Deno.test("catalog server: odd datagrams do no harm", async () => {
  const server = catalog();
  const odd = [
    "",
    "\0",
    "{",
    "[]",
    "GET / HTTP/1.1\r\n\r\n",
    new Uint8Array([0x1a]),
    new Uint8Array([0x1a, 1, 2]),
  ];
  odd.push(new Uint8Array(60_000).fill(91), new Uint8Array(60_000).fill(255));
  await sendUdp(server.port, ...odd, '{"port":7}');
  await untilListed(server.port, 1);
  await server.stop();
});

Deno.test("catalog server: takes an update by TCP, up to the half-close", async () => {
  const server = await catalogWithTcp();
  assert.equal(await exchange(server.port + 1, '{"port":7}', true), "");
  assert.equal(await exchange(server.port + 1, "GET / HTTP/1.1\r\n\r\n", true), "");
  await untilListed(server.port, 1);
  await server.stop();
});

Deno.test("catalog server: says in one line that the next port is taken, and goes on", async () => {
  const first = await catalogWithTcp();
  await first.stop();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: first.port + 1 });
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line) });
  const server = catalog({ port: first.port, tcpUpdates: true, log });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /Cannot take updates by TCP on port/);
  await sendUdp(server.port, '{"port":7}');
  await untilListed(server.port, 1);
  await server.stop();
  taken.close();
});

Deno.test("catalog server: a goodbye takes effect within seconds", async () => {
  const server = catalog();
  await sendUdp(server.port, '{"port":7}');
  await untilListed(server.port, 1);
  await sendUdp(server.port, '{"port":7,"lifetime":1}');
  await untilListed(server.port, 0);
  await server.stop();
});

Deno.test("catalog server: answers with a length, closes, and forbids scripts", async () => {
  const server = catalog();
  const reply = await exchange(server.port, "GET /query.json HTTP/1.0\n\n");
  const [head = "", body = ""] = reply.split("\r\n\r\n", 2);
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(head, new RegExp(`Content-Length: ${body.length}(\r\n|$)`));
  assert.match(head, /Connection: close/);
  assert.match(head, /Content-Security-Policy: default-src 'none'/);
  assert.equal(/transfer-encoding/i.test(head), false);
  assert.match(
    await exchange(server.port, "HEAD /query.json HTTP/1.1\r\nHost: x\r\n\r\n"),
    /Content-Length: [1-9][^]*\r\n\r\n$/,
  );
  const page = await exchange(server.port, "GET / HTTP/1.1\r\n\r\n");
  assert.match(page, /X-Content-Type-Options: nosniff[^]*<\/html>\n$/);
  await server.stop();
});

Deno.test("catalog server: bad requests are answered, whatever they hold", async () => {
  const server = catalog();
  const statusOf = async (request: string) =>
    (await exchange(server.port, request, true)).slice(9, 12);
  assert.equal(await statusOf("POST / HTTP/1.1\r\n\r\n"), "405");
  assert.equal(await statusOf("nonsense\r\n\r\n"), "400");
  assert.equal(await statusOf("GET /%zz HTTP/1.1\r\n\r\n"), "400");
  assert.equal(await statusOf("GET /none HTTP/1.1\r\n\r\n"), "404");
  assert.equal(await statusOf("GET http://x:1/query.json HTTP/1.1\r\n\r\n"), "200");
  assert.equal(await statusOf("GET /" + "x".repeat(20_000)), "431");
  assert.equal(await statusOf(""), "");
  await server.stop();
});

Deno.test("catalog server: silent connections keep nobody out", async () => {
  const server = catalog();
  const silent = await Promise.all(
    Array.from({ length: 300 }, () => Deno.connect({ hostname: "127.0.0.1", port: server.port })),
  );
  const start = performance.now();
  assert.deepEqual(await listing(server.port), []);
  assert.ok(performance.now() - start < DEADLINE_MS);
  await server.stop();
  for (const connection of silent) connection.close();
});

Deno.test("catalog server: a port in use is an error, and nothing is held", async () => {
  const server = catalog();
  assert.throws(() => catalog({ port: server.port }), Deno.errors.AddrInUse);
  await server.stop();
  await server.stop();
  await catalog({ port: server.port }).stop();
});

Deno.test("catalog server: thousands of records are listed whole", async () => {
  const server = catalog();
  const junk = "j".repeat(900);
  for (let port = 1; port <= 900; port += 50) {
    await sendUdp(
      server.port,
      ...Array.from({ length: 50 }, (_, i) => JSON.stringify({ port: port + i, junk })),
    );
    await untilListed(server.port, port + 49);
  }
  await server.stop();
});
