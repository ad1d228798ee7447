/**
 * Tests that clients that connect and disconnect at any moment, in any way, leave nothing behind in a
 * server. Fifty clients do so from a printed seed (set `SEED` to repeat a run). The long form takes 20
 * seconds.
 */
import assert from "assert";
import { HtClient } from "../../../client.ts";
import { sleep } from "../../../lib/base/clock.ts";
import { ALONE, PATIENCE_MS, Program, TOP } from "../../../bench/harness/program.ts";
import { type Random, randomFrom, seedFor } from "../../../bench/harness/random.ts";
import { isLong } from "../../helpers/long.ts";

const CLIENTS = 50;
const DURATION_MS = isLong ? 20_000 : 4_000;

/** Time in which the first memory figure settles, in milliseconds. */
const SETTLE_MS = isLong ? 5_000 : 1_500;

/** Memory that the runtime may keep beyond the first figure, in bytes. */
const SLACK_BYTES = 30e6;

const encoder = new TextEncoder();
const VALUE = JSON.stringify("v".repeat(20_000));

/** Ways to disconnect, each after some bytes were sent. */
const WAYS = {
  "reads the reply and closes": async (conn, random) => {
    await send(conn, `{"method":"insert","key":"${random.below(1000)}","value":${VALUE}}\n`);
    await conn.read(new Uint8Array(100));
  },
  "closes in the middle of a line": async (conn, random) => {
    await send(conn, `{"method":"insert","key":"${random.below(1000)}","val`);
  },
  "closes its sending side and reads to the end": async (conn) => {
    await send(conn, '{"method":"ping"}\n{"method":"size"}\n{"method":"lookup"');
    await conn.closeWrite();
    const buffer = new Uint8Array(1000);
    while (await conn.read(buffer) !== null);
  },
  // A close with unread data in the socket resets the connection.
  "resets with large replies unread": async (conn, random) => {
    const lookup = `{"method":"lookup","key":"${random.below(1000)}"}\n`;
    await send(conn, lookup.repeat(200));
    await conn.read(new Uint8Array(10));
  },
  "resets at once": async (conn) => {
    await send(conn, '{"method":"scan","regex":"1"}\n'.repeat(3));
  },
  "is silent for a while": async (_conn, random) => {
    await sleep(random.below(300));
  },
  "sends noise": async (conn, random) => {
    await conn.write(Uint8Array.from({ length: 2_000 }, () => random.below(256)));
  },
} satisfies Record<string, (conn: Deno.TcpConn, random: Random) => Promise<void>>;

Deno.test("clients that disconnect in any way leave nothing behind in a server", async () => {
  const seed = seedFor("vanishing clients");
  await using server = new Program([
    Deno.execPath(),
    "run",
    "--quiet",
    "--allow-all",
    "--v8-flags=--expose-gc",
    `--preload=${TOP}bench/harness/collect_on_signal.ts`,
    `${TOP}server.ts`,
    "vanish-a4",
    ...ALONE,
  ]);
  const port = await server.port();
  const steady = await HtClient.connect(`127.0.0.1:${port}`);
  const startSockets = await openSockets(server.pid);
  await runClients(port, seed, 1_000); // fills the pools of the runtime
  const startBytes = await memoryOf(server);
  let pings = 0;
  const over = new AbortController();
  const pinging = (async () => {
    while (!over.signal.aborted) {
      await steady.ping();
      pings++;
      await sleep(5);
    }
  })();
  const visits = await runClients(port, seed + 1, DURATION_MS);
  over.abort();
  await pinging;

  // The server notices a close a little later. Then only the steady client is left.
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(20)) {
    if ((await steady.info())["clients"] === 1) break;
  }
  assert.equal((await steady.info())["clients"], 1);
  assert.equal(await openSockets(server.pid), startSockets);
  for (let key = 0; key < 1000; key++) await steady.remove(String(key)).catch(() => {});
  assert.equal(await steady.size(), 0);
  const endBytes = await memoryOf(server, startBytes + SLACK_BYTES);
  assert.ok(endBytes <= startBytes + SLACK_BYTES, `from ${startBytes} to ${endBytes} bytes`);
  assert.ok(visits > CLIENTS && pings > 0, `${visits} visits, ${pings} pings`);
  console.log(`seed ${seed}: ${visits} visits, memory from ${startBytes} to ${endBytes} bytes`);
  await steady.close();
});

/** Runs the clients for a time, and returns the number of their connections. */
async function runClients(port: number, seed: number, durationMs: number): Promise<number> {
  const ways = Object.values(WAYS);
  const endMs = performance.now() + durationMs;
  const visitors = Array.from({ length: CLIENTS }, async (_, number) => {
    const random = randomFrom(seed * CLIENTS + number);
    let visits = 0;
    for (; performance.now() < endMs; visits++) {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      try {
        await ways[random.below(ways.length)]?.(conn, random);
      } finally {
        conn.close();
      }
    }
    return visits;
  });
  return (await Promise.all(visitors)).reduce((sum, visits) => sum + visits, 0);
}

async function send(conn: Deno.TcpConn, text: string): Promise<void> {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await conn.write(bytes));
}

/**
 * Returns the resident memory of the server after a garbage collection, in bytes: the smallest figure
 * of several, because V8 returns memory to the system in steps.
 *
 * @param enoughBytes a figure at or below it ends the wait (default: none)
 */
async function memoryOf(server: Program, enoughBytes: number = 0): Promise<number> {
  let least = Infinity;
  const endMs = performance.now() + (enoughBytes > 0 ? PATIENCE_MS : SETTLE_MS);
  while (least > enoughBytes && performance.now() < endMs) {
    server.kill("SIGUSR2");
    await sleep(100);
    const status = await Deno.readTextFile(`/proc/${server.pid}/status`);
    least = Math.min(least, 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]));
  }
  return least;
}

/** Returns the number of open sockets of a process. */
async function openSockets(pid: number): Promise<number> {
  let sockets = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const target = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
    if (target.startsWith("socket:")) sockets++;
  }
  return sockets;
}
