/** Proves that a peer with another protocol gets one error, and changes nothing (I9). */
import assert from "assert";
import { settlesWithin } from "../../lib/base/clock.ts";
import { MAX_HANDSHAKE_BYTES } from "../../lib/base/limits.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { eventLoop } from "../engine/command_context.ts";
import { startServer } from "../helpers/server.ts";
import { joined, utf8 } from "../helpers/streams.ts";

/** Time limit for a reply, in milliseconds. */
const PATIENCE_MS = 20_000;

/** A part of all sent bytes; a reply that contains it quotes them. */
const MARK = "hostile";
const INSERT = `{"method":"insert","key":"${MARK}","value":1}\n`;
const PING = '{"method":"ping"}\n';
const PONG = '{"status":"OK","result":"pong"}';

/** A TLS record with a ClientHello whose session ticket is a request between line feeds. */
function clientHello(): Uint8Array {
  const ticket = utf8(`\n${INSERT}`);
  const extensions = [0, 35, ...uint16(ticket.length), ...ticket];
  const body = [3, 3, ...new Array<number>(32).fill(7), 0, 0, 2, 0x13, 1, 1, 0];
  const hello = [...body, ...uint16(extensions.length), ...extensions];
  return Uint8Array.of(
    ...[0x16, 3, 1, ...uint16(hello.length + 4)],
    ...[1, 0, ...uint16(hello.length), ...hello],
  );
}

/** A STUN binding request, framed for TCP, whose user name is a request between line feeds. */
function stunRequest(): Uint8Array {
  const name = utf8(`\n${INSERT}`);
  const attribute = [0, 6, ...uint16(name.length), ...name];
  const id = new Array<number>(12).fill(9);
  return Uint8Array.of(
    ...[0, 1, ...uint16(attribute.length), 0x21, 0x12, 0xa4, 0x42],
    ...[...id, ...attribute],
  );
}

function uint16(value: number): number[] {
  return [value >> 8, value & 255];
}

const BODY = `Host: ${MARK}\r\nContent-Type: text/plain\r\nX: 1\r\n${INSERT}\r\n${INSERT}`;
const METHODS = [
  ...["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"],
  ...["PROPFIND", "x", "{", '{"method"'],
];

/** Streams of other protocols by name; a request to insert follows each of them. */
const FOREIGN: Readonly<Record<string, string | Uint8Array>> = {
  ...Object.fromEntries(
    METHODS.map((method) => [`HTTP, method ${method}`, `${method} / HTTP/1.1\r\n${BODY}`]),
  ),
  "HTTP/0.9": `GET /${MARK}\r\n`,
  "HTTP/2 with prior knowledge": `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0${INSERT}`,
  "an HTTP request behind empty lines": `\r\n\n\r\nPOST /${MARK} HTTP/1.1\r\n${BODY}`,
  "an HTTP request behind a blank": ` POST /${MARK} HTTP/1.1\r\n${BODY}`,
  "an HTTP request behind a tab": `\tPOST /${MARK} HTTP/1.1\r\n${BODY}`,
  "an HTTP request behind a CR": `\rPOST /${MARK} HTTP/1.1\r\n${BODY}`,
  "an HTTP request with bare line feeds": `POST / HTTP/1.1\nHost: ${MARK}\n\n${INSERT}`,
  "an HTTP header": `Host: ${MARK}\r\n${BODY}`,
  "a line of blanks": "   \n",
  "a TLS ClientHello with a line feed in its ticket": clientHello(),
  "STUN": stunRequest(),
  "FTP": `USER ${MARK}\r\nPASS x\r\n`,
  "SMTP": `EHLO ${MARK}\r\n`,
  "IRC": `NICK ${MARK}\r\n`,
  "Redis, inline": `SET ${MARK} 1\r\n`,
  "Redis": `*1\r\n$4\r\nPING\r\n`,
  "memcached": `set ${MARK} 0 0 1\r\n1\r\n`,
  "a proxy's header": `PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n`,
  "a proxy's binary header": joined([
    Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10),
    utf8("!\n"),
  ]),
  "SSH": `SSH-2.0-${MARK}\r\n`,
  "NULs": "\0\0\0\n",
  "a byte order mark": `\ufeff${PING}`,
  "bytes that are not UTF-8": joined([
    utf8('{"method":"ping","x":"'),
    Uint8Array.of(0xff),
    utf8('"}\n'),
  ]),
  "an array": "[]\n",
  "a string": '"ping"\n',
  "an object without a method": `{"id":"${MARK}","key":"x"}\n`,
  "a method that is not a string": `{"id":"${MARK}","method":["insert"]}\n`,
  "a method that is a string, and then a number": '{"method":"ping","method":1}\n',
  "an object and more": `${PING.trim()} ${INSERT}`,
  "JSON with an extra comma": '{"method":"ping",}\n',
  "cut JSON": `{"method":"insert","key":"${MARK}","value":\n`,
};

const withInsert = (stream: string | Uint8Array) =>
  joined([typeof stream === "string" ? utf8(stream) : stream, utf8(INSERT)]);

/** Asserts that the only reply is one error, without a reset, and that the table is empty. */
async function assertRefused(client: RawClient, type: string, size: number): Promise<void> {
  const line = client.line();
  assert.ok(await settlesWithin(line, PATIENCE_MS), "there is no reply");
  const reply = await line ?? "";
  assert.match(reply, new RegExp(`^\\{"status":"ERROR","type":"${type}","message":"[^"]+"\\}$`));
  assert.ok(!reply.includes(MARK), reply);
  assert.equal(await client.line(), undefined, "closed");
  assert.equal(size, 0);
}

const FAULT = "fault: a web page writes (cross-protocol request)";

Deno.test(`${FAULT}: any other protocol gets one error, and changes nothing`, async () => {
  await using server = startServer();
  for (const [what, bytes] of Object.entries(FOREIGN)) {
    using client = await RawClient.connect(server.port);
    await client.send(withInsert(bytes));
    await assertRefused(client, "RequestError", server.server.size)
      .catch((error) => assert.fail(`${what}: ${error.message}`));
  }
  const { turned_away: away } = server.server.info.members() as { turned_away: unknown };
  assert.deepEqual(away, { "not our protocol": Object.keys(FOREIGN).length });
});

Deno.test(`${FAULT}: also byte by byte`, async () => {
  await using server = startServer();
  await Promise.all(
    Object.entries(FOREIGN).map(async ([what, bytes]) => {
      using client = await RawClient.connect(server.port);
      client.conn.setNoDelay(true);
      const sending = (async () => {
        for (const byte of withInsert(bytes)) {
          await client.send(Uint8Array.of(byte));
          await eventLoop();
        }
      })().catch(() => {}); // the server may close first
      await assertRefused(client, "RequestError", server.server.size)
        .catch((error) => assert.fail(`${what}: ${error.message}`));
      await sending;
    }),
  );
});

Deno.test(`${FAULT}: the first byte decides, before the line ends`, async () => {
  await using server = startServer();
  for (const start of ["G", "\0", "[", '"', "\x16", "\n\nP", "\r\nH", "\ufeff"]) {
    using client = await RawClient.connect(server.port);
    await client.send(start);
    await assertRefused(client, "RequestError", server.server.size);
  }
  for (const start of [" ", "\t", "\r", "\n", '{"', "\r\n\r"]) {
    using client = await RawClient.connect(server.port);
    await client.send(start);
    await client.send(start.startsWith("{") ? 'method":"ping"}\n' : PING);
    assert.equal(await client.line(), PONG);
  }
});

Deno.test(`${FAULT}: a first line over the limit ends the connection`, async () => {
  await using open = startServer({ maxRequestBytes: 1_000 });
  await using closed = startServer({}, "a token of 24 characters");
  for (const [server, limit] of [[open, 1_000], [closed, MAX_HANDSHAKE_BYTES]] as const) {
    for (const start of ["{", " "]) {
      using client = await RawClient.connect(server.port);
      await client.send(`${start}"${MARK}":"${"x".repeat(limit)}`);
      await client.send(`\n${INSERT}`);
      await assertRefused(client, "TooLarge", server.server.size);
    }
  }
});

Deno.test(`${FAULT}: the error can be read although the peer still sends`, async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.port);
  await client.send(`POST / HTTP/1.1\r\n${BODY}${"x".repeat(1_000_000)}\n${INSERT}`);
  await assertRefused(client, "RequestError", server.server.size);
});

Deno.test(`${FAULT}: also on a server with a token`, async () => {
  await using server = startServer({}, "a token of 24 characters");
  using foreign = await RawClient.connect(server.port);
  await foreign.send(
    `POST / HTTP/1.1\r\n{"method":"hello","token":"a token of 24 characters"}\n${INSERT}`,
  );
  await assertRefused(foreign, "RequestError", server.server.size);
  using client = await RawClient.connect(server.port);
  await client.send(`${PING}nonsense\n`);
  assert.equal((await client.reply())["type"], "AuthError");
  assert.equal((await client.reply())["type"], "RequestError");
});

Deno.test(`${FAULT}: also on the reserved connection of a full server`, async () => {
  await using server = startServer({ maxClients: 1 });
  using first = await RawClient.connect(server.port);
  await first.send(PING);
  await first.line();
  using foreign = await RawClient.connect(server.port);
  await foreign.send(`POST / HTTP/1.1\r\n{"method":"info"}\n`);
  await assertRefused(foreign, "RequestError", server.server.size);
});

Deno.test("request_reader: after a valid first line, invalid lines get errors and the connection continues", async () => {
  await using server = startServer();
  for (const first of [PING, '{"method":"no such"}\n', '{"method":"insert"}\n', ` ${PING}`]) {
    using client = await RawClient.connect(server.port);
    await client.send(`\r\n${first}GET / HTTP/1.1\n{}\n${PING}`);
    assert.notEqual((await client.reply())["type"], "RequestError");
    assert.equal((await client.reply())["type"], "RequestError");
    assert.equal((await client.reply())["type"], "RequestError");
    assert.equal(await client.line(), PONG);
  }
});
