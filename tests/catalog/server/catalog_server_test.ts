/** Tests a catalog server over UDP, TCP and HTTP, with real sockets. */
import assert from "assert";
import {
  readListing,
  sendUpdates,
  startCatalogServer as catalog,
  untilListed,
} from "../catalog_client.ts";
import { createLog } from "../../../lib/base/log.ts";
import type { ReverseLookup } from "../../../lib/catalog/server/reverse_dns_cache.ts";
import type { CatalogServer } from "../../../lib/catalog/server/catalog_server.ts";

/** A catalog with updates by TCP. Another test may use its next port; then this tries another one. */
async function catalogWithTcp(): Promise<CatalogServer> {
  for (;;) {
    let warnings = 0;
    const log = createLog({ write: () => warnings++ });
    const server = catalog({ tcpUpdates: true, log });
    if (warnings === 0) return server;
    await server.stop();
  }
}

/** Sends bytes over TCP and returns all bytes of the reply. */
async function exchange(port: number, bytes: string, halfClose = false): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(bytes));
  if (halfClose) await connection.closeWrite();
  return await new Response(connection.readable).text();
}

Deno.test("catalog server: lists an update by UDP, with the address that it saw", async () => {
  await using server = catalog();
  await sendUpdates(server.port, [
    '{"type":"hashtable","port":7,"address":"6.6.6.6","lastheardfrom":9e9}',
  ]);
  const [record] = await untilListed(server.port, 1);
  assert.equal(record?.["address"], "127.0.0.1");
  assert.ok(Math.abs(Number(record?.["lastheardfrom"]) - Date.now() / 1000) < 60);
});

Deno.test("catalog server: bad datagrams are dropped", async () => {
  await using server = catalog();
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
  await sendUpdates(server.port, [...odd, '{"port":7}']);
  await untilListed(server.port, 1);
});

Deno.test("catalog server: accepts an update by TCP, which ends with the half-close", async () => {
  await using server = await catalogWithTcp();
  assert.equal(await exchange(server.port + 1, '{"port":7}', true), "");
  assert.equal(await exchange(server.port + 1, "GET / HTTP/1.1\r\n\r\n", true), "");
  await untilListed(server.port, 1);
});

Deno.test("catalog server: logs once that the next port is in use, and works without it", async () => {
  const first = await catalogWithTcp();
  await first.stop();
  using _blocking = Deno.listen({ hostname: "127.0.0.1", port: first.port + 1 });
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line) });
  await using server = catalog({ port: first.port, tcpUpdates: true, log });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /Cannot take updates by TCP on port/);
  await sendUpdates(server.port, ['{"port":7}']);
  await untilListed(server.port, 1);
});

Deno.test("catalog server: a goodbye removes a record within seconds", async () => {
  await using server = catalog();
  await sendUpdates(server.port, ['{"port":7}']);
  await untilListed(server.port, 1);
  await sendUpdates(server.port, ['{"port":7,"lifetime":1}']);
  await untilListed(server.port, 0);
});

/** The head of a reply before and after its date. */
const HEAD = [
  "HTTP/1.1 200 OK\nDate: ",
  "\nServer: catalog_server\nConnection: close\nAccess-Control-Allow-Origin: *\n" +
  "Content-type: text/plain\n\n",
] as const;

for (
  const [fault, request] of [
    ["method in lower case answered 400", "get /query.json HTTP/1.1\r\n\r\n"],
    ["header block not byte-identical", "GET /query.json HTTP/1.1\r\n\r\n"],
    ["no Access-Control-Allow-Origin", "GET /query/dHJ1ZQ== HTTP/1.0\n\n"],
    ["blanks in the request line", "  GET \t /query.json  HTTP/1.1 \r\n\r\n"],
  ] as const
) {
  Deno.test(`fault: ${fault}: the reply has the bytes of catalog_server`, async () => {
    await using server = catalog();
    const reply = await exchange(server.port, request);
    const [before, behind] = HEAD;
    assert.ok(reply.startsWith(before), reply);
    assert.equal(reply.slice(reply.indexOf("\nServer")), `${behind}[\n\n]\n`);
  });
}

Deno.test("catalog server: pages forbid scripts, and a HEAD has no body", async () => {
  await using server = catalog();
  const page = await exchange(server.port, "GET / HTTP/1.1\r\n\r\n");
  assert.match(
    page,
    /^Content-Security-Policy: default-src 'none'[^]*^X-Content-Type-Options: nosniff[^]*<\/html>\n$/m,
  );
  const head = await exchange(server.port, "HEAD /query.json HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 200 OK\n[^]*\nContent-type: text\/plain\n\n$/);
});

Deno.test("catalog server: bad requests get a reply", async () => {
  await using server = catalog();
  const statusOf = async (request: string) =>
    (await exchange(server.port, request, true)).slice(9, 12);
  assert.equal(await statusOf("nonsense\r\n\r\n"), "400");
  assert.equal(await statusOf("GET /query.json\r\n\r\n"), "400");
  assert.equal(await statusOf("GET /%zz HTTP/1.1\r\n\r\n"), "404");
  assert.equal(await statusOf("GET /detail/%zz HTTP/1.1\r\n\r\n"), "404");
  assert.equal(await statusOf("GET /none HTTP/1.1\r\n\r\n"), "404");
  assert.equal(await statusOf("GET /" + "x".repeat(20_000)), "431");
  assert.equal(await statusOf(""), "");
});

Deno.test("fault: many clients look up at once: 200 from one address all get the listing", async () => {
  await using server = catalog();
  await sendUpdates(server.port, ['{"port":7}']);
  await untilListed(server.port, 1);
  const listings = await Promise.all(Array.from({ length: 200 }, () => readListing(server.port)));
  assert.deepEqual(new Set(listings.map(({ length }) => length)), new Set([1]));
});

Deno.test("fault: name without reverse DNS: a record has its host's name, or the name that it claims", async () => {
  const answers: [string, ReverseLookup][] = [
    ["host.test", () => Promise.resolve("host.test")],
    ["own.test", () => Promise.resolve(undefined)],
    ["own.test", () => Promise.reject(new Error("down"))],
  ];
  for (const [wanted, answer] of answers) {
    let lookups = 0;
    await using server = catalog({ reverseLookup: (address) => (lookups++, answer(address)) });
    await sendUpdates(server.port, ['{"port":7,"name":"own.test"}']);
    const [record] = await untilListed(server.port, 1);
    assert.equal(record?.["name"], wanted);
    await sendUpdates(server.port, ['{"port":8,"name":"own.test"}']);
    await untilListed(server.port, 2);
    assert.equal(lookups, 1, "a name is cached");
  }
});

Deno.test("catalog server: a slow name lookup does not delay other updates", async () => {
  const slow = Promise.withResolvers<string>();
  const asked = Promise.withResolvers<void>();
  await using server = catalog({
    reverseLookup: () => {
      asked.resolve();
      return slow.promise;
    },
  });
  await sendUpdates(server.port, ['{"port":7}', '{"port":7,"last":true}']);
  await asked.promise;
  assert.deepEqual(await readListing(server.port), []);
  slow.resolve("host.test");
  const [record] = await untilListed(server.port, 1);
  assert.equal(record?.["name"], "host.test");
});

Deno.test("catalog server: a port in use is an error, and leaves no open socket", async () => {
  const server = catalog();
  assert.throws(() => catalog({ port: server.port }), Deno.errors.AddrInUse);
  await server.stop();
  await server.stop();
  await catalog({ port: server.port }).stop();
});

Deno.test("catalog server: a listing has all of hundreds of records", async () => {
  await using server = catalog();
  const junk = "j".repeat(900);
  for (let port = 1; port <= 900; port += 50) {
    await sendUpdates(
      server.port,
      Array.from({ length: 50 }, (_, i) => ({ port: port + i, junk })),
    );
    await untilListed(server.port, port + 49);
  }
});
