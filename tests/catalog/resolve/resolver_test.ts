/** Tests the order in which catalogs count, and the servers that a lookup returns. */
import assert from "assert";
import type { Address } from "../../../lib/base/address.ts";
import { unixSeconds } from "../../../lib/base/clock.ts";
import { type CatalogQuery, CatalogQueryError } from "../../../lib/catalog/resolve/query.ts";
import type { ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { notFoundMessage } from "../../../lib/catalog/resolve/lookup_result.ts";
import { Resolver } from "../../../lib/catalog/resolve/resolver.ts";
import { LISTED_CATALOGS_MS } from "../../../lib/base/limits.ts";
import { serverRecord } from "../records.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

const A: Address = { hostname: "a.test", port: 9_097 };
const B: Address = { hostname: "b.test", port: 9_097 };
const LOCAL_PORT = 9_097;

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

test("an answer of a listed catalog counts before one of the local catalog", async () => {
  const late = Promise.withResolvers<Reply>();
  const clock = new VirtualClock();
  const lookup = resolver({
    "a.test": late.promise,
    "b.test": [],
    "127.0.0.1": [serverRecord({ address: "127.0.0.1" })],
  }, clock).lookUp("me-a4-x");
  await clock.run(clock.at(LISTED_CATALOGS_MS / 2));
  late.resolve([serverRecord()]);
  assert.deepEqual(addresses((await lookup).servers), ["192.0.2.7"]);
});

test("the local catalog counts once all listed ones failed or do not list the name", async () => {
  const { servers, failed } = await resolver({
    "a.test": "nothing listens there",
    "b.test": [serverRecord({ project: "other" })],
    "127.0.0.1": [serverRecord({ address: "127.0.0.1" })],
  }).lookUp("me-a4-x");
  assert.deepEqual(addresses(servers), ["127.0.0.1"]);
  assert.deepEqual(failed, [{ catalog: A, reason: "nothing listens there" }]);
});

test("the local catalog counts once listed ones are silent for too long", async () => {
  const clock = new VirtualClock();
  const { servers } = await clock.run(
    resolver({ "a.test": "never", "b.test": "never", "127.0.0.1": [serverRecord()] }, clock)
      .lookUp("me-a4-x"),
  );
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
  late.resolve([serverRecord()]);
  assert.equal((await clock.run(search.next(60_000))).servers.length, 1);
});

test("answers are merged: newest first, each address and port once", async () => {
  const nowS = unixSeconds();
  const { servers } = await resolver({
    "a.test": [
      serverRecord({ address: "192.0.2.1", lastheardfrom: nowS - 60 }),
      serverRecord({ address: "192.0.2.2", lastheardfrom: nowS - 20 }),
    ],
    "b.test": [serverRecord({ address: "192.0.2.1", lastheardfrom: nowS - 5 })],
  }).listAll();
  assert.deepEqual(addresses(servers), ["192.0.2.1", "192.0.2.2"]);
  assert.equal(servers[0]?.lastheardfrom, nowS - 5);
});

test("stale records do not count", async () => {
  const stale = serverRecord({ lastheardfrom: unixSeconds() - 500 });
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
      return Promise.resolve([serverRecord({ lifetime: 300 + asked.length })]);
    },
  }).lookUp("me-a4-x");
  assert.equal(servers.length, 1);
  assert.deepEqual(asked.toSorted(), ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
});

test("a lookup without catalogs finds nothing", async () => {
  const { servers } = await new Resolver({ catalogs: [] }).lookUp("me-a4-x");
  assert.deepEqual(servers, []);
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
