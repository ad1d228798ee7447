/** A catalog under attack: slow readers, floods of datagrams and of connections. */
import assert from "assert";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { createLog, silentLog } from "../../../lib/base/log.ts";
import { sleep } from "../../../lib/base/clock.ts";
import { CATALOG_UPDATE_LIMIT } from "../../../lib/base/limits.ts";
import { CatalogServer } from "../../../lib/catalog/server/catalog_server.ts";
import { memoryBytes } from "../../../bench/harness/process_watch.ts";
import { fromSource, PATIENCE_MS, Program } from "../../../bench/harness/program.ts";

const encoder = new TextEncoder();

/** Readers at once, and the bytes of what they ask for. */
const READERS = 100;
const REPLY_BYTES = 4_000_000;

/** Length of a listing without records. */
const EMPTY_BYTES = "[\n\n]\n".length;

/** A UDP socket that sends to a catalog. */
class Sender implements Disposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  constructor(readonly port: number) {}

  async send(update: object): Promise<void> {
    const to = { transport: "udp", hostname: "127.0.0.1", port: this.port } as const;
    await this.#socket.send(encoder.encode(JSON.stringify(update)), to);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** Asks for a path and reads nothing of the answer; each from one of many addresses. */
async function slowReader(port: number, path: string, at: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${2 + at % 100}` });
  socket.on("error", () => {}); // it may be cut off
  await once(socket, "connect");
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\n\r\n`);
  return socket;
}

async function listedBytes(port: number): Promise<number> {
  return (await (await fetch(`http://127.0.0.1:${port}/query.json`)).text()).length;
}

/** Sends records until a listing has so many bytes: datagrams over the rate get lost. */
async function fill(port: number, bytes: number): Promise<void> {
  using sender = new Sender(port);
  const junk = Object.fromEntries(
    Array.from({ length: 10 }, (_, at) => [`junk${at}`, "<".repeat(2_000)]),
  );
  const endMs = performance.now() + PATIENCE_MS;
  for (let at = 1; await listedBytes(port) < bytes; at++) {
    assert.ok(performance.now() < endMs, "the catalog does not fill");
    for (let i = 0; i < 4; i++) await sender.send({ type: "t", port: 4 * at + i, ...junk });
  }
}

Deno.test({
  name: "hostile to a catalog: readers that take nothing cost little, and keep nobody waiting",
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
      // The one who reads comes after all of them.
      assert.ok(await listedBytes(port) >= REPLY_BYTES);
      const growth = await memoryBytes(program.pid) - before;
      for (const reader of readers) reader.destroy();
      assert.ok(growth < READERS * REPLY_BYTES / 2, `${path}: ${growth} bytes more`);
    }
  },
});

Deno.test("hostile to a catalog: a flood of datagrams takes no more than its rate, and questions are answered", async () => {
  let taken = 0;
  const log = createLog({ isDebug: true, write: () => taken++ });
  const rates = { updateBytesPerS: CATALOG_UPDATE_LIMIT.localBytesPerS, answerMsPerS: 250 };
  const startMs = performance.now();
  await using server = new CatalogServer({
    hostname: "127.0.0.1",
    port: 0,
    lifetimeS: 900,
    log,
    tcpUpdates: false,
    rates,
  });
  using sender = new Sender(server.port);
  for (let at = 0; at < 5_000; at++) {
    await sender.send({ port: 1 + at % 60_000 });
    if (at % 1_000 === 0) await listedBytes(server.port);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const most = (seconds + 0.1) * rates.updateBytesPerS / CATALOG_UPDATE_LIMIT.minBytes + 1;
  assert.ok(taken > 0 && taken <= most, `${taken} of at most ${most}`);
  // And it goes on as before.
  const goodbye = { port: 60_001, project: "after-the-flood" };
  for (const endMs = performance.now() + PATIENCE_MS;;) {
    await sender.send(goodbye);
    const text = await (await fetch(`http://127.0.0.1:${server.port}/query.json`)).text();
    if (text.includes(goodbye.project)) break;
    assert.ok(performance.now() < endMs, "no update is taken any more");
    await sleep(10);
  }
});

Deno.test("hostile to a catalog: silent and half-sent questions keep nobody out, pipelined ones get one answer", async () => {
  await using server = new CatalogServer({
    hostname: "127.0.0.1",
    port: 0,
    lifetimeS: 900,
    log: silentLog,
    tcpUpdates: false,
  });
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
    // What it did not read resets the connection.
  }
  assert.ok(text.split("HTTP/1.1 200").length <= 2);
});
