/** Tests what an announcer sends and when, in virtual time, and once with real sockets. */
import assert from "assert";
import { type Address, addressText, type ListenAddress } from "../../../lib/base/address.ts";
import { createLog } from "../../../lib/base/log.ts";
import { Announcer, type AnnouncerOptions } from "../../../lib/catalog/announce/announcer.ts";
import type { ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { settlesWithin } from "../../../lib/base/clock.ts";
import { PATIENCE_MS } from "../../../bench/harness/program.ts";
import { serverFacts, serverRecord } from "../records.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

const facts = serverFacts();

const OWN = serverRecord({
  address: "192.0.2.1",
  instance: facts.instance,
  lastheardfrom: Number.MAX_SAFE_INTEGER,
});

const A: Address = { hostname: "192.0.2.8", port: 9_097 };
const B: Address = { hostname: "192.0.2.9", port: 9_097 };

/** An update that was sent. */
interface Sent {
  readonly atMs: number;
  readonly to: string;
  readonly from: string;
  readonly record: Record<string, unknown>;
}

/** The listing of a catalog at a moment; a string is the reason why it has none. */
type ListingAt = (nowMs: number) => readonly ServerRecord[] | string | "silent";

/** An announcer in virtual time, its updates and its log. */
class Scene {
  readonly clock = new VirtualClock();
  readonly sent: Sent[] = [];
  readonly lines: string[] = [];
  readonly announcer: Announcer;

  constructor(
    listings: Readonly<Record<string, ListingAt>>,
    options: Partial<AnnouncerOptions> = {},
  ) {
    const timing = this.clock;
    this.announcer = new Announcer({
      catalogs: [A],
      intervalMs: 60_000,
      facts: () => facts,
      log: createLog({
        write: (line) => this.lines.push(line.slice(line.indexOf(" ") + 1).trimEnd()),
      }),
      addresses: () => [],
      timing,
      send: (text, to, from) => {
        const record = JSON.parse(text);
        this.sent.push({ atMs: this.clock.now(), to: addressText(to), from, record });
        return Promise.resolve();
      },
      query: async ({ hostname }, signal) => {
        const listing = listings[hostname]?.(this.clock.now()) ?? "nothing listens there";
        if (listing === "silent") await timing.sleep(1e9, signal);
        if (typeof listing === "string") throw new Error(listing);
        return [...listing];
      },
      ...options,
    });
  }

  /** Starts it at time 0, advances the time, and returns the moments of all updates. */
  async until(ms: number): Promise<number[]> {
    if (this.clock.now() === 0) this.announcer.start();
    await this.clock.run(this.clock.at(ms));
    return this.sent.map(({ atMs }) => atMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.announcer.stop();
  }
}

Deno.test("announcer: sends at start, then every interval, and a goodbye", async () => {
  let size = 0;
  await using scene = new Scene({ [A.hostname]: () => [OWN] }, {
    intervalMs: 20_000,
    facts: () => ({ ...facts, size: size++ }),
  });
  assert.deepEqual(await scene.until(50_000), [0, 20_000, 40_000]);
  const sizes = scene.sent.map(({ record }) => Number(record["size"]));
  assert.deepEqual(sizes, sizes.toSorted((a, b) => a - b));
  assert.equal(new Set(sizes).size, 3);
  await scene.announcer.stop();
  await scene.announcer.stop();
  assert.deepEqual(scene.sent.map(({ record }) => record["lifetime"]), [300, 300, 300, 1]);
});

Deno.test("fault: UDP without an error counts as delivery: all addresses of a catalog's name get updates", async () => {
  await using scene = new Scene({ "c.test": () => [OWN] }, {
    catalogs: [{ hostname: "c.test", port: 9_097 }],
    lookUpHost: () => Promise.resolve(["2001:db8::1", "192.0.2.8", "192.0.2.9"]),
  });
  await scene.until(500);
  const all = ["[2001:db8::1]:9097", "192.0.2.8:9097", "192.0.2.9:9097"];
  assert.deepEqual(scene.sent.map(({ to }) => to), all);
  await scene.announcer.stop();
  const goodbyes = scene.sent.slice(3);
  assert.deepEqual(
    goodbyes.map(({ to, record }) => [to, record["lifetime"]]),
    all.map((to) => [to, 1]),
  );
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

Deno.test("announcer: a catalog gets each update, even if others hang or fail", async () => {
  await using scene = new Scene({}, {
    catalogs: [
      { hostname: "hangs.test", port: 1 },
      A,
      { hostname: "no.test", port: 1 },
      B,
    ],
    lookUpHost: (name) =>
      name === "no.test" ? Promise.reject(new Error("no")) : new Promise(() => {}),
  });
  await scene.until(500);
  assert.deepEqual(scene.sent.map(({ to }) => to), ["192.0.2.8:9097", "192.0.2.9:9097"]);
});

Deno.test("announcer: neither the goodbye nor the start waits for a DNS lookup", async () => {
  const scene = new Scene({ "hangs.test": () => "silent" }, {
    catalogs: [{ hostname: "hangs.test", port: 1 }],
    lookUpHost: () => new Promise(() => {}),
  });
  await scene.until(1_500);
  await scene.announcer.stop();
  assert.deepEqual(scene.sent, []);
});

Deno.test("announcer: a failed DNS lookup keeps the last addresses; a hanging one times out", async () => {
  let lookups = 0;
  await using failing = new Scene({ "c.test": () => [OWN] }, {
    catalogs: [{ hostname: "c.test", port: 1 }],
    lookUpHost: () =>
      lookups++ === 0 ? Promise.resolve(["192.0.2.8"]) : Promise.reject(new Error("no")),
  });
  assert.deepEqual(await failing.until(70_000), [0, 60_000]);
  let hung = 0;
  await using hanging = new Scene({ "c.test": () => [OWN] }, {
    catalogs: [{ hostname: "c.test", port: 1 }],
    lookUpHost: () => hung++ === 0 ? new Promise(() => {}) : Promise.resolve(["192.0.2.8"]),
  });
  assert.deepEqual(await hanging.until(70_000), [60_000]);
});

Deno.test("announcer: start rejects facts that cannot be encoded", async () => {
  await using scene = new Scene({}, { facts: () => ({ ...facts, owner: "m\u00e9" }) });
  assert.throws(() => scene.announcer.start(), RangeError);
});

/** Options for a server that listens on an address. */
function listenOn(hostname: string, isV4: boolean, isV6: boolean): { listening: ListenAddress } {
  return { listening: { hostname, port: 4_321, isV4, isV6 } };
}

const UNREACHABLE: readonly [string, ReturnType<typeof listenOn>, Address, RegExp][] = [
  [
    "--host 127.0.0.1",
    listenOn("127.0.0.1", true, false),
    A,
    /no update could be sent: this server listens on 127\.0\.0\.1 only, which no other machine can reach/,
  ],
  [
    "a name that resolves to 127.0.1.1",
    listenOn("127.0.1.1", true, false),
    A,
    /listens on 127\.0\.1\.1 only/,
  ],
  [
    "0.0.0.0 in an IPv6 network",
    listenOn("0.0.0.0", true, false),
    { hostname: "2001:db8::8", port: 9_097 },
    /listens on IPv4 only, and that catalog has IPv6 only/,
  ],
  [
    "`::` with bindv6only=1",
    listenOn("::", false, true),
    A,
    /listens on IPv6 only, and that catalog has IPv4 only/,
  ],
];

for (const [title, listening, catalog, reason] of UNREACHABLE) {
  Deno.test(`fault: announced where it does not listen: ${title}`, async () => {
    const options = { catalogs: [catalog], ...listening };
    await using scene = new Scene({ [catalog.hostname]: () => [] }, options);
    assert.deepEqual(await scene.until(100_000), []);
    assert.equal(scene.lines.length, 1);
    assert.match(scene.lines[0] ?? "", reason);
    assert.match(scene.lines[0] ?? "", /^warn: /);
  });
}

Deno.test("announcer: an update comes from the listening address, unless another address is advertised", async () => {
  const local = { hostname: "127.0.0.2", port: 9_097 };
  const v6 = { hostname: "2001:db8::8", port: 9_097 };
  const sources = async (options: Partial<AnnouncerOptions>) => {
    await using scene = new Scene({}, { catalogs: [A, v6, local], ...options });
    await scene.until(500);
    return scene.sent.map(({ to, from }) => `${from} to ${to}`);
  };
  const advertised = () => ({ ...facts, advertise: { hostname: "h.test" } });
  assert.deepEqual(await sources(listenOn("10.0.0.5", true, false)), [
    "10.0.0.5 to 192.0.2.8:9097",
    "10.0.0.5 to 127.0.0.2:9097",
  ]);
  assert.deepEqual(await sources(listenOn("127.0.0.1", true, false)), [
    "127.0.0.1 to 127.0.0.2:9097",
  ]);
  assert.deepEqual(await sources(listenOn("::", true, true)), [
    "0.0.0.0 to 192.0.2.8:9097",
    ":: to [2001:db8::8]:9097",
    "0.0.0.0 to 127.0.0.2:9097",
  ]);
  assert.deepEqual(await sources(listenOn("2001:db8::5", false, true)), [
    "2001:db8::5 to [2001:db8::8]:9097",
    "0.0.0.0 to 127.0.0.2:9097",
  ]);
  assert.equal(
    (await sources({ facts: advertised, ...listenOn("127.0.0.1", true, false) })).length,
    3,
  );
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
    const { port } = catalog.addr as Deno.NetAddr;
    const received: Record<string, unknown>[] = [];
    const receiving = (async () => {
      while (received.length < 2) {
        const [bytes] = await catalog.receive();
        received.push(JSON.parse(new TextDecoder().decode(bytes)));
      }
    })().catch(() => {});
    const timing = new VirtualClock();
    const announcer = new Announcer({
      catalogs: [{ hostname, port }],
      intervalMs: 60_000,
      facts: () => facts,
      log: createLog({ write: () => {} }),
      addresses: () => [],
      timing,
      query: () => Promise.resolve([OWN]),
    });
    try {
      announcer.start();
      // The goodbye follows the update, which has no event.
      for (const endMs = Date.now() + PATIENCE_MS; received.length < 1 && Date.now() < endMs;) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await announcer.stop();
      assert.ok(await settlesWithin(receiving, PATIENCE_MS));
      assert.deepEqual(received.map((one) => one["lifetime"]), [300, 1]);
    } finally {
      await announcer.stop();
      catalog.close();
      await receiving;
    }
  }
});
