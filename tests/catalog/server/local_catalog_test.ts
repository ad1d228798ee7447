/** Tests the addresses of the local catalog that a process serves, with real sockets. */
import assert from "assert";
import { LOCAL_ANNOUNCE_MS, LOCAL_CATALOG_RETRY_MS } from "../../../lib/base/limits.ts";
import { createLog, silentLog } from "../../../lib/base/log.ts";
import { queryCatalog } from "../../../lib/catalog/resolve/query.ts";
import { LocalCatalog } from "../../../lib/catalog/server/local_catalog.ts";
import { freePort, stopAtEnd } from "../catalog_client.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

/** Reads the listing of a catalog; rejects if nothing answers. */
function listed(hostname: string, port: number) {
  return queryCatalog({ hostname, port }, new AbortController().signal);
}

Deno.test("local catalog: the first process serves the first address, the second one the second", async () => {
  const port = freePort();
  await using first = stopAtEnd(new LocalCatalog({ port, log: silentLog }));
  await using second = stopAtEnd(new LocalCatalog({ port, log: silentLog }));
  first.start();
  second.start();
  assert.deepEqual(await listed("127.0.0.1", port), []);
  assert.deepEqual(await listed("127.0.0.2", port), []);
  await assert.rejects(listed("127.0.0.3", port), /nothing listens there/);
  await first.stop();
  await second.stop();
  await assert.rejects(listed("127.0.0.1", port), /nothing listens there/);
  await assert.rejects(listed("127.0.0.2", port), /nothing listens there/);
});

Deno.test("local catalog: it takes over the first address, and frees its old one after the handover", async () => {
  const port = freePort();
  const blocking = Deno.listen({ hostname: "127.0.0.1", port });
  const clock = new VirtualClock();
  await using catalog = stopAtEnd(new LocalCatalog({ port, log: silentLog, timing: clock }));
  catalog.start();
  assert.deepEqual(await listed("127.0.0.2", port), []);
  blocking.close();
  await clock.run(clock.at(LOCAL_CATALOG_RETRY_MS));
  assert.deepEqual(await listed("127.0.0.1", port), []);
  assert.deepEqual(await listed("127.0.0.2", port), []);
  await clock.run(clock.at(3 * LOCAL_ANNOUNCE_MS));
  await assert.rejects(listed("127.0.0.2", port), /nothing listens there/);
  assert.deepEqual(await listed("127.0.0.1", port), []);
});

Deno.test("local catalog: an address that is free for TCP only is not kept", async () => {
  const port = freePort();
  const udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
  await using catalog = stopAtEnd(new LocalCatalog({ port, log: silentLog }));
  try {
    catalog.start();
    await assert.rejects(listed("127.0.0.1", port), /nothing listens there/);
    assert.deepEqual(await listed("127.0.0.2", port), []);
  } finally {
    udp.close();
    await catalog.stop();
  }
});

Deno.test({
  name: "local catalog: an address that the system denies is logged once and not tried again",
  permissions: { net: false },
  fn: async () => {
    const lines: string[] = [];
    const log = createLog({ write: (line) => lines.push(line) });
    const catalog = new LocalCatalog({ port: 9_097, log, timing: new VirtualClock() });
    catalog.start();
    await catalog.stop();
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /Cannot serve the local catalog on 127\.0\.0\.1:9097/);
  },
});
