/** Proves that a poll barrier ends again and again, always after a poll of the sockets, and that it closes. */
import assert from "assert";
import { PollBarrier } from "../../lib/runtime/poll_barrier.ts";

/** Far more than a datagram on a loopback takes, even on a busy machine: a later one was lost. */
const AMPLE_MS = 60_000;

Deno.test("fault: a poll barrier that never ends: each wait ends", async () => {
  const barrier = new PollBarrier(AMPLE_MS);
  try {
    for (let round = 0; round < 200; round++) assert.ok(await barrier.wait(), `wait ${round}`);
  } finally {
    await barrier.close();
  }
});

Deno.test("fault: a poll barrier that never ends: earlier bytes on a socket are read before it ends", async () => {
  const barrier = new PollBarrier(AMPLE_MS);
  const receiver = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    for (let round = 0; round < 50; round++) {
      let isRead = false;
      const reading = receiver.receive().then(() => void (isRead = true));
      await receiver.send(new Uint8Array(1), receiver.addr);
      assert.ok(await barrier.wait(), `round ${round}: the datagram was lost`);
      assert.ok(isRead, `round ${round}: the barrier ended first`);
      await reading;
    }
  } finally {
    receiver.close();
    await barrier.close();
  }
});

Deno.test("poll_barrier: a lost datagram ends the wait", async () => {
  const barrier = new PollBarrier(0);
  // The timer of 0 ms may be late, and the datagram early: one of them ends each wait.
  for (let round = 0; round < 20; round++) await barrier.wait();
  await barrier.close();
});

Deno.test("poll_barrier: closing it ends a wait", async () => {
  const barrier = new PollBarrier(AMPLE_MS);
  const waiting = barrier.wait();
  await barrier.close();
  await waiting;
});
