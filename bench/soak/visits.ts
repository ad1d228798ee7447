/** Ways to visit a server and leave: politely, abruptly, in the middle of anything. */
import { settlesWithin, sleep } from "../../lib/base/clock.ts";
import type { Random } from "../../lib/base/random.ts";
import { RawClient } from "../harness/raw_client.ts";

/** Longest request line of a server that is visited, in bytes. */
export const MAX_REQUEST_BYTES = 2_000_000;

/** A key that is always there, with a large value. */
export const LARGE_KEY = "visited-large";

const LARGE_BYTES = 300_000;

/** Other keys that visitors use. */
const KEYS = 40;
const MAX_KEY_BYTES = 20_000;

/** Pause between two bytes of a slow sender, and how long others do nothing, in milliseconds. */
const SLOW_MS = 20;
const IDLE_MS = 300;

/** What a visit saw that must not be; thrown. */
export class Fault extends Error {
  override name = "Fault";
}

/** The server was full. */
export class BusySeen extends Error {
  override name = "BusySeen";
}

/** One visit; the connection is closed after it. */
export type Visit = (client: RawClient, random: Random) => Promise<void>;

/** Requests that are wrong, each with the type of its error. The first line has a method, or it ends there. */
const WRONG: readonly (readonly [line: string, type: string])[] = [
  ['{"method":"fly"}', "MethodError"],
  ["nonsense", "RequestError"],
  ["[1,2,3]", "RequestError"],
  ['{"no":"method"}', "RequestError"],
  ['{"method":"insert","key":"k","value":1}}', "RequestError"],
  ['{"method":"insert","value":1}', "ValueError"],
  ['{"method":"lookup","key":1}', "ValueError"],
  ['{"method":"scan","regex":"("}', "ValueError"],
  ['{"method":"scan","regex":"x","cursor":"none","limit":1}', "ValueError"],
  ['{"method":"remove","key":"there is no such key"}', "KeyError"],
  ['{"method":"lookup","key":"there is no such key"}', "KeyError"],
];

/** All ways, each with its name. */
export const VISITS: Readonly<Record<string, Visit>> = {
  "inserts, looks up and closes": async (client, random) => {
    const key = `visited-${random.below(KEYS)}`;
    const value = JSON.stringify("v".repeat(random.below(MAX_KEY_BYTES)));
    await client.send(insertLine(key, value) + `{"method":"lookup","key":"${key}"}\n`);
    await expect(client, "OK");
    await expect(client, "OK");
  },
  "asks wrongly": async (client) => {
    await client.send(WRONG.map(([line]) => `${line}\n`).join(""));
    for (const [, type] of WRONG) await expect(client, type);
  },
  "closes its sending side and reads to the end": async (client) => {
    await client.send('{"method":"ping"}\n{"method":"size"}\n{"method":"lookup"');
    await client.conn.closeWrite();
    await expect(client, "OK");
    await expect(client, "OK");
    if (await client.line() !== undefined) throw new Fault("a half line was answered");
  },
  "vanishes in the middle of a request": async (client) => {
    await client.send(`{"method":"insert","key":"half","value":"${"v".repeat(200_000)}`);
  },
  // A close with unread data in the socket is a reset for the other side.
  "vanishes in the middle of a reply": async (client) => {
    await client.send(`{"method":"lookup","key":"${LARGE_KEY}"}\n`.repeat(20));
    await client.conn.read(new Uint8Array(10));
  },
  "resets at once": async (client) => {
    await client.send('{"method":"scan","regex":"visited","limit":5}\n'.repeat(3));
  },
  "sends and reads byte by byte": async (client) => {
    for (const char of '{"method":"ping"}\n') {
      await client.send(char);
      await sleep(SLOW_MS);
    }
    await expect(client, "OK");
  },
  "asks for much and never reads": async (client) => {
    const lookups = `{"method":"lookup","key":"${LARGE_KEY}"}\n`.repeat(100);
    // Fails when the connection is closed, which is how this visit ends.
    const sending = (async () => {
      for (;;) await client.send(lookups);
    })().catch(() => {});
    await settlesWithin(sending, IDLE_MS);
  },
  "is silent": async () => {
    await sleep(IDLE_MS);
  },
  "sends noise": async (client, random) => {
    await client.send(Uint8Array.from({ length: 2_000 }, () => random.below(256)));
  },
  "speaks another protocol": async (client) => {
    await client.send(`POST / HTTP/1.1\r\n\r\n${insertLine("another protocol", "1").repeat(50)}`);
    await expect(client, "RequestError");
    if (await client.line() !== undefined) throw new Fault("the connection went on");
  },
  "sends a line that is too long": async (client) => {
    await client.send('{"method":"ping"}\n');
    await expect(client, "OK");
    await client.send(`{"method":"insert","key":"k","value":"${"v".repeat(MAX_REQUEST_BYTES)}"}\n`);
    await expect(client, "TooLarge");
    await client.send('{"method":"ping"}\n');
    await expect(client, "OK");
  },
  "leaves more cursors open than there may be": async (client) => {
    const scans = 20;
    await client.send('{"method":"scan","regex":"","limit":1}\n'.repeat(scans));
    for (let scan = 0; scan < scans; scan++) await expect(client, "OK");
  },
};

/** Puts all keys of visitors into the table, with values that are always the same. */
export async function restOfVisitors(client: RawClient): Promise<void> {
  const large = JSON.stringify("l".repeat(LARGE_BYTES));
  await client.send(insertLine(LARGE_KEY, large));
  await expect(client, "OK");
  for (let key = 0; key < KEYS; key++) {
    await client.send(insertLine(`visited-${key}`, JSON.stringify(`${key}`)));
    await expect(client, "OK");
  }
}

/** Reads a reply: its error's type, or `OK`. */
async function expect(client: RawClient, what: string): Promise<void> {
  const reply = await client.reply();
  if (reply === null) throw new Fault(`a connection ended instead of ${what}`);
  const came = reply["status"] === "OK" ? "OK" : reply["type"];
  if (came === "Busy") throw new BusySeen();
  if (came !== what) throw new Fault(`${came} came instead of ${what}: ${reply["message"]}`);
}

function insertLine(key: string, value: string): string {
  return `{"method":"insert","key":"${key}","value":${value}}\n`;
}
