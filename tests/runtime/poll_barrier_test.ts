/** Proves that the bell is heard, again and again, after the sockets were looked at; and that it closes. */
import assert from "assert";
import { PollBarrier } from "../../lib/runtime/poll_barrier.ts";

/** A datagram on a loopback is there in far less, on a busy machine, too: one that is not was lost. */
const AMPLE_MS = 60_000;

Deno.test("fault: a doorbell that never rings: it is heard each time", async () => {
  const doorbell = new PollBarrier(AMPLE_MS);
  try {
    for (let ring = 0; ring < 200; ring++) assert.ok(await doorbell.wait(), `ring ${ring}`);
  } finally {
    await doorbell.close();
  }
});

Deno.test("fault: a doorbell that never rings: what was on a socket before is read by then", async () => {
  const doorbell = new PollBarrier(AMPLE_MS);
  const receiver = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    for (let round = 0; round < 50; round++) {
      let isRead = false;
      const reading = receiver.receive().then(() => void (isRead = true));
      await receiver.send(new Uint8Array(1), receiver.addr);
      assert.ok(await doorbell.wait(), `round ${round}: it was not heard`);
      assert.ok(isRead, `round ${round}: the bell came first`);
      await reading;
    }
  } finally {
    receiver.close();
    await doorbell.close();
  }
});

Deno.test("doorbell: one that hears nothing gives up", async () => {
  const doorbell = new PollBarrier(0);
  // The timer of 0 ms may be late, and the datagram early: one of them ends each ring.
  for (let ring = 0; ring < 20; ring++) await doorbell.wait();
  await doorbell.close();
});

Deno.test("doorbell: closing it ends a ring", async () => {
  const doorbell = new PollBarrier(AMPLE_MS);
  const ringing = doorbell.wait();
  await doorbell.close();
  await ringing;
});
