/** Proves the socket options of a connection, and that a lingering close waits for the peer. */
import assert from "assert";
import { settlesWithin } from "../../lib/base/clock.ts";
import { TcpSocket } from "../../lib/server/socket.ts";

const AMPLE_MS = 60_000;

/** Both ends of a connection. */
async function pair() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const far = await accepting;
  listener.close();
  return { near, far };
}

Deno.test("socket: small replies are sent at once, and a dead peer is detected", async () => {
  const { near, far } = await pair();
  const calls: string[] = [];
  near.setNoDelay = (isOn) => void calls.push(`no delay ${isOn}`);
  near.setKeepAlive = (isOn) => void calls.push(`keep alive ${isOn}`);
  const connection = new TcpSocket(near, new AbortController().signal);
  assert.deepEqual(calls, ["no delay true", "keep alive true"]);
  connection.close();
  connection.close();
  far.close();
});

Deno.test("socket: lingering ends with the peer, or when the server stops", async () => {
  for (const end of ["peer", "stop"] as const) {
    const { near, far } = await pair();
    const stopping = new AbortController();
    const connection = new TcpSocket(near, stopping.signal);
    await connection.write(new Uint8Array([1]));
    // Unread bytes would turn a plain close into a reset.
    await far.write(new Uint8Array(10));
    let isOver = false;
    const lingering = connection.linger().then(() => void (isOver = true));
    const bytes = new Uint8Array(10);
    assert.equal(await far.read(bytes), 1);
    assert.equal(await far.read(bytes), null, "the sending side is closed");
    assert.ok(!isOver, "it waits for the peer");
    if (end === "peer") {
      far.close();
      assert.ok(await settlesWithin(lingering, AMPLE_MS));
    } else {
      stopping.abort();
      // The wait for the peer ends without a timer, and without the network.
      for (let step = 0; step < 20; step++) await undefined;
      assert.ok(isOver);
      far.close();
    }
    connection.close();
  }
});
