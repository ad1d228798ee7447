/** Tests the records that a server sends to listed catalogs and to the local one. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import {
  ADDRESS_CHECK_MS,
  LOCAL_ANNOUNCE_MS,
  LOCAL_CATALOG_RETRY_MS,
} from "../../../lib/base/limits.ts";
import { silentLog } from "../../../lib/base/log.ts";
import {
  Registration,
  type RegistrationOptions,
} from "../../../lib/catalog/announce/registration.ts";
import { Resolver } from "../../../lib/catalog/resolve/resolver.ts";
import { LocalCatalog } from "../../../lib/catalog/server/local_catalog.ts";
import { PATIENCE_MS } from "../../../bench/harness/program.ts";
import { freePort, stopAtEnd, untilListed } from "../catalog_client.ts";
import { serverFacts } from "../records.ts";
import { FACTS, UpdateRecorder } from "./announcer_scene.ts";
import { NameCatalog } from "../../client/listing_catalog.ts";
import { SharedTable } from "../../client/shared_servers.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

/** A registration in virtual time that records its updates. */
function recordUpdates(options: Partial<RegistrationOptions>) {
  const recorder = new UpdateRecorder();
  const registration = new Registration({
    ...recorder.options,
    query: () => Promise.reject(new Error("nothing listens there")),
    ...options,
  });
  return { ...recorder, registration: stopAtEnd(registration) };
}

Deno.test("fault: the address changes (DHCP): catalogs get an update at once, and it is logged", async () => {
  let own = ["127.0.0.1", "10.0.0.1"];
  const { clock, sent, lines, registration } = recordUpdates({ interfaces: () => own });
  await using _ = registration;
  registration.start();
  await clock.run(clock.at(30_000));
  assert.ok(sent.every(({ record }) => String(record["addresses"]) === "10.0.0.1"));
  own = ["127.0.0.1", "10.0.0.2"];
  const changedMs = clock.now();
  const before = sent.length;
  await clock.run(clock.at(changedMs + ADDRESS_CHECK_MS));
  assert.equal(sent.length, before + 1);
  assert.deepEqual(sent.at(-1)?.record["addresses"], ["10.0.0.2"]);
  const change =
    "info: The addresses of this machine changed from 10.0.0.1 to 10.0.0.2; the catalogs get an update at once";
  assert.deepEqual(lines.filter((line) => line.includes("addresses")), [change]);
  // Without a network, the record has no addresses, and the catalogs get it at once, too.
  own = ["127.0.0.1"];
  await clock.run(clock.at(clock.now() + ADDRESS_CHECK_MS));
  assert.equal("addresses" in (sent.at(-1)?.record ?? {}), false);
});

Deno.test("fault: `--advertise HOST:PORT` with port forwarding: the local record carries no advertised address", async () => {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const localPort = probe.addr.port;
  const { clock, sent, registration } = recordUpdates({
    localPort,
    facts: () => ({ ...FACTS, advertise: { hostname: "h.test", port: 80 } }),
  });
  await using _ = registration;
  registration.start();
  await clock.run(clock.at(500));
  const recordTo = (to: string) => sent.find((one) => one.to === to)?.record;
  const listed = recordTo("192.0.2.8:9097");
  assert.deepEqual(
    [listed?.["port"], listed?.["listen_port"], listed?.["advertise"]],
    [80, 4_321, "h.test"],
  );
  for (const host of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) {
    const local = recordTo(`${host}:${localPort}`);
    assert.deepEqual(
      [local?.["port"], local?.["listen_port"], local?.["advertise"]],
      [4_321, undefined, undefined],
      host,
    );
  }
});

/** A server that is listed in the local catalog only. */
function localServer(
  project: string,
  localPort: number,
  timing?: VirtualClock,
): Registration & AsyncDisposable {
  const registration = new Registration({
    catalogs: [],
    localPort,
    intervalMs: timing ? 60_000 : 20,
    log: silentLog,
    interfaces: () => [],
    facts: () => serverFacts({ project, port: 4_321 + project.length, instance: project }),
    ...(timing && { timing }),
  });
  return stopAtEnd(registration);
}

/** Looks up a name until a number of servers is found. */
async function untilFound(port: number, project: string, wanted: number): Promise<void> {
  const resolver = new Resolver({ catalogs: [], localPort: port });
  for (const endMs = performance.now() + PATIENCE_MS;; await sleep(10)) {
    const { servers } = await resolver.lookUp(project);
    if (servers.length === wanted) return;
    assert.ok(performance.now() < endMs, `${servers.length} servers named ${project}`);
  }
}

Deno.test("registration: servers on one machine are found, also after the one with the catalog has ended", async () => {
  const port = freePort();
  await using first = localServer("a", port);
  await using second = localServer("bb", port);
  first.start();
  second.start();
  await untilFound(port, "a", 1);
  await untilFound(port, "bb", 1);
  await first.stop();
  await first.stop();
  await untilFound(port, "bb", 1);
  await untilFound(port, "a", 0);
});

Deno.test("registration: a server announces itself at once to a catalog that it starts to serve", async () => {
  const port = freePort();
  await using blocking = stopAtEnd(new LocalCatalog({ port, log: silentLog }));
  const clock = new VirtualClock();
  await using one = localServer("a", port, clock);
  blocking.start();
  one.start();
  await untilFound(port, "a", 1);
  await blocking.stop();
  // It takes over the first address; the next regular update would be later.
  await clock.run(clock.at(LOCAL_CATALOG_RETRY_MS));
  await untilListed(port, 1, ({ project }) => project === "a");
  assert.ok(clock.now() < LOCAL_ANNOUNCE_MS);
});

Deno.test("registration: a second server of a shared table is announced, one of another table ends", async () => {
  const table = new SharedTable();
  await using first = table.serve("a");
  await using catalog = new NameCatalog("a", first);
  for (const [own, outcome] of [[table.id, "announced"], ["another", "ended"]] as const) {
    const announced = Promise.withResolvers<string>();
    const lines: string[] = [];
    await using registration = stopAtEnd(
      new Registration({
        catalogs: [catalog.address],
        intervalMs: 60_000,
        log: { ...silentLog, warn: (line) => void lines.push(line) },
        interfaces: () => [],
        facts: () => serverFacts({ project: "a", table: own, shared: true }),
        onOther: "end",
        send: () => {
          announced.resolve("announced");
          return Promise.resolve();
        },
      }),
    );
    registration.start();
    const end = registration.conflict.then(() => "ended");
    assert.equal(await Promise.race([announced.promise, end]), outcome);
    assert.deepEqual(lines, []);
  }
});
