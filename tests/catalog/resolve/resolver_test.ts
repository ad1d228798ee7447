/** Tests in which order catalogs count, and which servers a lookup returns. */
import assert from "assert";
import type { Address } from "../../../lib/base/address.ts";
import { unixSeconds } from "../../../lib/base/clock.ts";
import { type CatalogQuery, CatalogQueryError } from "../../../lib/catalog/resolve/query.ts";
import type { ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { candidateAddresses } from "../../../lib/catalog/resolve/candidates.ts";
import { notFoundMessage } from "../../../lib/catalog/resolve/lookup_result.ts";
import { Resolver } from "../../../lib/catalog/resolve/resolver.ts";
import type { Search } from "../../../lib/catalog/resolve/search.ts";
import { LISTED_CATALOGS_MS, OTHER_CATALOGS_MS } from "../../../lib/base/limits.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

const A: Address = { hostname: "a.test", port: 9_097 };
const B: Address = { hostname: "b.test", port: 9_097 };
const LOCAL_PORT = 9_097;

function record(fields: Partial<ServerRecord> = {}): ServerRecord {
  return {
    project: "me-a4-x",
    owner: "me",
    address: "192.0.2.7",
    name: "host.test",
    port: 4_321,
    lastheardfrom: unixSeconds(),
    lifetime: 300,
    addresses: [],
    requiresToken: false,
    ...fields,
  };
}

type Reply = ServerRecord[] | string | "never";

/**
 * A resolver of catalogs by host name: their records, their failure, or `never` for a silent one.
 *
 * @param timing default: time stands still
 */
function resolver(
  replies: Record<string, Reply | Promise<Reply>>,
  timing: VirtualClock = new VirtualClock(),
): Resolver {
  const query: CatalogQuery = async ({ hostname }, signal) => {
    const reply = await replies[hostname] ?? "no such catalog";
    if (reply === "never") await timing.sleep(60_000, signal);
    if (typeof reply === "string") throw new CatalogQueryError(reply);
    return reply;
  };
  return new Resolver({ catalogs: [A, B], localPort: LOCAL_PORT, query, timing });
}

const addresses = (records: readonly ServerRecord[]) => records.map(({ address }) => address);

function test(name: string, fn: () => void | Promise<void>): void {
  const fullName = name.startsWith("fault: ") ? name : `resolver: ${name}`;
  Deno.test({ name: fullName, permissions: "none", fn });
}

test("an answer of a listed catalog does not wait for silent catalogs", async () => {
  const clock = new VirtualClock();
  const { servers, answered, failed } = await clock.run(
    resolver({ "a.test": [record()], "b.test": "never", "127.0.0.1": "never" }, clock)
      .lookUp("me-a4-x"),
  );
  assert.ok(clock.now() <= OTHER_CATALOGS_MS);
  assert.deepEqual(addresses(servers), ["192.0.2.7"]);
  assert.deepEqual(answered, [A]);
  assert.deepEqual(failed, []);
});

test("an answer of a listed catalog counts before one of the local catalog", async () => {
  const late = Promise.withResolvers<Reply>();
  const clock = new VirtualClock();
  const lookup = resolver({
    "a.test": late.promise,
    "b.test": [],
    "127.0.0.1": [record({ address: "127.0.0.1" })],
  }, clock).lookUp("me-a4-x");
  await clock.run(clock.at(LISTED_CATALOGS_MS / 2));
  late.resolve([record()]);
  assert.deepEqual(addresses((await lookup).servers), ["192.0.2.7"]);
});

test("the local catalog counts once all listed ones failed or do not list the name", async () => {
  const { servers, failed } = await resolver({
    "a.test": "nothing listens there",
    "b.test": [record({ project: "other" })],
    "127.0.0.1": [record({ address: "127.0.0.1" })],
  }).lookUp("me-a4-x");
  assert.deepEqual(addresses(servers), ["127.0.0.1"]);
  assert.deepEqual(failed, [{ catalog: A, reason: "nothing listens there" }]);
});

test("the local catalog counts once listed ones are silent for too long", async () => {
  const clock = new VirtualClock();
  const replies = {
    "a.test": "never",
    "b.test": "never",
    "127.0.0.1": [record()],
  } satisfies Record<
    string,
    Reply
  >;
  const { servers } = await clock.run(resolver(replies, clock).lookUp("me-a4-x"));
  assert.equal(servers.length, 1);
  assert.equal(clock.now(), LISTED_CATALOGS_MS);
});

test("a late answer of a listed catalog counts in a later round", async () => {
  const late = Promise.withResolvers<Reply>();
  const clock = new VirtualClock();
  await using search = resolver(
    { "a.test": late.promise, "b.test": "down", "127.0.0.1": [] },
    clock,
  ).search("me-a4-x");
  assert.deepEqual(await clock.run(search.next(0)), {
    servers: [],
    answered: [{ hostname: "127.0.0.1", port: LOCAL_PORT }],
    failed: [{ catalog: A, reason: "no answer so far" }, { catalog: B, reason: "down" }],
  });
  late.resolve([record()]);
  assert.equal((await clock.run(search.next(60_000))).servers.length, 1);
});

test("answers are merged: newest first, each address and port once", async () => {
  const nowS = unixSeconds();
  const { servers } = await resolver({
    "a.test": [
      record({ address: "192.0.2.1", lastheardfrom: nowS - 60 }),
      record({ address: "192.0.2.2", lastheardfrom: nowS - 20 }),
    ],
    "b.test": [record({ address: "192.0.2.1", lastheardfrom: nowS - 5 })],
  }).listAll();
  assert.deepEqual(addresses(servers), ["192.0.2.1", "192.0.2.2"]);
  assert.equal(servers[0]?.lastheardfrom, nowS - 5);
});

test("stale records do not count", async () => {
  const stale = record({ lastheardfrom: unixSeconds() - 500 });
  const { servers } = await resolver({ "a.test": [stale], "b.test": [], "127.0.0.1": [] })
    .lookUp("me-a4-x");
  assert.deepEqual(servers, []);
});

test("a canceled lookup ends at once", async () => {
  const canceled = new AbortController();
  const never = { "a.test": "never", "b.test": "never", "127.0.0.1": "never" } as const;
  const lookup = resolver(never).lookUp("me-a4-x", canceled.signal);
  const list = resolver(never).listAll(canceled.signal);
  canceled.abort();
  assert.deepEqual((await lookup).servers, []);
  assert.deepEqual((await list).servers, []);
  assert.deepEqual((await resolver(never).lookUp("me-a4-x", canceled.signal)).servers, []);
});

test("a local catalog that is also listed is queried once, and counts as listed", async () => {
  const asked: string[] = [];
  const listed = [{ hostname: "127.0.0.1", port: LOCAL_PORT }];
  const { servers } = await new Resolver({
    catalogs: listed,
    localPort: LOCAL_PORT,
    query: ({ hostname }) => {
      asked.push(hostname);
      return Promise.resolve([record({ lifetime: 300 + asked.length })]);
    },
  }).lookUp("me-a4-x");
  assert.equal(servers.length, 1);
  assert.deepEqual(asked.toSorted(), ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
});

test("a lookup without catalogs finds nothing", async () => {
  const { servers } = await new Resolver({ catalogs: [] }).lookUp("me-a4-x");
  assert.deepEqual(servers, []);
});

test("candidates: the advertised address, else the one that the catalog saw, then its own ones", () => {
  const hosts = (fields: Partial<ServerRecord>) =>
    candidateAddresses(record(fields)).map(({ hostname }) => hostname);
  assert.deepEqual(hosts({ addresses: ["10.0.0.1"] }), ["192.0.2.7", "10.0.0.1"]);
  assert.deepEqual(
    hosts({ advertise: "h.test", addresses: ["10.0.0.1"] }),
    ["h.test", "10.0.0.1", "192.0.2.7"],
  );
  assert.deepEqual(hosts({ addresses: ["192.0.2.7"] }), ["192.0.2.7"]);
});

test("fault: many addresses: the one that the catalog saw stays the last candidate", () => {
  const eight = Array.from({ length: 8 }, (_, at) => `10.0.0.${at}`);
  const hosts = candidateAddresses(record({ advertise: "h.test", addresses: eight }));
  assert.deepEqual(hosts.map(({ hostname }) => hostname), ["h.test", ...eight, "192.0.2.7"]);
});

test("fault: `--advertise HOST:PORT` with port forwarding: own addresses with the listening port", () => {
  const fields = { advertise: "h.test", port: 80, listenPort: 4_321, addresses: ["10.0.0.1"] };
  assert.deepEqual(candidateAddresses(record(fields)), [
    { hostname: "h.test", port: 80 },
    { hostname: "10.0.0.1", port: 4_321 },
    { hostname: "192.0.2.7", port: 4_321 },
  ]);
});

/** Catalogs by host name: the answer of each, and the time until it comes. */
type Scene = Readonly<Record<string, (nowMs: number) => readonly [afterMs: number, Reply]>>;

/** Runs a search in virtual time. */
async function runSearch(
  scene: Scene,
  rounds: (search: Search, nowMs: () => number) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const query: CatalogQuery = async ({ hostname }, signal) => {
    const [afterMs, reply] = scene[hostname]?.(clock.now()) ?? [0, "nothing listens there"];
    await clock.sleep(afterMs, signal);
    if (typeof reply === "string") throw new CatalogQueryError(reply);
    return reply;
  };
  const resolver = new Resolver({ catalogs: [A, B], localPort: LOCAL_PORT, query, timing: clock });
  await clock.run((async () => {
    await using search = resolver.search("me-a4-x");
    await rounds(search, () => clock.now());
  })());
}

/** Runs rounds as a client does, until one returns a server; at most 20. */
async function untilFound(search: Search): Promise<readonly ServerRecord[]> {
  for (let round = 0; round < 20; round++) {
    const { servers } = await search.next(round === 0 ? 0 : Math.min(4_000, 250 * 2 ** round));
    if (servers.length > 0) return servers;
  }
  return assert.fail("no server in 20 rounds");
}

const SILENT = () => [5_000, "no answer within 5 s"] as const;

for (const startMs of [1_000, 4_900, 6_000, 33_000]) {
  test(`fault: one silent catalog makes lookups slow: closed network, dead DNS, server after ${startMs} ms`, async () => {
    await runSearch({
      "a.test": SILENT,
      "b.test": SILENT,
      "127.0.0.1": (nowMs) => nowMs < startMs ? [0, "nothing listens there"] : [5, [record()]],
    }, async (search, nowMs) => {
      await untilFound(search);
      const lateMs = nowMs() - startMs;
      assert.ok(lateMs <= 1_100, `${lateMs} ms after its start`);
    });
  });
}

test("fault: one silent catalog makes lookups slow: a server that restarts", async () => {
  await runSearch({
    "a.test": (nowMs) => [50, nowMs < 1_500 ? [] : [record()]],
    "b.test": SILENT,
    "127.0.0.1": () => [0, "nothing listens there"],
  }, async (search, nowMs) => {
    await untilFound(search);
    assert.ok(nowMs() <= 3_000, `${nowMs()} ms`);
  });
});

test("fault: one silent catalog makes lookups slow: its late answer still counts", async () => {
  await runSearch({
    "a.test": () => [50, []],
    "b.test": () => [4_500, [record()]],
    "127.0.0.1": () => [5, []],
  }, async (search, nowMs) => {
    await untilFound(search);
    assert.ok(nowMs() >= 4_500 && nowMs() <= 5_000, `${nowMs()} ms`);
  });
});

test("fault: the process of the local catalog is stopped: its next address answers", async () => {
  await runSearch({
    "a.test": () => [0, "its name cannot be looked up"],
    "b.test": () => [0, "its name cannot be looked up"],
    "127.0.0.1": SILENT,
    "127.0.0.2": () => [5, [record()]],
  }, async (search, nowMs) => {
    const { servers, answered } = await search.next(0);
    assert.equal(servers.length, 1);
    assert.ok(nowMs() < 10);
    assert.deepEqual(answered, [{ hostname: "127.0.0.1", port: LOCAL_PORT }]);
  });
});

test("fault: catalogs that disagree: candidates are those of all listed catalogs", async () => {
  const one = record({ address: "192.0.2.1" });
  const other = record({ address: "192.0.2.2" });
  for (const [a, b] of [[10, 200], [200, 10], [10, 10]] as const) {
    await runSearch({
      "a.test": () => [a, [one]],
      "b.test": () => [b, [other]],
      "127.0.0.1": () => [1, [record({ address: "127.0.0.1" })]],
    }, async (search, nowMs) => {
      const { servers } = await search.next(0);
      assert.deepEqual(addresses(servers).toSorted(), ["192.0.2.1", "192.0.2.2"]);
      assert.ok(nowMs() <= 200);
      // If none of these is alive, a client tries all candidates.
      const { servers: more } = await search.next(250);
      assert.equal(more.length, 3);
    });
  }
  await runSearch({
    "a.test": () => [10, [one]],
    "b.test": SILENT,
  }, async (search, nowMs) => {
    assert.equal((await search.next(0)).servers.length, 1);
    assert.ok(nowMs() <= 260, "the wait is short");
  });
});

test("a canceled search returns the answers so far, in a round and in a pause", async () => {
  await runSearch({
    "a.test": SILENT,
    "b.test": SILENT,
    "127.0.0.1": () => [5, [record()]],
  }, async (search, nowMs) => {
    const canceled = new AbortController();
    const round = search.next(0, canceled.signal);
    await search.next(300, AbortSignal.abort());
    canceled.abort();
    await round;
    assert.ok(nowMs() < 300);
  });
});

test("the message for a missing name lists the catalogs that answered and those that failed", () => {
  const failed = [{ catalog: B, reason: "nothing listens there" }];
  assert.equal(
    notFoundMessage("x", { servers: [], answered: [A], failed }),
    "No server named 'x' in the catalog a.test:9097 (unreachable: b.test:9097: nothing listens there)",
  );
  assert.match(
    notFoundMessage("x", { servers: [], answered: [], failed }),
    /no catalog is in reach/,
  );
});

test("many false records of one catalog or one sender do not push out other servers", async () => {
  const honest = record({ address: "192.0.2.1", lastheardfrom: unixSeconds() - 200 });
  const fakes = (from: (at: number) => string) =>
    Array.from({ length: 10_000 }, (_, at) => record({ address: from(at), port: 1 + at }));
  const anyAddress = fakes((at) => `198.51.${at >> 8}.${at & 255}`);
  const oneAddress = fakes(() => "198.51.100.1");
  const position = async (replies: Record<string, ServerRecord[]>) =>
    addresses((await resolver(replies).listAll()).servers).indexOf("192.0.2.1");
  assert.ok(await position({ "a.test": anyAddress, "b.test": [honest], "127.0.0.1": [] }) <= 1);
  assert.ok(
    await position({ "a.test": [...oneAddress, honest], "b.test": [], "127.0.0.1": [] }) <= 1,
  );
});

test("a false record of one catalog does not replace the true record of another", async () => {
  const lies = [
    record({ advertise: "evil.test" }),
    record({ addresses: ["198.51.100.1"] }),
    record({ project: "other" }),
    record({ tls: true }),
  ];
  const honest = record({ lastheardfrom: unixSeconds() - 100 });
  const { servers } = await resolver({ "a.test": lies, "b.test": [honest], "127.0.0.1": [] })
    .listAll();
  assert.equal(servers.length, 5);
  assert.ok(servers.includes(honest));
});
