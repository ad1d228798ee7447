import assert from "assert";
import { type Random, randomFrom } from "../../lib/base/random.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import { equalsAtom } from "../../lib/json/atom.ts";
import type { SearchPosition } from "../../lib/commands/cursors.ts";
import { PairWriter } from "../../lib/commands/pair_writer.ts";
import type { Search } from "../../lib/commands/search_request.ts";
import { keyOf, keyTextOf } from "../../lib/protocol/key_text.ts";
import { compileKeyRegex } from "../../lib/commands/key_regex.ts";
import { BUCKETS } from "../../lib/store/bucket_keys.ts";
import { SearchWalk } from "../../lib/remote/search_walk.ts";
import { neverYields } from "../engine/command_context.ts";
import { insert, query, remove, scan, SIZE, type TextRequest } from "../engine/requests.ts";
import { isLong } from "../helpers/long.ts";
import { testsOf } from "../helpers/pure.ts";
import { textOfChunks, utf8 } from "../helpers/streams.ts";
import { binaryOf, FakeStore } from "./fake_store.ts";
import { engineOver, KEYS, ListSource } from "./remote_clients.ts";

const test = testsOf("remote search");

const ROUNDS = isLong ? 60 : 2;

type Pairs = [string, unknown][];

/** A reply to any request: the members that these tests read. */
interface Reply {
  readonly status: string;
  readonly type: string;
  readonly message: string;
  readonly cursor?: string;
  readonly result: Pairs;
}

/** A connection that sends one request after the other. */
class Caller {
  readonly #engine: Engine;
  readonly #source: ListSource;
  readonly #requests: TextRequest[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#source = new ListSource(this.#requests, { hasIds: false, maxOutBytes: 1e9 });
  }

  async call(request: TextRequest): Promise<Reply> {
    this.#requests.push(request);
    const lines = await this.#source.run(this.#engine);
    return JSON.parse(lines.at(-1) ?? "");
  }

  /** All pairs, in parts of random sizes. */
  async inParts(
    search: (limit: number, cursor: string | undefined) => TextRequest,
    random: Random,
    maxLimit: number,
  ): Promise<Pairs> {
    const pairs: Pairs = [];
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined;) {
      isFirst = false;
      const limit = 1 + random.below(maxLimit);
      const reply = await this.call(search(limit, cursor));
      assert.equal(reply.status, "OK", reply.message);
      assert.ok(reply.result.length <= limit);
      pairs.push(...reply.result);
      cursor = reply.cursor;
    }
    return pairs;
  }
}

const sorted = (pairs: Pairs): Pairs => pairs.sort(([one], [other]) => one < other ? -1 : 1);

/** Fills a table with keys `a0`, `b1`, `a2` and so on. */
async function filled(
  store: FakeStore,
  count: number,
): Promise<{ caller: Caller; all: Pairs; engine: Engine }> {
  const { engine } = engineOver(store);
  const all = Array.from({ length: count }, (_, at): [string, unknown] => [
    `${at % 2 === 0 ? "a" : "b"}${at}`,
    { n: at % 10, text: "t".repeat(at % 50) },
  ]);
  const inserts = all.map(([key, value]) => insert(key, JSON.stringify(value)));
  await new ListSource(inserts).run(engine);
  return { caller: new Caller(engine), all, engine };
}

test("a scan, a query and the size have all keys, whole and in parts", async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = randomFrom(seed);
    const count = 1 + random.below(3_000);
    const store = new FakeStore(seed, { rounds: random.below(3), repeated: 0.01 });
    const { caller, all } = await filled(store, count);
    assert.equal((await caller.call(SIZE)).result, count);
    const isA = ([key]: [string, unknown]) => key.startsWith("a");
    const isThree = ([, value]: [string, unknown]) => (value as { n: number }).n === 3;
    const searches = [
      { wanted: all, of: (part = {}) => scan("", part) },
      { wanted: all.filter(isA), of: (part = {}) => scan("^a", part) },
      { wanted: all.filter(isThree), of: (part = {}) => query("n", "3.0", part) },
      { wanted: [], of: (part = {}) => scan("^none", part) },
    ];
    for (const { wanted, of } of searches) {
      assert.deepEqual(sorted((await caller.call(of())).result), sorted(wanted), `seed ${seed}`);
      const pairs = await caller.inParts((limit, cursor) => of({ limit, cursor }), random, 700);
      assert.deepEqual(sorted(pairs), sorted(wanted), `seed ${seed}, in parts`);
    }
  }
});

test("while keys change, each lasting key comes exactly once", async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = randomFrom(seed);
    const store = new FakeStore(seed, { rounds: 2, repeated: 0.02 });
    const { caller, all, engine } = await filled(store, 600);
    let isChanging = true;
    const change = async () => {
      while (isChanging) {
        const keys = Array.from({ length: 40 }, () => `c${random.below(400)}`);
        const requests = keys.map((key, at) => at % 2 === 0 ? insert(key, "1") : remove(key));
        await new ListSource(requests).run(engine);
      }
    };
    const changing = change();
    const search = (limit: number, cursor: string | undefined) => scan("", { limit, cursor });
    const pairs = await caller.inParts(search, random, 200);
    const whole: Pairs = (await caller.call(scan(""))).result;
    isChanging = false;
    await changing;
    for (const found of [pairs, whole]) {
      const keys = found.map(([key]) => key);
      assert.equal(new Set(keys).size, keys.length, `seed ${seed}: a key came twice`);
      assert.deepEqual(sorted(found.filter(([key]) => !key.startsWith("c"))), sorted([...all]));
    }
  }
});

/** The first bucket with keys: a search from there takes little time. */
const FIRST_BUCKET = BUCKETS - 50;

/** Puts keys into a few buckets, so that each has many. */
function crowdedStore(
  seed: number,
  values: ReadonlyMap<string, string>,
  buckets: number,
): FakeStore {
  const store = new FakeStore(seed, { rounds: 3 });
  let at = 0;
  for (const [key, value] of values) {
    const name = KEYS.text(FIRST_BUCKET + at++ % buckets);
    const fields = store.hashes.get(name) ?? new Map<string, Uint8Array>();
    store.hashes.set(name, fields);
    fields.set(binaryOf(utf8(keyOf(keyTextOf(key)))), utf8(value));
  }
  return store;
}

const SCAN_ALL: Search = { method: "scan", regex: compiled("") };

function compiled(regex: string) {
  const made = compileKeyRegex(regex);
  return "problem" in made ? assert.fail() : made;
}

/** Walks from `FIRST_BUCKET` to the end, in parts if there is a limit. */
async function walkAll(
  store: FakeStore,
  search: Search,
  limit: number | undefined,
): Promise<{ found: [string, string][]; mostBytes: number }> {
  const found: Pairs = [];
  let mostBytes = 0;
  let at: SearchPosition | undefined = { slot: FIRST_BUCKET };
  while (at !== undefined) {
    const pairs = new PairWriter(1e9);
    const walk: SearchWalk = new SearchWalk({
      endBucket: BUCKETS,
      store,
      bucketKeys: KEYS,
      yielder: neverYields,
      source: { isClosed: false },
      search,
      at,
      limit,
      pairs,
      maxPairBytes: 1_500,
      tableSize: store.size,
      maxMs: 1e9,
      maxBytes: 4_000,
    });
    store.onRound = () => mostBytes = Math.max(mostBytes, walk.heldBytes);
    const end = await walk.run();
    assert.ok("ending" in end && end.ending === "done", JSON.stringify(end));
    assert.ok(limit === undefined || pairs.count <= limit);
    found.push(...JSON.parse(textOfChunks(pairs.finish())));
    pairs.clear();
    at = end.next;
  }
  return { found: found.map(([key, value]) => [key, JSON.stringify(value)]), mostBytes };
}

test("a search holds a bounded number of bytes, however many keys a bucket has", async () => {
  for (let seed = 1; seed <= ROUNDS * 2; seed++) {
    const random = randomFrom(seed);
    const values = new Map(Array.from({ length: 200 }, (_, at) => {
      const isLong = random.below(50) === 0;
      return [
        `k${at}${"k".repeat(random.below(isLong ? 3_000 : 40))}`,
        `{"n":${at % 3},"t":"${"v".repeat(random.below(isLong ? 9_000 : 100))}"}`,
      ];
    }));
    const store = crowdedStore(seed, values, 1 + random.below(4));
    const isQuery = seed % 2 === 0;
    const wanted = [...values].filter(([, value]) => !isQuery || value.startsWith('{"n":1,'));
    const search: Search = isQuery
      ? { method: "query", subkey: "n", test: equalsAtom("1") }
      : SCAN_ALL;
    for (const limit of [undefined, 1, 30, 1_000]) {
      const { found, mostBytes } = await walkAll(store, search, limit);
      assert.deepEqual(sorted(found), sorted([...wanted]), `seed ${seed}, limit ${limit}`);
      assert.ok(mostBytes < 8_000 + 3_100 + 65_536, `seed ${seed}: ${mostBytes}`);
    }
    assert.ok((store.counts.get("HKEYS") ?? 0) > 4 * 50, "buckets were read again");
  }
});

test("a search holds few values, and none comes with the key of another one", async () => {
  for (let seed = 1; seed <= ROUNDS * 2; seed++) {
    const values = new Map(
      Array.from({ length: 300 }, (_, at) => [`k${at}`, `"${at}${"v".repeat(at % 7 * 1_000)}"`]),
    );
    const store = crowdedStore(seed, values, 30);
    const { found, mostBytes } = await walkAll(store, SCAN_ALL, undefined);
    assert.deepEqual(sorted(found), sorted([...values]), `seed ${seed}`);
    assert.ok(mostBytes < 8_000 + 65_536, `seed ${seed}: ${mostBytes}`);
  }
});

test("failures say what to do", async () => {
  const store = new FakeStore(1, { rounds: 0 });
  const { engine } = engineOver(store, { maxReplyBytes: 20_000 });
  const value = `"${"v".repeat(5_000)}"`;
  await new ListSource(["a", "b", "c", "d", "e"].map((key) => insert(key, value))).run(engine);
  await new ListSource([insert("f".repeat(15_000), `"${"v".repeat(10_000)}"`)]).run(engine);
  const caller = new Caller(engine);
  const limitText = "; a reply may have at most 20000 bytes (--max-reply)";
  assert.deepEqual(await caller.call(scan("")), {
    status: "ERROR",
    type: "TooLarge",
    message:
      `Cannot scan: one reply has no room for all pairs; ask for them in parts with 'limit'${limitText}`,
  });
  const part = await caller.call(scan("^f", { limit: 5 }));
  assert.equal(part.type, "TooLarge");
  assert.match(
    part.message,
    /^Cannot scan: the pair of key "f{60}\.\.\." has 25007 bytes; a reply/,
  );
  const pairs = await caller.inParts(
    (limit, cursor) => scan("^.$", { limit, cursor }),
    randomFrom(1),
    10,
  );
  assert.deepEqual(pairs.map(([key]) => key).sort(), ["a", "b", "c", "d", "e"]);
  store.failure = { kind: "unavailable", why: "no node answers" };
  for (const request of [scan(""), scan("", { limit: 3 }), query("a", "1")]) {
    assert.deepEqual(await caller.call(request), {
      status: "ERROR",
      type: "StorageError",
      message: `Cannot ${request.method}: the store did not answer (no node answers)`,
    });
  }
  assert.match((await caller.call(SIZE)).message, /^Cannot size: the store did not answer \(no/);
  store.failure = undefined;
  const { engine: hasty } = engineOver(store, { maxScanMs: 0 });
  assert.equal(
    (await new Caller(hasty).call(scan("^none"))).message,
    "Cannot scan: the search of the whole table takes more than 0 s; ask for it in parts with 'limit'; a reply may have at most 100000000 bytes (--max-reply)",
  );
  await new ListSource([insert("ab".repeat(500_000), "1")]).run(engine);
  const hard = await caller.call(scan("a[ab]{900}[cd]"));
  assert.equal(hard.type, "ValueError", hard.message);
});

test("more searches than may run at the same time wait for their turn", async () => {
  const store = new FakeStore(1, { rounds: 0 });
  const { engine, all } = await filled(store, 200);
  const search = (limit: number, cursor: string | undefined) => scan("", { limit, cursor });
  const found = await Promise.all(Array.from({ length: 20 }, async (_, at): Promise<Pairs> => {
    const caller = new Caller(engine);
    // On a busy machine, a part ends early.
    if (at % 5 < 4) return await caller.inParts(search, randomFrom(at), 1_000);
    return (await caller.call(scan(""))).result;
  }));
  assert.deepEqual(found.map(({ length }) => length), Array(20).fill(all.length));
  assert.equal((engine.info()["store"] as Record<string, unknown>)["waiting_searches"], 0);
});
