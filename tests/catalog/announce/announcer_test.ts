/** Tests when an announcer sends updates, in virtual time, and once with real sockets. */
import assert from "assert";
import { settlesWithin } from "../../../lib/base/clock.ts";
import { Announcer } from "../../../lib/catalog/announce/announcer.ts";
import type { ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { PATIENCE_MS } from "../../../bench/harness/program.ts";
import { A, B, FACTS, OWN, Scene, UpdateRecorder } from "./announcer_scene.ts";

Deno.test("announcer: sends at start, then every interval, and a goodbye", async () => {
  let size = 0;
  await using scene = new Scene({ [A.hostname]: () => [OWN] }, {
    intervalMs: 20_000,
    facts: () => ({ ...FACTS, size: size++ }),
  });
  assert.deepEqual(await scene.until(50_000), [0, 20_000, 40_000]);
  const sizes = scene.sent.map(({ record }) => Number(record["size"]));
  assert.deepEqual(sizes, sizes.toSorted((a, b) => a - b));
  assert.equal(new Set(sizes).size, 3);
  await scene.announcer.stop();
  await scene.announcer.stop();
  assert.deepEqual(scene.sent.map(({ record }) => record["lifetime"]), [300, 300, 300, 1]);
});

Deno.test("fault: one lost update hides a server for a whole interval: it is sent after 2, 5 and 15 s until it is listed", async () => {
  await using scene = new Scene({ [A.hostname]: (ms) => ms > 5_100 ? [OWN] : [] });
  assert.deepEqual(await scene.until(50_000), [0, 2_000, 5_000]);
  assert.deepEqual(scene.lines, [
    "warn: Not visible in the catalog 192.0.2.8:9097: the update by UDP was lost or blocked and is sent again; if that does not help, allow UDP to port 9097, or use another catalog",
    "info: Listed in the catalog 192.0.2.8:9097",
  ]);
  await using never = new Scene({ [A.hostname]: () => [] });
  assert.deepEqual((await never.until(59_000)).slice(0, 4), [0, 2_000, 5_000, 15_000]);
  assert.equal(never.lines.length, 1);
});

Deno.test("fault: one lost update hides a server for a whole interval: a catalog that restarts empty", async () => {
  const isEmpty = (ms: number) => ms > 70_000 && ms < 122_000;
  await using scene = new Scene({ [A.hostname]: (ms) => isEmpty(ms) ? [] : [OWN] });
  // Regular updates are at 0, 60 and 120 s; the check at 121 s finds the listing empty.
  assert.deepEqual(await scene.until(130_000), [0, 60_000, 120_000, 121_000]);
  await scene.until(400_000);
  assert.deepEqual(scene.lines.map((line) => line.slice(0, 50)), [
    "info: Listed in the catalog 192.0.2.8:9097",
    "warn: Not visible in the catalog 192.0.2.8:9097: t",
    "info: Listed in the catalog 192.0.2.8:9097 again",
  ]);
});

Deno.test("announcer: a silent catalog is logged once as out of reach, after the time of a query", async () => {
  await using scene = new Scene({
    [A.hostname]: () => [OWN],
    [B.hostname]: (ms) => ms < 100_000 ? "silent" : [OWN],
  }, { catalogs: [A, B] });
  await scene.until(4_000);
  assert.deepEqual(scene.lines, ["info: Listed in the catalog 192.0.2.8:9097"]);
  await scene.until(300_000);
  assert.deepEqual(scene.lines.slice(1), [
    "warn: Catalog 192.0.2.9:9097 is out of reach: it does not answer; updates continue every 60 s",
    "info: Listed in the catalog 192.0.2.9:9097",
  ]);
});

Deno.test("fault: small: no catalog in reach is one warning, which is not repeated", async () => {
  await using scene = new Scene({}, {
    catalogs: [{ hostname: "a.test", port: 1 }, { hostname: "b.test", port: 2 }],
    lookUpHost: () => Promise.reject(new Error("no")),
    hasLocalCatalog: true,
    query: () => Promise.reject(new Error("its name cannot be looked up")),
  });
  assert.deepEqual(await scene.until(500_000), []);
  assert.deepEqual(scene.lines, [
    "warn: No catalog is in reach (a.test:1: its name cannot be looked up; b.test:2: its name cannot be looked up); clients on this machine still find this server, and updates continue every 60 s",
  ]);
});

Deno.test("announcer: a change is sent at once, and again until it is listed", async () => {
  const listed: ServerRecord[] = [];
  await using scene = new Scene({ [A.hostname]: () => listed });
  listed.push(OWN);
  await scene.until(10_000);
  listed.pop();
  scene.announcer.announce();
  assert.deepEqual(await scene.until(12_500), [0, 10_000, 12_000]);
  listed.push(OWN);
  assert.deepEqual(await scene.until(50_000), [0, 10_000, 12_000]);
});

Deno.test("announcer: start rejects facts that cannot be encoded", async () => {
  await using scene = new Scene({}, { facts: () => ({ ...FACTS, owner: "m\u00e9" }) });
  assert.throws(() => scene.announcer.start(), RangeError);
});

Deno.test("announcer: checks for other servers of the name before the first update, and again later", async () => {
  const other = { ...OWN, instance: "other" };
  const calls: [number, boolean, number][] = [];
  const scene: Scene = new Scene({ [A.hostname]: () => [OWN, other, { ...other, project: "x" }] }, {
    handleOthers: (records, isFirst) => {
      calls.push([scene.clock.now(), isFirst, records.length]);
      return Promise.resolve(true);
    },
  });
  await using _ = scene;
  assert.deepEqual(await scene.until(62_000), [0, 60_000]);
  assert.deepEqual(calls, [[0, true, 1], [1_000, false, 1], [61_000, false, 1]]);

  await using conflicting = new Scene({ [A.hostname]: () => [other] }, {
    handleOthers: () => Promise.resolve(false),
  });
  assert.deepEqual(await conflicting.until(62_000), []);

  await using silent = new Scene({ [A.hostname]: () => "silent" }, {
    handleOthers: () => Promise.resolve(true),
  });
  assert.deepEqual(
    await silent.until(1_500),
    [1_000],
    "a silent catalog delays the first update for at most 1 s",
  );

  await using half = new Scene({ [A.hostname]: () => "silent", [B.hostname]: () => [] }, {
    catalogs: [A, B],
    handleOthers: () => Promise.resolve(true),
  });
  assert.deepEqual(await half.until(900), [250, 250], "and for 250 ms if another one answers");
});

Deno.test("announcer: real sockets reach catalogs over IPv4 and IPv6, and are closed", async () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const catalog = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    const receiveLifetime = async () => {
      const receiving = catalog.receive();
      assert.ok(await settlesWithin(receiving, PATIENCE_MS));
      const [bytes] = await receiving;
      return JSON.parse(new TextDecoder().decode(bytes))["lifetime"];
    };
    const { send: _, ...options } = new UpdateRecorder().options;
    const { port } = catalog.addr as Deno.NetAddr;
    const announcer = new Announcer({
      ...options,
      catalogs: [{ hostname, port }],
      addresses: () => [],
      query: () => Promise.resolve([OWN]),
    });
    try {
      announcer.start();
      assert.equal(await receiveLifetime(), 300);
      await announcer.stop();
      assert.equal(await receiveLifetime(), 1);
    } finally {
      await announcer.stop();
      catalog.close();
    }
  }
});
