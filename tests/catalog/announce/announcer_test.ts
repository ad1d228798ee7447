/** Proves what an announcer sends and when, in virtual time; and once with real sockets. */
import assert from "assert";
import { type Address, addressText, type ListenAddress } from "../../../lib/base/address.ts";
import { createLog } from "../../../lib/base/log.ts";
import { Announcer, type AnnouncerOptions } from "../../../lib/catalog/announce/announcer.ts";
import type { ServerFacts, ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { settlesWithin } from "../../../lib/base/clock.ts";
import { PATIENCE_MS } from "../../../bench/harness/program.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

const facts: ServerFacts = {
  project: "me-a4-x",
  owner: "me",
  port: 4_321,
  version: "0.1.0",
  instance: "1f0c",
  lifetimeS: 300,
  startTimeS: 1_700_000_000,
  clients: 0,
  size: 0,
  durability: "always",
  requiresToken: false,
  protocol: 1,
};

const OWN: ServerRecord = {
  project: facts.project,
  owner: facts.owner,
  address: "192.0.2.1",
  name: "host.test",
  port: facts.port,
  instance: facts.instance,
  lastheardfrom: Number.MAX_SAFE_INTEGER,
  lifetime: 300,
  addresses: [],
  requiresToken: false,
};

const A: Address = { hostname: "192.0.2.8", port: 9_097 };
const B: Address = { hostname: "192.0.2.9", port: 9_097 };

/** An update that was sent. */
interface Sent {
  readonly atMs: number;
  readonly to: string;
  readonly from: string;
  readonly record: Record<string, unknown>;
}

/** A catalog: what it shows at a moment; a string is why it cannot be asked. */
type Shown = (nowMs: number) => readonly ServerRecord[] | string | "silent";

/** An announcer in virtual time, its updates and its log. */
class Stage {
  readonly clock = new VirtualClock();
  readonly sent: Sent[] = [];
  readonly lines: string[] = [];
  readonly announcer: Announcer;

  constructor(shown: Readonly<Record<string, Shown>>, options: Partial<AnnouncerOptions> = {}) {
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
        const shows = shown[hostname]?.(this.clock.now()) ?? "nothing listens there";
        if (shows === "silent") await timing.sleep(1e9, signal);
        if (typeof shows === "string") throw new Error(shows);
        return [...shows];
      },
      ...options,
    });
  }

  /** Starts it, lets time pass until then, and gives the moments at which updates went out. */
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
  await using stage = new Stage({ [A.hostname]: () => [OWN] }, {
    intervalMs: 20_000,
    facts: () => ({ ...facts, size: size++ }),
  });
  assert.deepEqual(await stage.until(50_000), [0, 20_000, 40_000]);
  const sizes = stage.sent.map(({ record }) => Number(record["size"]));
  assert.deepEqual(sizes, sizes.toSorted((a, b) => a - b));
  assert.equal(new Set(sizes).size, 3);
  await stage.announcer.stop();
  await stage.announcer.stop();
  assert.deepEqual(stage.sent.map(({ record }) => record["lifetime"]), [300, 300, 300, 1]);
});

Deno.test("fault: UDP without an error is taken for delivery: all addresses of a catalog's name get updates", async () => {
  await using stage = new Stage({ "c.test": () => [OWN] }, {
    catalogs: [{ hostname: "c.test", port: 9_097 }],
    lookUpHost: () => Promise.resolve(["2001:db8::1", "192.0.2.8", "192.0.2.9"]),
  });
  await stage.until(500);
  const all = ["[2001:db8::1]:9097", "192.0.2.8:9097", "192.0.2.9:9097"];
  assert.deepEqual(stage.sent.map(({ to }) => to), all);
  await stage.announcer.stop();
  const goodbyes = stage.sent.slice(3);
  assert.deepEqual(
    goodbyes.map(({ to, record }) => [to, record["lifetime"]]),
    all.map((to) => [to, 1]),
  );
});

Deno.test("fault: one lost update hides a server for a whole interval: it is sent after 2, 5 and 15 s until it is read back", async () => {
  await using stage = new Stage({ [A.hostname]: (ms) => ms > 5_100 ? [OWN] : [] });
  assert.deepEqual(await stage.until(50_000), [0, 2_000, 5_000]);
  assert.deepEqual(stage.lines, [
    "warn: Not visible in the catalog 192.0.2.8:9097, because the update by UDP was lost or blocked; it is sent again: if that does not help, let UDP to port 9097 through, or name another catalog",
    "info: Listed in the catalog 192.0.2.8:9097",
  ]);
  await using never = new Stage({ [A.hostname]: () => [] });
  assert.deepEqual((await never.until(59_000)).slice(0, 4), [0, 2_000, 5_000, 15_000]);
  assert.equal(never.lines.length, 1);
});

Deno.test("fault: one lost update hides a server for a whole interval: a catalog that restarts empty", async () => {
  const isEmpty = (ms: number) => ms > 70_000 && ms < 122_000;
  await using stage = new Stage({ [A.hostname]: (ms) => isEmpty(ms) ? [] : [OWN] });
  // Regular updates at 0, 60 and 120 s; the read back that notices comes at 121 s.
  assert.deepEqual(await stage.until(130_000), [0, 60_000, 120_000, 121_000]);
  await stage.until(400_000);
  assert.deepEqual(stage.lines.map((line) => line.slice(0, 50)), [
    "info: Listed in the catalog 192.0.2.8:9097",
    "warn: Not visible in the catalog 192.0.2.8:9097, b",
    "info: Listed in the catalog 192.0.2.8:9097 again",
  ]);
});

Deno.test("announcer: a catalog that is silent is out of reach once it had its time, and logged once", async () => {
  await using stage = new Stage({
    [A.hostname]: () => [OWN],
    [B.hostname]: (ms) => ms < 100_000 ? "silent" : [OWN],
  }, { catalogs: [A, B] });
  await stage.until(4_000);
  assert.deepEqual(stage.lines, ["info: Listed in the catalog 192.0.2.8:9097"]);
  await stage.until(300_000);
  assert.deepEqual(stage.lines.slice(1), [
    "warn: Catalog 192.0.2.9:9097 is out of reach: it does not answer; updates go on every 60 s",
    "info: Listed in the catalog 192.0.2.9:9097",
  ]);
});

Deno.test("fault: small: no catalog in reach is one warning, and not repeated", async () => {
  await using stage = new Stage({}, {
    catalogs: [{ hostname: "a.test", port: 1 }, { hostname: "b.test", port: 2 }],
    lookUpHost: () => Promise.reject(new Error("no")),
    hasLocalCatalog: true,
    query: () => Promise.reject(new Error("its name cannot be looked up")),
  });
  assert.deepEqual(await stage.until(500_000), []);
  assert.deepEqual(stage.lines, [
    "warn: No catalog is in reach (a.test:1: its name cannot be looked up; b.test:2: its name cannot be looked up); clients on this machine find this server all the same, and updates go on every 60 s",
  ]);
});

Deno.test("announcer: a change is announced at once, and read back", async () => {
  const listed: ServerRecord[] = [];
  await using stage = new Stage({ [A.hostname]: () => listed });
  listed.push(OWN);
  await stage.until(10_000);
  listed.pop();
  stage.announcer.announce();
  assert.deepEqual(await stage.until(12_500), [0, 10_000, 12_000]);
  listed.push(OWN);
  assert.deepEqual(await stage.until(50_000), [0, 10_000, 12_000]);
});

Deno.test("announcer: every catalog of the list gets each update, whatever the others do", async () => {
  await using stage = new Stage({}, {
    catalogs: [
      { hostname: "hangs.test", port: 1 },
      A,
      { hostname: "no.test", port: 1 },
      B,
    ],
    lookUpHost: (name) =>
      name === "no.test" ? Promise.reject(new Error("no")) : new Promise(() => {}),
  });
  await stage.until(500);
  assert.deepEqual(stage.sent.map(({ to }) => to), ["192.0.2.8:9097", "192.0.2.9:9097"]);
});

Deno.test("announcer: the goodbye does not wait for a look-up, and start waits for nothing", async () => {
  const stage = new Stage({ "hangs.test": () => "silent" }, {
    catalogs: [{ hostname: "hangs.test", port: 1 }],
    lookUpHost: () => new Promise(() => {}),
  });
  await stage.until(1_500);
  await stage.announcer.stop();
  assert.deepEqual(stage.sent, []);
});

Deno.test("announcer: a look-up that fails leaves the last addresses; one that hangs is given up", async () => {
  let lookUps = 0;
  await using failing = new Stage({ "c.test": () => [OWN] }, {
    catalogs: [{ hostname: "c.test", port: 1 }],
    lookUpHost: () =>
      lookUps++ === 0 ? Promise.resolve(["192.0.2.8"]) : Promise.reject(new Error("no")),
  });
  assert.deepEqual(await failing.until(70_000), [0, 60_000]);
  let hung = 0;
  await using hanging = new Stage({ "c.test": () => [OWN] }, {
    catalogs: [{ hostname: "c.test", port: 1 }],
    lookUpHost: () => hung++ === 0 ? new Promise(() => {}) : Promise.resolve(["192.0.2.8"]),
  });
  assert.deepEqual(await hanging.until(70_000), [60_000]);
});

Deno.test("announcer: facts that cannot be announced are refused at start", async () => {
  await using stage = new Stage({}, { facts: () => ({ ...facts, owner: "m\u00e9" }) });
  assert.throws(() => stage.announcer.start(), RangeError);
});

/** Listens at these. */
function at(hostname: string, isV4: boolean, isV6: boolean): { listening: ListenAddress } {
  return { listening: { hostname, port: 4_321, isV4, isV6 } };
}

const NOWHERE: readonly [string, ReturnType<typeof at>, Address, RegExp][] = [
  [
    "--host 127.0.0.1",
    at("127.0.0.1", true, false),
    A,
    /no update could be sent: this server listens on 127\.0\.0\.1 only, which no other machine can reach/,
  ],
  [
    "a name that resolves to 127.0.1.1",
    at("127.0.1.1", true, false),
    A,
    /listens on 127\.0\.1\.1 only/,
  ],
  [
    "0.0.0.0 in an IPv6 network",
    at("0.0.0.0", true, false),
    { hostname: "2001:db8::8", port: 9_097 },
    /listens on IPv4 only, and that catalog has IPv6 only/,
  ],
  [
    "`::` with bindv6only=1",
    at("::", false, true),
    A,
    /listens on IPv6 only, and that catalog has IPv4 only/,
  ],
];

for (const [what, listening, catalog, reason] of NOWHERE) {
  Deno.test(`fault: announced where it does not listen: ${what}`, async () => {
    const options = { catalogs: [catalog], ...listening };
    await using stage = new Stage({ [catalog.hostname]: () => [] }, options);
    assert.deepEqual(await stage.until(100_000), []);
    assert.equal(stage.lines.length, 1);
    assert.match(stage.lines[0] ?? "", reason);
    assert.match(stage.lines[0] ?? "", /^warn: /);
  });
}

Deno.test("announcer: an update comes from where the server listens, unless clients are told another address", async () => {
  const local = { hostname: "127.0.0.2", port: 9_097 };
  const v6 = { hostname: "2001:db8::8", port: 9_097 };
  const sources = async (options: Partial<AnnouncerOptions>) => {
    await using stage = new Stage({}, { catalogs: [A, v6, local], ...options });
    await stage.until(500);
    return stage.sent.map(({ to, from }) => `${from} to ${to}`);
  };
  const advertised = () => ({ ...facts, advertise: { hostname: "h.test" } });
  assert.deepEqual(await sources(at("10.0.0.5", true, false)), [
    "10.0.0.5 to 192.0.2.8:9097",
    "10.0.0.5 to 127.0.0.2:9097",
  ]);
  assert.deepEqual(await sources(at("127.0.0.1", true, false)), ["127.0.0.1 to 127.0.0.2:9097"]);
  assert.deepEqual(await sources(at("::", true, true)), [
    "0.0.0.0 to 192.0.2.8:9097",
    ":: to [2001:db8::8]:9097",
    "0.0.0.0 to 127.0.0.2:9097",
  ]);
  assert.deepEqual(await sources(at("2001:db8::5", false, true)), [
    "2001:db8::5 to [2001:db8::8]:9097",
    "0.0.0.0 to 127.0.0.2:9097",
  ]);
  assert.equal((await sources({ facts: advertised, ...at("127.0.0.1", true, false) })).length, 3);
});

Deno.test("announcer: others of the name are looked for before the first update, and again later", async () => {
  const other = { ...OWN, instance: "other" };
  const calls: [number, boolean, number][] = [];
  const stage: Stage = new Stage({ [A.hostname]: () => [OWN, other, { ...other, project: "x" }] }, {
    others: (records, isFirst) => {
      calls.push([stage.clock.now(), isFirst, records.length]);
      return Promise.resolve(true);
    },
  });
  await using _ = stage;
  assert.deepEqual(await stage.until(62_000), [0, 60_000]);
  assert.deepEqual(calls, [[0, true, 1], [1_000, false, 1], [61_000, false, 1]]);

  await using vetoed = new Stage({ [A.hostname]: () => [other] }, {
    others: () => Promise.resolve(false),
  });
  assert.deepEqual(await vetoed.until(62_000), []);

  await using silent = new Stage({ [A.hostname]: () => "silent" }, {
    others: () => Promise.resolve(true),
  });
  assert.deepEqual(await silent.until(1_500), [1_000], "a silent catalog delays nothing for long");

  await using half = new Stage({ [A.hostname]: () => "silent", [B.hostname]: () => [] }, {
    catalogs: [A, B],
    others: () => Promise.resolve(true),
  });
  assert.deepEqual(await half.until(900), [250, 250], "nor does it when another one answers");
});

Deno.test("announcer: real sockets reach catalogs by IPv4 and IPv6, and are closed", async () => {
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
      // The update leaves in its own time; then the goodbye follows it.
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
