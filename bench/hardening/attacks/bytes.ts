/** Attacks with bytes that are not requests, or extreme ones. */
import { joined } from "../../../tests/helpers/streams.ts";
import { type Attack, LARGEST_BYTES, line, type Scenario, withClient } from "./scenario.ts";

const MILLION = 1_000_000;
const encoder = new TextEncoder();
const PING = line({ method: "ping" });

/** A key that is inserted only if the server executes requests inside of another protocol. */
const SMUGGLED_KEY = "hostile-smuggled";

export const BYTES: readonly Scenario[] = [
  {
    name: "line without end",
    what: "one client sends at least 2 GB without a line end",
    mayHoldBytes: () => LARGEST_BYTES,
    run: (attack) =>
      withClient(attack, async (client) => {
        if (!await client.exchange(PING, 1)) return; // A first line that is no request would end the connection.
        const piece = new Uint8Array(MILLION).fill(120);
        for (let n = attack.scaled(2_000); n > 0 || !attack.isOver; n--) {
          if (!await client.send(piece)) return;
        }
      }),
  },
  {
    name: "nesting",
    what: "2 clients insert, look up and query values nested 1,000,000 deep, closed and unclosed",
    mayHoldBytes: () => 2 * LARGEST_BYTES,
    run: (attack) => exchanges(attack, 2, deepRequests(MILLION)),
    cleanUp: (attack) => remove(attack, "hostile-deep"),
  },
  {
    name: "members",
    what:
      "2 clients insert, look up and query values of 1,000,000 members, and requests with as many",
    mayHoldBytes: () => 2 * LARGEST_BYTES,
    run: (attack) => exchanges(attack, 2, wideRequests(MILLION)),
    cleanUp: (attack) => remove(attack, "hostile-wide"),
  },
  {
    name: "invalid UTF-8 and NULs",
    what: "20 clients send lines of invalid UTF-8, of NULs, and of random bytes",
    run: (attack) => {
      const lines = joined([encoder.encode(PING), noise()]);
      return attack.visitors(attack.scaled(20), async (client) => {
        attack.count("lines", 100);
        const reading = client.toTheEnd();
        await client.send(lines);
        await client.closeWrite();
        await reading;
      });
    },
  },
  {
    name: "HTTP",
    what: "20 clients send HTTP requests with requests to insert in header and body",
    run: (attack) =>
      attack.visitors(attack.scaled(20), async (client) => {
        attack.count("HTTP requests");
        const insert = line({ method: "insert", key: SMUGGLED_KEY, value: 1 });
        const body = insert.repeat(20);
        await client.send(
          `POST /query.json HTTP/1.1\r\nHost: localhost\r\nUser-Agent: x/1.0\r\n${insert}` +
            `Content-Length: ${body.length}\r\n\r\n${body}`,
        );
        if (await client.lines(2) > 1) attack.count("replies after the first one");
      }),
    async cleanUp(attack) {
      const lookup = line({ method: "lookup", key: SMUGGLED_KEY });
      await withClient(attack, async (client) => {
        await client.send(lookup);
        const reply = new TextDecoder().decode(await client.read());
        if (!reply.includes('"KeyError"')) {
          throw new Error(`an HTTP request was executed: ${reply}`);
        }
      });
    },
  },
  {
    name: "TLS hello",
    what: "20 clients start a TLS handshake",
    run: (attack) =>
      attack.visitors(attack.scaled(20), async (client) => {
        attack.count("TLS hellos");
        await client.send(tlsHello());
        await client.closeWrite();
        await client.toTheEnd();
      }),
  },
];

/** Clients that send these requests in a loop, and read the replies. */
async function exchanges(
  attack: Attack,
  count: number,
  requests: readonly Uint8Array[],
): Promise<void> {
  await Promise.all(Array.from({ length: count }, () =>
    withClient(attack, async (client) => {
      for (let n = 0; n < requests.length || !attack.isOver; n++) {
        const request = requests[n % requests.length];
        if (request === undefined || !await client.exchange(request, 1)) return;
      }
    })));
}

async function remove(attack: Attack, key: string): Promise<void> {
  await withClient(attack, (client) => client.exchange(line({ method: "remove", key }), 1));
}

function deepRequests(depth: number): Uint8Array[] {
  const arrays = "[".repeat(depth), objects = '{"a":'.repeat(depth);
  return [
    `{"method":"insert","key":"hostile-deep","value":${arrays}${"]".repeat(depth)}}`,
    '{"method":"lookup","key":"hostile-deep"}',
    `{"method":"insert","key":"hostile-deep","value":${objects}1${"}".repeat(depth)}}`,
    '{"method":"query","subkey":"a","subvalue":1,"limit":10}',
    `{"method":"ping","id":${arrays}${"]".repeat(depth)}}`,
    arrays,
    objects,
    `{"method":"insert","key":${arrays}`,
  ].map((text) => encoder.encode(text + "\n"));
}

function wideRequests(members: number): Uint8Array[] {
  // Short names keep the request below the greatest length.
  const many = Array.from({ length: members }, (_, n) => `"${n.toString(36)}":${n % 10}`).join(",");
  const last = (members - 1).toString(36);
  return [
    `{"method":"insert","key":"hostile-wide","value":{${many}}}`,
    '{"method":"lookup","key":"hostile-wide"}',
    `{"method":"query","subkey":"${last}","subvalue":${(members - 1) % 10},"limit":10}`,
    `{${many},"method":"ping"}`,
    `{"method":"ping",${'"id":1,'.repeat(members)}"id":2}`,
  ].map((text) => encoder.encode(text + "\n"));
}

/** Makes 100 lines. */
function noise(): Uint8Array {
  const lines: number[] = [];
  for (let n = 0; n < 100; n++) {
    for (let at = 0; at < 1_000; at++) {
      const byte = n % 4 === 0 ? 0 : n % 4 === 1 ? 0xff : (at * 7919 + n * 104_729) % 256;
      lines.push(byte === 10 ? 0 : byte);
    }
    lines.push(10);
  }
  return new Uint8Array(lines);
}

/** Makes a ClientHello of TLS 1.2. It need not contain a line end. */
function tlsHello(): Uint8Array {
  const body = [3, 3, ...crypto.getRandomValues(new Uint8Array(32)), 0, 0, 2, 0x13, 1, 1, 0];
  return new Uint8Array([
    ...[0x16, 3, 1, 0, body.length + 4],
    ...[1, 0, 0, body.length],
    ...body,
  ]);
}
