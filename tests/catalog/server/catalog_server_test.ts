import assert from "assert";
import { createLog, silentLog } from "../../../lib/base/log.ts";
import { sleep } from "../../../lib/base/clock.ts";
import type { ReverseLookup } from "../../../lib/catalog/server/reverse_dns_cache.ts";
import {
  CatalogServer,
  type CatalogServerOptions,
} from "../../../lib/catalog/server/catalog_server.ts";

const DEADLINE_MS = 60_000;

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

/** What comes before and behind the time in the head of a reply. */
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
  Deno.test(`fault: ${fault}: the reply is that of catalog_server`, async () => {
    const server = catalog();
    const reply = await exchange(server.port, request);
    await server.stop();
    const [before, behind] = HEAD;
    assert.ok(reply.startsWith(before), reply);
    assert.equal(reply.slice(reply.indexOf("\nServer")), `${behind}[\n\n]\n`);
  });
}

Deno.test("catalog server: pages forbid scripts, and a HEAD has no body", async () => {
  const server = catalog();
  const page = await exchange(server.port, "GET / HTTP/1.1\r\n\r\n");
  assert.match(
    page,
    /^Content-Security-Policy: default-src 'none'[^]*^X-Content-Type-Options: nosniff[^]*<\/html>\n$/m,
  );
  const head = await exchange(server.port, "HEAD /query.json HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 200 OK\n[^]*\nContent-type: text\/plain\n\n$/);
  await server.stop();
});

Deno.test("catalog server: bad requests are answered, whatever they hold", async () => {
  const server = catalog();
  const statusOf = async (request: string) =>
    (await exchange(server.port, request, true)).slice(9, 12);
  assert.equal(await statusOf("nonsense\r\n\r\n"), "400");
  assert.equal(await statusOf("GET /query.json\r\n\r\n"), "400");
  assert.equal(await statusOf("GET /%zz HTTP/1.1\r\n\r\n"), "404");
  assert.equal(await statusOf("GET /detail/%zz HTTP/1.1\r\n\r\n"), "404");
  assert.equal(await statusOf("GET /none HTTP/1.1\r\n\r\n"), "404");
  assert.equal(await statusOf("GET /" + "x".repeat(20_000)), "431");
  assert.equal(await statusOf(""), "");
  await server.stop();
});

Deno.test("fault: many clients look up at once: 200 from one address are all answered", async () => {
  const server = catalog();
  await sendUdp(server.port, '{"port":7}');
  await untilListed(server.port, 1);
  const listings = await Promise.all(Array.from({ length: 200 }, () => listing(server.port)));
  assert.deepEqual(new Set(listings.map(({ length }) => length)), new Set([1]));

  await server.stop();
});

Deno.test("fault: name without reverse DNS: a record is listed by its host's name, or by what it says", async () => {
  const answers: [string, ReverseLookup][] = [
    ["host.test", () => Promise.resolve("host.test")],
    ["own.test", () => Promise.resolve(undefined)],
    ["own.test", () => Promise.reject(new Error("down"))],
  ];
  for (const [wanted, answer] of answers) {
    let asked = 0;
    const server = catalog({ reverseLookup: (address) => (asked++, answer(address)) });
    await sendUdp(server.port, '{"port":7,"name":"own.test"}');
    const [record] = await untilListed(server.port, 1);
    assert.equal(record?.["name"], wanted);
    await sendUdp(server.port, '{"port":8,"name":"own.test"}');
    await untilListed(server.port, 2);
    assert.equal(asked, 1, "an answer is kept");
    await server.stop();
  }
});

Deno.test("catalog server: a name that is looked up for long holds up no other record", async () => {
  const slow = Promise.withResolvers<string>();
  const asked = Promise.withResolvers<void>();
  const server = catalog({
    reverseLookup: () => {
      asked.resolve();
      return slow.promise;
    },
  });
  await sendUdp(server.port, '{"port":7}', '{"port":7,"last":true}');
  await asked.promise;
  assert.deepEqual(await listing(server.port), []);
  slow.resolve("host.test");
  const [record] = await untilListed(server.port, 1);
  assert.equal(record?.["name"], "host.test");
  await server.stop();
});

Deno.test("catalog server: silent connections keep nobody out", async () => {
  const server = catalog();
  const silent = await Promise.all(
    Array.from({ length: 300 }, () => Deno.connect({ hostname: "127.0.0.1", port: server.port })),
  );
  const start = performance.now();
  assert.deepEqual(await listing(server.port), []);
  assert.ok(performance.now() - start < 10_000);
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
