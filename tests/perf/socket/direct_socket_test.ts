/** Proves that direct sockets read by themselves only while replies are expected, and only their own bytes. */
import assert from "assert";
import type { ClientSocket, ConnectTcp } from "../../../lib/client/client_socket.ts";
import { connectByDeno } from "../../../lib/client/deno_socket.ts";
import { DirectSockets } from "../../../lib/perf/socket/direct_socket.ts";
import { oneForm, SystemCalls } from "../../../lib/perf/socket/system_calls.ts";
import { EchoWorker } from "./echo_worker.ts";

// Outside of the tests, whose sanitizer expects that a library is closed.
const calls = SystemCalls.load();
const isLinux = Deno.build.os === "linux";
const never = new AbortController().signal;

/** System calls that are counted, by their name. */
interface Counted {
  readonly calls: SystemCalls;
  readonly counts: Record<"poll" | "receive" | "send", number>;
}

function counted(): Counted {
  assert.ok(calls, "the C library is loaded");
  const counts = { poll: 0, receive: 0, send: 0 };
  const count = new Proxy(calls, {
    get(target, name: keyof SystemCalls) {
      if (name === "poll" || name === "receive" || name === "send") counts[name]++;
      return target[name].bind(target);
    },
  });
  return { calls: count, counts };
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `direct socket: ${name}`, ignore: !isLinux, fn });
}

/**
 * Makes both ends of a connection, and counts its system calls.
 *
 * @param connect opens it (default: a direct socket)
 */
async function connected(connect?: ConnectTcp) {
  const { calls, counts } = counted();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const { port } = listener.addr;
  const { connect: connectDirect } = new DirectSockets(calls);
  const socket = await (connect ?? connectDirect)({ hostname: "127.0.0.1", port }, never);
  return { socket, peer: await accepting, counts };
}

const encoder = new TextEncoder();

async function send(to: Pick<ClientSocket, "write">, text: string): Promise<void> {
  for (let bytes = encoder.encode(text); bytes.length > 0;) {
    bytes = bytes.subarray(await to.write(bytes));
  }
}

/** Reads until a text has arrived. */
async function expectText(from: Pick<ClientSocket, "read">, text: string): Promise<void> {
  const buffer = new Uint8Array(65_536);
  let received = "";
  while (received.length < text.length) {
    const count = await from.read(buffer);
    assert.ok(count !== null, `the end after ${received}`);
    received += new TextDecoder().decode(buffer.subarray(0, count));
  }
  assert.equal(received, text);
}

/** Waits for rounds of the event loop. */
async function rounds(count: number): Promise<void> {
  for (; count > 0; count--) await new Promise<void>((resolve) => void setImmediate(resolve));
}

test("a reply that is there is read directly, and other bytes are read by the runtime", async () => {
  const { socket, peer, counts } = await connected();
  await send(peer, "unexpected\n");
  await expectText(socket, "unexpected\n");
  assert.equal(counts.receive, 0);
  await send(socket, "request\n");
  await expectText(peer, "request\n");
  await send(peer, "reply\n");
  await expectText(socket, "reply\n");
  assert.deepEqual([counts.send, counts.receive], [1, 1]);
  socket.close();
  peer.close();
});

test("the rest of a line is expected, too", async () => {
  const { socket, peer, counts } = await connected();
  await send(socket, "request\n");
  for (const part of ["first", " second", " third\n"]) {
    await send(peer, part);
    await expectText(socket, part);
  }
  assert.equal(counts.receive, 3);
  await send(peer, "unexpected\n");
  await expectText(socket, "unexpected\n");
  assert.equal(counts.receive, 3);
  socket.close();
  peer.close();
});

test("a read without a reply soon sleeps: it polls no more", async () => {
  const { socket, peer, counts } = await connected();
  await send(socket, "request\n");
  const reading = expectText(socket, "late\n");
  await rounds(10);
  const polls = counts.poll;
  await rounds(10);
  assert.equal(counts.poll, polls);
  await send(peer, "late\n");
  await reading;
  assert.equal(counts.receive, 0);
  socket.close();
  peer.close();
});

test("a read whose poll fails sleeps, too", async () => {
  assert.ok(calls);
  let polls = 0;
  const failing = new Proxy(calls, {
    get: (target, name: keyof SystemCalls) =>
      name === "poll" ? () => (polls++, -1) : target[name].bind(target),
  });
  const { socket, peer } = await connected(new DirectSockets(failing).connect);
  await send(socket, "request\n");
  const reading = expectText(socket, "late\n");
  await rounds(10);
  const before = polls;
  await rounds(10);
  assert.equal(polls, before);
  assert.ok(polls > 0);
  await send(peer, "late\n");
  await reading;
  socket.close();
  peer.close();
});

test("connections of a process do not get each other's bytes", async () => {
  const { calls, counts } = counted();
  const sockets = new DirectSockets(calls);
  using server = await EchoWorker.start();
  const all = await Promise.all(
    Array.from({ length: 30 }, (_, at) => {
      const hostname = at % 2 === 0 ? "127.0.0.1" : "localhost";
      return sockets.connect({ hostname, port: server.port }, never);
    }),
  );
  await Promise.all(all.map(async (socket, at) => {
    for (let n = 0; n < 50; n++) {
      await send(socket, `${at} ${n}\n`);
      await expectText(socket, `${at} ${n}\n`);
    }
  }));
  assert.ok(counts.receive > 0, "some replies were read directly");
  for (const socket of all) socket.close();
});

test("timers and other connections have their turn while sockets are polled", async () => {
  const { calls, counts } = counted();
  const sockets = new DirectSockets(calls);
  using server = await EchoWorker.start();
  const address = { hostname: "127.0.0.1", port: server.port };
  const socket = await sockets.connect(address, never);
  const other = await Deno.connect(address);
  let isOver = false, ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const busy = (async () => {
    while (!isOver) {
      await send(socket, "busy\n");
      await expectText(socket, "busy\n");
    }
  })();
  for (let n = 0; n < 20 || ticks < 20; n++) {
    await send(other, "other\n");
    await expectText(other, "other\n");
  }
  isOver = true;
  await busy;
  clearInterval(timer);
  assert.ok(counts.poll > 0);
  socket.close();
  other.close();
});

test("after the close, the descriptor is not used, and a read ends", async () => {
  const { socket, peer, counts } = await connected();
  await send(socket, "request\n");
  const reading = socket.read(new Uint8Array(10)).catch(() => null);
  socket.close();
  const before = { ...counts };
  assert.equal(await reading, null);
  await assert.rejects(socket.write(encoder.encode("late\n")));
  await assert.rejects(socket.read(new Uint8Array(10)));
  assert.deepEqual(counts, before);
  peer.close();
});

test("the end of a connection and its loss are those of an ordinary socket", async () => {
  for (const isReset of [false, true]) {
    const ends = [];
    for (const connect of [connectByDeno, undefined]) {
      const { socket, peer } = await connected(connect);
      await send(socket, "request\n");
      // A close with unread bytes resets the connection.
      if (!isReset) await expectText(peer, "request\n");
      peer.close();
      ends.push(await socket.read(new Uint8Array(10)).catch(String));
      socket.close();
    }
    assert.equal(ends[0], ends[1]);
    if (!isReset) assert.equal(ends[0], null);
  }
});

test("an IP address has one form", async () => {
  assert.equal(oneForm("127.0.0.1"), "127.0.0.1");
  assert.equal(oneForm("0:0:0:0:0:0:0:1"), oneForm("::1"));
  assert.equal(oneForm("::ffff:127.0.0.1"), oneForm("0:0:0:0:0:ffff:7f00:1"));
  await Promise.resolve();
});
