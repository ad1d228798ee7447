/** Tests a catalog under attack: slow readers, floods of datagrams and of connections. */
import assert from "assert";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { createLog } from "../../../lib/base/log.ts";
import { sleep } from "../../../lib/base/clock.ts";
import { CATALOG_UPDATE_LIMIT } from "../../../lib/base/limits.ts";
import { sendUpdates, startCatalogServer } from "../catalog_client.ts";
import { memoryBytes } from "../../../bench/harness/process_watch.ts";
import { fromSource, PATIENCE_MS, Program } from "../../../bench/harness/program.ts";

const encoder = new TextEncoder();

/** Readers at a time, and the bytes of the reply to each one. */
const READERS = 100;
const REPLY_BYTES = 4_000_000;

/** Length of a listing without records. */
const EMPTY_BYTES = "[\n\n]\n".length;

/** Requests a path and reads nothing of the reply. Readers use many addresses. */
async function slowReader(port: number, path: string, at: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${2 + at % 100}` });
  socket.on("error", () => {}); // the catalog may close it
  await once(socket, "connect");
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\n\r\n`);
  return socket;
}

async function listedBytes(port: number): Promise<number> {
  return (await (await fetch(`http://127.0.0.1:${port}/query.json`)).text()).length;
}

/** Sends records until the listing has `bytes` bytes. The catalog drops datagrams beyond its rate. */
async function fill(port: number, bytes: number): Promise<void> {
  const junk = Object.fromEntries(
    Array.from({ length: 10 }, (_, at) => [`junk${at}`, "<".repeat(2_000)]),
  );
  const endMs = performance.now() + PATIENCE_MS;
  for (let at = 1; await listedBytes(port) < bytes; at++) {
    assert.ok(performance.now() < endMs, "the catalog does not fill");
    const ports = [0, 1, 2, 3].map((i) => 4 * at + i);
    await sendUpdates(port, ports.map((port) => ({ type: "t", port, ...junk })));
  }
}

Deno.test({
  name: "attack on a catalog: silent readers take little memory, and do not delay others",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const flags = ["--host", "127.0.0.1", "--port", "0"];
    await using program = new Program(fromSource("catalog.ts", ...flags));
    const port = await program.port();
    await fill(port, REPLY_BYTES);
    for (const path of ["/query.text", "/query.json", `/query/${btoa("port>0")}`]) {
      const before = await memoryBytes(program.pid);
      const readers: Socket[] = [];
      for (let at = 0; at < READERS; at++) readers.push(await slowReader(port, path, at));
      // A client that connects after all of these readers, and reads, gets the whole reply.
      assert.ok(await listedBytes(port) >= REPLY_BYTES);
      const growth = await memoryBytes(program.pid) - before;
      for (const reader of readers) reader.destroy();
      assert.ok(growth < READERS * REPLY_BYTES / 2, `${path}: ${growth} bytes more`);
    }
  },
});

Deno.test("attack on a catalog: a flood of datagrams is limited to its rate, and requests get replies", async () => {
  let accepted = 0;
  const log = createLog({ isDebug: true, write: () => accepted++ });
  const rates = { updateBytesPerS: CATALOG_UPDATE_LIMIT.localBytesPerS, answerMsPerS: 250 };
  const startMs = performance.now();
  await using server = startCatalogServer({ log, rates });
  for (let round = 0; round < 5; round++) {
    await listedBytes(server.port);
    const ports = Array.from({ length: 1_000 }, (_, at) => 1 + 1_000 * round + at);
    await sendUpdates(server.port, ports.map((port) => ({ port })));
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const most = (seconds + 0.1) * rates.updateBytesPerS / CATALOG_UPDATE_LIMIT.minBytes + 1;
  assert.ok(accepted > 0 && accepted <= most, `${accepted} of at most ${most}`);
  // Afterwards it accepts updates again.
  const last = { port: 60_001, project: "after-the-flood" };
  for (const endMs = performance.now() + PATIENCE_MS;;) {
    await sendUpdates(server.port, [last]);
    const text = await (await fetch(`http://127.0.0.1:${server.port}/query.json`)).text();
    if (text.includes(last.project)) break;
    assert.ok(performance.now() < endMs, "it accepts no update");
    await sleep(10);
  }
});

Deno.test("attack on a catalog: silent and incomplete requests do not block others; pipelined ones get one reply", async () => {
  await using server = startCatalogServer();
  const { port } = server;
  const silent: Deno.TcpConn[] = [];
  for (let at = 0; at < 1_000; at++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    if (at % 2) await connection.write(encoder.encode("GET / HT")).catch(() => {});
    silent.push(connection);
  }
  assert.equal(await listedBytes(port), EMPTY_BYTES);
  for (const connection of silent) connection.close();
  using pipelining = await Deno.connect({ hostname: "127.0.0.1", port });
  await pipelining.write(encoder.encode("GET /style.css HTTP/1.1\r\n\r\n".repeat(100)));
  const buffer = new Uint8Array(100_000);
  let text = "";
  try {
    for (let count; (count = await pipelining.read(buffer)) !== null;) {
      text += new TextDecoder().decode(buffer.subarray(0, count));
    }
  } catch {
    // Unread requests reset the connection.
  }
  assert.ok(text.split("HTTP/1.1 200").length <= 2);
});
