/** Proves that all sockets behave alike; Deno implements the modules of Node.js. */
import assert from "assert";
import { Buffer } from "node:buffer";
import type { ClientSocket, ConnectTcp } from "../../lib/client/client_socket.ts";
import { connectByDeno } from "../../lib/client/deno_socket.ts";
import { connectByNode } from "../../lib/client/node_socket.ts";
import { DirectSockets } from "../../lib/perf/socket/direct_socket.ts";

const never = new AbortController().signal;

/** Both ends of a connection. */
async function connected(connect: ConnectTcp) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const accepting = listener.accept();
  const socket = await connect({ hostname: "127.0.0.1", port }, never);
  return { socket, peer: await accepting };
}

async function readAll(socket: Pick<ClientSocket, "read">): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(10_000);
  for (;;) {
    const count = await socket.read(buffer);
    if (count === null) return new Uint8Array(Buffer.concat(parts));
    assert.ok(count > 0 && count <= buffer.length, `${count} bytes`);
    parts.push(buffer.slice(0, count));
  }
}

async function writeAll(socket: Pick<ClientSocket, "write">, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await socket.write(bytes));
}

/** All kinds of sockets. Direct ones need Linux. */
const KINDS: readonly (readonly [name: string, connect: ConnectTcp | undefined])[] = [
  ["Deno", connectByDeno],
  ["Node.js", connectByNode],
  ["direct", DirectSockets.open()?.connect],
];

for (const [kind, connect = connectByDeno] of KINDS) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`socket: ${kind}: ${name}`, fn);
  const bytes = Uint8Array.from({ length: 1_000_000 }, (_, at) => at % 251);

  test("bytes arrive whole in both directions, and the end after them", async () => {
    const { socket, peer } = await connected(connect);
    assert.equal(socket.peer, "127.0.0.1");
    const echo = readAll(peer);
    await writeAll(socket, bytes);
    const received = readAll(socket);
    await writeAll(peer, bytes);
    await peer.closeWrite();
    assert.deepEqual(await received, bytes);
    socket.close();
    assert.deepEqual(await echo, bytes);
    peer.close();
  });

  test("close ends a pending read, and a second close does nothing", async () => {
    const { socket, peer } = await connected(connect);
    const reading = socket.read(new Uint8Array(1)).catch(() => null);
    socket.close();
    assert.equal(await reading, null);
    socket.close();
    peer.close();
  });

  test("a port where nothing listens is an error", async () => {
    await assert.rejects(connect({ hostname: "127.0.0.1", port: 1 }, never), /refused/i);
  });

  test("an aborted signal ends the attempt", async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    await assert.rejects(connect({ hostname: "127.0.0.1", port }, AbortSignal.abort()));
  });

  test("the handshake of TLS ends with its signal", async () => {
    const { socket, peer } = await connected(connect);
    const aborting = new AbortController();
    const handshake = socket.startTls("", "localhost", aborting.signal);
    // The client has sent its first message; the peer stays silent.
    await peer.read(new Uint8Array(1_000));
    aborting.abort();
    await assert.rejects(handshake);
    peer.close();
  });
}
