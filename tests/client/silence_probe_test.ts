/** Proves that a silent connection is broken early if its address accepts no connections. */
import assert from "assert";
import { SILENT_PROBE_MS } from "../../lib/base/limits.ts";
import type { HtError } from "../../lib/client/errors.ts";
import { Connection } from "../../lib/client/connection.ts";
import { SilenceProbe } from "../../lib/client/silence_probe.ts";

/** A connection to a listener, both ends. */
async function connected() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const connection = await Connection.connect(
    { hostname: "127.0.0.1", port },
    new AbortController().signal,
  );
  const accepted = await listener.accept();
  const broken = Promise.withResolvers<HtError>();
  let isBroken = false;
  connection.attach({
    onLine: () => {},
    onBroken: (error) => {
      isBroken = true;
      broken.resolve(error);
    },
  });
  return {
    connection,
    broken: broken.promise,
    isBroken: () => isBroken,
    stopListening: () => listener.close(),
    async [Symbol.asyncDispose]() {
      await connection.close();
      accepted.close();
    },
  };
}

Deno.test("fault: the address changes (DHCP): a connection whose address accepts nothing is broken", async () => {
  await using one = await connected();
  one.stopListening();
  const probe = new SilenceProbe(() => 7);
  probe.check(one.connection, SILENT_PROBE_MS);
  assert.equal(one.isBroken(), false, "7 replies came since the last check");
  probe.check(one.connection, SILENT_PROBE_MS);
  const error = await one.broken;
  assert.match(error.message, /^127\.0\.0\.1:\d+ is silent and no longer accepts connections$/);
  await probe.close();
});

Deno.test("silence probe: a slow server keeps its connection, and so does one that replies", async () => {
  await using slow = await connected();
  let replies = 0;
  const probe = new SilenceProbe(() => replies);
  probe.check(slow.connection, SILENT_PROBE_MS / 2); // its oldest call is too young
  probe.check(slow.connection, SILENT_PROBE_MS);
  await probe.close();
  assert.equal(slow.isBroken(), false);
  slow.stopListening();

  await using answering = await connected();
  answering.stopListening();
  const other = new SilenceProbe(() => replies);
  other.check(answering.connection, SILENT_PROBE_MS);
  replies++;
  await other.close();
  assert.equal(answering.isBroken(), false);
});
