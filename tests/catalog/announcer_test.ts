import assert from "assert";
import { addressText } from "../../lib/base/address.ts";
import { sleep } from "../../lib/base/clock.ts";
import { createLog } from "../../lib/base/log.ts";
import type { ServerFacts } from "../../lib/catalog/announcement.ts";
import { Announcer, type AnnouncerOptions } from "../../lib/catalog/announcer.ts";
import type { ServerRecord } from "../../lib/catalog/listing.ts";

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

/** A catalog's UDP side. */
class Receiver implements Disposable {
  readonly #socket: Deno.DatagramConn;
  readonly address: { hostname: string; port: number };

  constructor(hostname = "127.0.0.1") {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.address = { hostname, port: (this.#socket.addr as Deno.NetAddr).port };
  }

  async next(): Promise<Record<string, unknown>> {
    const [bytes] = await this.#socket.receive();
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** An announcer, and the lines that it logs; `logged` waits for one. */
function announcer(options: Partial<AnnouncerOptions>): {
  announcer: Announcer;
  lines: string[];
  logged(pattern: RegExp): Promise<void>;
} {
  const lines: string[] = [];
  let line = Promise.withResolvers<void>();
  const log = createLog({
    write: (text) => {
      lines.push(text.slice(text.indexOf(" ") + 1).trimEnd());
      line.resolve();
      line = Promise.withResolvers();
    },
  });
  return {
    announcer: new Announcer({
      catalogs: [],
      intervalMs: 60_000,
      facts: () => facts,
      log,
      addresses: () => [],
      readBackAfterMs: "never",
      ...options,
    }),
    lines,
    async logged(pattern) {
      while (!lines.some((text) => pattern.test(text))) await line.promise;
    },
  };
}

const visible: ServerRecord = {
  project: facts.project,
  owner: facts.owner,
  address: "127.0.0.1",
  name: "localhost",
  port: facts.port,
  instance: facts.instance,
  lastheardfrom: 0,
  lifetime: 300,
  addresses: [],
  requiresToken: false,
};

Deno.test("announcer: sends at start, then every interval, and a goodbye", async () => {
  using catalog = new Receiver();
  let size = 0;
  const { announcer: one } = announcer({
    catalogs: [catalog.address],
    intervalMs: 20,
    facts: () => ({ ...facts, size: size++ }),
  });
  one.start();
  const first = await catalog.next();
  const second = await catalog.next();
  assert.equal(first["project"], "me-a4-x");
  assert.ok(Number(second["size"]) > Number(first["size"]));
  await one.stop();
  let last = await catalog.next();
  while (last["lifetime"] !== 1) last = await catalog.next();
});

Deno.test("announcer: every catalog of the list gets each update, whatever the others do", async () => {
  using a = new Receiver();
  using b = new Receiver();
  const { announcer: one } = announcer({
    catalogs: [
      { hostname: "hangs.test", port: 1 },
      a.address,
      { hostname: "no.test", port: 1 },
      b.address,
    ],
    lookUp: (name) => name === "no.test" ? Promise.reject(new Error("no")) : new Promise(() => {}),
  });
  one.start();
  assert.equal((await a.next())["port"], 4_321);
  assert.equal((await b.next())["port"], 4_321);
  one.announce();
  assert.equal((await a.next())["lifetime"], 300);
  await one.stop();
  assert.equal((await a.next())["lifetime"], 1);
});

Deno.test("announcer: the goodbye does not wait for a look-up, and start waits for nothing", async () => {
  const { announcer: one } = announcer({
    catalogs: [{ hostname: "hangs.test", port: 1 }],
    lookUp: () => new Promise(() => {}),
    readBackAfterMs: 0,
    query: async (_, signal) => {
      await sleep(60_000, signal);
      throw new Error("called off");
    },
  });
  one.start();
  await sleep(5);
  const start = performance.now();
  await one.stop();
  await one.stop();
  assert.ok(performance.now() - start < 450);
});

Deno.test("announcer: a catalog with names is reached by IPv4 first, and by IPv6", async () => {
  using v4 = new Receiver();
  const { announcer: one } = announcer({
    catalogs: [{ hostname: "c.test", port: v4.address.port }],
    lookUp: () => Promise.resolve(["::1", "127.0.0.1"]),
  });
  one.start();
  assert.equal((await v4.next())["type"], "hashtable");
  await one.stop();

  using v6 = new Receiver("::1");
  const { announcer: other } = announcer({ catalogs: [v6.address] });
  other.start();
  assert.equal((await v6.next())["type"], "hashtable");
  await other.stop();
});

Deno.test("announcer: where a look-up fails later, the last address is used", async () => {
  using catalog = new Receiver();
  let lookUps = 0;
  const { announcer: one } = announcer({
    catalogs: [{ hostname: "c.test", port: catalog.address.port }],
    intervalMs: 10,
    lookUp: () =>
      lookUps++ === 0 ? Promise.resolve(["127.0.0.1"]) : Promise.reject(new Error("no")),
  });
  one.start();
  await catalog.next();
  await catalog.next();
  await one.stop();
});

Deno.test("announcer: a look-up that hangs is given up, and tried again with the next update", async () => {
  using catalog = new Receiver();
  let lookUps = 0;
  const { announcer: one } = announcer({
    catalogs: [{ hostname: "c.test", port: catalog.address.port }],
    intervalMs: 10,
    nameLookUpMs: 5,
    lookUp: () => lookUps++ === 0 ? new Promise(() => {}) : Promise.resolve(["127.0.0.1"]),
  });
  one.start();
  await catalog.next();
  await one.stop();
});

Deno.test("announcer: facts that cannot be announced are refused at start", async () => {
  const { announcer: one } = announcer({ facts: () => ({ ...facts, owner: "m\u00e9" }) });
  assert.throws(() => one.start(), RangeError);
  await one.stop();
});

Deno.test("announcer: tells once what the catalogs show: listed, missing, out of reach", async () => {
  using a = new Receiver();
  using b = new Receiver();
  using c = new Receiver();
  const { announcer: one, lines, logged } = announcer({
    catalogs: [a.address, b.address, c.address],
    readBackAfterMs: 0,
    hasLocalCatalog: true,
    query: ({ port }) => {
      if (port === a.address.port) return Promise.resolve([visible]);
      if (port === b.address.port) return Promise.resolve([{ ...visible, instance: "other" }]);
      return Promise.reject(new Error("nobody listens there"));
    },
  });
  one.start();
  await logged(/out of reach/);
  await one.stop();
  assert.deepEqual(lines, [
    `info: Listed in the catalog ${addressText(a.address)}`,
    `warn: Not visible in the catalog ${
      addressText(b.address)
    }, because the update by UDP was lost or blocked: let UDP to port ${b.address.port} through, or name another catalog`,
    `warn: Catalog ${
      addressText(c.address)
    } is out of reach: nobody listens there; updates go on every 60 s`,
  ]);
});

Deno.test("announcer: with no catalog in reach it says one calm line", async () => {
  const { announcer: one, lines, logged } = announcer({
    catalogs: [{ hostname: "a.test", port: 1 }, { hostname: "b.test", port: 2 }],
    lookUp: () => Promise.reject(new Error("no")),
    readBackAfterMs: 5,
    hasLocalCatalog: true,
    query: () => Promise.reject(new Error("its name cannot be looked up")),
  });
  one.start();
  await logged(/No catalog/);
  await one.stop();
  assert.deepEqual(lines, [
    "info: No catalog is in reach (a.test:1: its name cannot be looked up; b.test:2: its name cannot be looked up); clients on this machine find this server all the same, and updates go on every 60 s",
  ]);
});

Deno.test("announcer: later failures are told once, and when it works again", async () => {
  using catalog = new Receiver();
  let works = true;
  const { announcer: one, lines, logged } = announcer({
    catalogs: [{ hostname: "c.test", port: catalog.address.port }],
    intervalMs: 5,
    readBackAfterMs: 0,
    // With no address known from before: each new name has to be looked up anew.
    lookUp: () => Promise.resolve(works ? ["127.0.0.1"] : ["not an address"]),
    query: () => Promise.resolve([visible]),
  });
  one.start();
  await logged(/Listed/);
  works = false;
  await logged(/Cannot send/);
  await sleep(30);
  works = true;
  await logged(/can be sent again/);
  await one.stop();
  assert.equal(lines.filter((line) => line.startsWith("warn: Cannot send updates")).length, 1);
});
