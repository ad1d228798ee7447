/** Tests the rounds of a search for one server, in virtual time. */
import assert from "assert";
import { type CatalogQuery, CatalogQueryError } from "../../../lib/catalog/resolve/query.ts";
import type { ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { Search } from "../../../lib/catalog/resolve/search.ts";
import { serverRecord } from "../records.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

const PORT = 9_097;

function test(name: string, fn: () => Promise<void>): void {
  const fullName = name.startsWith("fault: ") ? name : `search: ${name}`;
  Deno.test({ name: fullName, permissions: "none", fn });
}

/** Catalogs by host name: the answer of each, or its failure, and the time until it arrives. */
type Scene = Readonly<
  Record<string, (nowMs: number) => readonly [afterMs: number, ServerRecord[] | string]>
>;

/** Runs a search in virtual time, with two listed catalogs and three addresses of the local one. */
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
  const at = (hostname: string) => ({ hostname, port: PORT });
  const listed = ["a.test", "b.test"].map(at);
  const local = ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map(at);
  await clock.run((async () => {
    await using search = new Search("me-a4-x", { listed, local, query, timing: clock });
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
      "127.0.0.1": (nowMs) =>
        nowMs < startMs ? [0, "nothing listens there"] : [5, [serverRecord()]],
    }, async (search, nowMs) => {
      await untilFound(search);
      const lateMs = nowMs() - startMs;
      assert.ok(lateMs <= 1_100, `${lateMs} ms after its start`);
    });
  });
}

test("fault: one silent catalog makes lookups slow: a server that restarts", async () => {
  await runSearch({
    "a.test": (nowMs) => [50, nowMs < 1_500 ? [] : [serverRecord()]],
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
    "b.test": () => [4_500, [serverRecord()]],
    "127.0.0.1": () => [5, []],
  }, async (search, nowMs) => {
    await untilFound(search);
    assert.ok(nowMs() >= 4_500 && nowMs() <= 5_000, `${nowMs()} ms`);
  });
});

test("fault: the owner of the local catalog is stopped: its next address answers", async () => {
  await runSearch({
    "a.test": () => [0, "its name cannot be looked up"],
    "b.test": () => [0, "its name cannot be looked up"],
    "127.0.0.1": SILENT,
    "127.0.0.2": () => [5, [serverRecord()]],
  }, async (search, nowMs) => {
    const { servers, answered } = await search.next(0);
    assert.equal(servers.length, 1);
    assert.ok(nowMs() < 10);
    assert.deepEqual(answered, [{ hostname: "127.0.0.1", port: PORT }]);
  });
});

test("fault: catalogs that disagree: candidates are those of all listed catalogs", async () => {
  const one = serverRecord({ address: "192.0.2.1" });
  const other = serverRecord({ address: "192.0.2.2" });
  for (const [a, b] of [[10, 200], [200, 10], [10, 10]] as const) {
    await runSearch({
      "a.test": () => [a, [one]],
      "b.test": () => [b, [other]],
      "127.0.0.1": () => [1, [serverRecord({ address: "127.0.0.1" })]],
    }, async (search, nowMs) => {
      const { servers } = await search.next(0);
      assert.deepEqual(servers.map(({ address }) => address).toSorted(), [
        "192.0.2.1",
        "192.0.2.2",
      ]);
      assert.ok(nowMs() <= 200);
      // If none of these is alive, a client tries all candidates.
      const { servers: more } = await search.next(250);
      assert.equal(more.length, 3);
    });
  }
  await runSearch({
    "a.test": () => [10, [one]],
    "b.test": SILENT,
    "127.0.0.1": SILENT,
  }, async (search, nowMs) => {
    const catalog = { hostname: "a.test", port: PORT };
    assert.deepEqual(await search.next(0), { servers: [one], answered: [catalog], failed: [] });
    assert.ok(nowMs() <= 260, "the wait is short");
  });
});

test("a canceled search returns the answers so far, in a round and in a pause", async () => {
  await runSearch({
    "a.test": SILENT,
    "b.test": SILENT,
    "127.0.0.1": () => [5, [serverRecord()]],
  }, async (search, nowMs) => {
    const canceled = new AbortController();
    const round = search.next(0, canceled.signal);
    await search.next(300, AbortSignal.abort());
    canceled.abort();
    await round;
    assert.ok(nowMs() < 300);
  });
});
