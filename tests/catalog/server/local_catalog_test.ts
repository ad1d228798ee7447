import assert from "assert";
import { machineTiming, sleep, type Timing } from "../../../lib/base/clock.ts";
import { LOCAL_ANNOUNCE_MS, LOCAL_CATALOG_RETRY_MS } from "../../../lib/base/limits.ts";
import { createLog, silentLog } from "../../../lib/base/log.ts";
import { queryCatalog } from "../../../lib/catalog/resolve/query.ts";
import { LocalCatalog } from "../../../lib/catalog/server/local_catalog.ts";
import { Registration } from "../../../lib/catalog/announce/registration.ts";
import { Resolver } from "../../../lib/catalog/resolve/resolver.ts";
import { freePort } from "../../integration/catalog/free_port.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

const DEADLINE_MS = 60_000;

/** A catalog, and a promise that it serves an address. */
function localCatalog(
  port: number,
  timing?: Timing,
): { catalog: LocalCatalog; serving: Promise<void> } {
  const { promise: serving, resolve } = Promise.withResolvers<void>();
  const options = {
    port,
    log: silentLog,
    retryMs: 10,
    onServing: resolve,
    ...(timing && { timing }),
  };
  return { catalog: new LocalCatalog(options), serving };
}

function presence(
  project: string,
  localPort: number,
  intervalMs = 20,
  timing: Timing = machineTiming,
): Registration {
  return new Registration({
    timing,
    catalogs: [],
    localPort,
    intervalMs,
    log: silentLog,
    interfaces: () => [],
    facts: () => ({
      project,
      owner: "me",
      port: 4_321 + project.length,
      version: "0.1.0",
      instance: project,
      lifetimeS: 300,
      startTimeS: 1,
      clients: 0,
      size: 0,
      durability: "always",
      requiresToken: false,
      protocol: 1,
    }),
  });
}

/** Looks a server up until it is found, or no longer. */
async function untilFound(port: number, project: string, wanted: number): Promise<void> {
  const resolver = new Resolver({ catalogs: [], localPort: port });
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const { servers } = await resolver.lookUp(project);
    if (servers.length === wanted) return;
    assert.ok(performance.now() < deadline, `${project} is there ${servers.length} times`);
    await sleep(10);
  }
}

/** What a catalog at an address lists; a failure where nothing answers. */
function listed(hostname: string, port: number) {
  return queryCatalog({ hostname, port }, new AbortController().signal);
}

Deno.test("local catalog: the first process has the first address, the next one the next", async () => {
  const port = freePort();
  const first = localCatalog(port);
  const second = localCatalog(port);
  try {
    first.catalog.start();
    await first.serving;
    second.catalog.start();
    await second.serving;
    assert.deepEqual(await listed("127.0.0.1", port), []);
    assert.deepEqual(await listed("127.0.0.2", port), []);
    await assert.rejects(listed("127.0.0.3", port), /nothing listens there/);
  } finally {
    await first.catalog.stop();
    await second.catalog.stop();
  }
  assert.equal(first.catalog.serving, false);
  await assert.rejects(listed("127.0.0.1", port), /nothing listens there/);
  await assert.rejects(listed("127.0.0.2", port), /nothing listens there/);
});

Deno.test("local catalog: it moves up to the first address, and frees its old one when all know it", async () => {
  const port = freePort();
  const blocking = Deno.listen({ hostname: "127.0.0.1", port });
  const clock = new VirtualClock();
  const { catalog } = localCatalog(port, clock);
  try {
    catalog.start();
    assert.deepEqual(await listed("127.0.0.2", port), []);
    blocking.close();
    await clock.run(clock.at(20));
    assert.deepEqual(await listed("127.0.0.1", port), []);
    assert.deepEqual(await listed("127.0.0.2", port), []);
    await clock.run(clock.at(3 * LOCAL_ANNOUNCE_MS));
    await assert.rejects(listed("127.0.0.2", port), /nothing listens there/);
    assert.deepEqual(await listed("127.0.0.1", port), []);
  } finally {
    await catalog.stop();
  }
});

Deno.test("local catalog: a half success is given back", async () => {
  const port = freePort();
  const udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
  const { catalog, serving } = localCatalog(port);
  try {
    catalog.start();
    await serving;
    await assert.rejects(listed("127.0.0.1", port), /nothing listens there/);
    assert.deepEqual(await listed("127.0.0.2", port), []);
  } finally {
    udp.close();
    await catalog.stop();
  }
});

Deno.test({
  name: "local catalog: a bind that is refused for another reason is logged once and given up",
  permissions: { net: false },
  fn: async () => {
    const lines: string[] = [];
    const log = createLog({ write: (line) => lines.push(line) });
    const clock = new VirtualClock();
    const catalog = new LocalCatalog({ port: 9_097, log, timing: clock });
    catalog.start();
    await catalog.stop();
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /Cannot serve the local catalog on 127\.0\.0\.1:9097/);
  },
});

Deno.test("presence: servers on one machine are found, and survive the end of the one that served", async () => {
  const port = freePort();
  const first = presence("a", port);
  const second = presence("bb", port);
  try {
    first.start();
    second.start();
    await untilFound(port, "a", 1);
    await untilFound(port, "bb", 1);
    await first.stop();
    await untilFound(port, "bb", 1);
    await untilFound(port, "a", 0);
  } finally {
    await first.stop();
    await second.stop();
  }
});

Deno.test("presence: a server announces itself at once to a catalog that it begins to serve", async () => {
  const port = freePort();
  const blocking = localCatalog(port);
  const clock = new VirtualClock();
  const one = presence("a", port, 60_000, clock);
  try {
    blocking.catalog.start();
    await blocking.serving;
    one.start();
    await untilFound(port, "a", 1);
    await blocking.catalog.stop();
    // It takes the first address over; the next regular update would be later.
    await clock.run(clock.at(LOCAL_CATALOG_RETRY_MS));
    for (const endMs = performance.now() + DEADLINE_MS;; await sleep(5)) {
      if ((await listed("127.0.0.1", port)).some(({ project }) => project === "a")) break;
      assert.ok(performance.now() < endMs, "it is not listed");
    }
    assert.ok(clock.now() < LOCAL_ANNOUNCE_MS);
  } finally {
    await one.stop();
    await blocking.catalog.stop();
  }
});

Deno.test("presence: stop frees the port, and can be called again", async () => {
  const port = freePort();
  const one = presence("a", port);
  try {
    one.start();
    await untilFound(port, "a", 1);
  } finally {
    await one.stop();
    await one.stop();
  }
  Deno.listen({ hostname: "127.0.0.1", port }).close();
});
