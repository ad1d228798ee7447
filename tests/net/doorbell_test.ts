/** Proves that the bell is heard, again and again, and that closing it ends a wait. */
import { Doorbell } from "../../lib/net/doorbell.ts";

Deno.test("doorbell: it is heard each time", async () => {
  const doorbell = new Doorbell();
  for (let ring = 0; ring < 200; ring++) await doorbell.ring();
  await doorbell.close();
});

Deno.test("doorbell: who waits at the end waits no longer", async () => {
  const doorbell = new Doorbell();
  const ringing = doorbell.ring();
  await doorbell.close();
  await ringing;
});
