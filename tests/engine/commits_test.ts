/**
 * Proves that no reply shows a change before it is durable, to anybody, while others do not wait
 * (I2), and that a failed write undoes a whole turn and answers it anew (I6, I1).
 */
import assert from "assert";
import type { FsyncPolicy } from "../../lib/base/fsync_policy.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { newClient } from "../helpers/command_context.ts";
import {
  type Asked,
  Engine,
  ListedClient,
  pairsAfter,
  pairsOf,
} from "../helpers/durable_engine.ts";
import { FakeStorage } from "../helpers/fake_storage.ts";
import { type Random, randomFrom, seedFor } from "../helpers/random.ts";
import { type StoppedClock, stoppedClock } from "../helpers/stopped_clock.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test(`commits: ${name}`, fn);
}

const insert = (key: string, value: string): Asked => ({ method: "insert", key, value });
const lookup = (key: string): Asked => ({ method: "lookup", key });
const remove = (key: string): Asked => ({ method: "remove", key });
const scan = (regex: string): Asked => ({
  method: "scan",
  regex,
  limit: undefined,
  cursor: undefined,
});
const part = (cursor?: string): Asked => ({ method: "scan", regex: "", limit: 1, cursor });
const query = (subkey: string, subvalue: string): Asked => ({
  method: "query",
  subkey,
  subvalue,
  limit: undefined,
  cursor: undefined,
});
const SIZE: Asked = { method: "size" };
const INFO: Asked = { method: "info" };

/** One round of the event loop. */
const eventLoop = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** An engine over a storage in the test's hands. */
class Bench extends Engine implements Disposable {
  readonly storage: FakeStorage;
  readonly clock: StoppedClock;

  constructor(durability: "memory" | FsyncPolicy = "always") {
    const clock = stoppedClock();
    const storage = new FakeStorage(durability, () => clock.advance(2));
    super(storage, new HashTable());
    this.clock = clock;
    this.storage = storage;
  }

  /** One whose syncs were so slow that they are done in the background by now. */
  static async withSlowSyncs(): Promise<Bench> {
    const bench = new Bench();
    for (let turn = 0; turn < 20; turn++) {
      const client = bench.submit(insert("warm", String(turn)));
      await eventLoop();
      if (!client.isDone) {
        bench.storage.endSync();
        await eventLoop();
        assert.ok(client.isDone);
        return bench;
      }
    }
    bench[Symbol.dispose]();
    return assert.fail("syncs never went to the background");
  }

  /** Puts a client with these requests in line. */
  submit(...requests: Asked[]): ListedClient {
    const client = new ListedClient(requests);
    client.submitTo(this);
    return client;
  }

  /** Has requests executed in one turn, and gives the replies; all must be there at once. */
  async words(...requests: Asked[]): Promise<unknown[]> {
    const client = this.submit(...requests);
    await eventLoop();
    assert.ok(client.isDone, "nothing to wait for");
    return client.words;
  }

  [Symbol.dispose](): void {
    this.clock[Symbol.dispose]();
  }
}

test("with quick syncs, a reply to a change leaves after the sync and in the same turn", async () => {
  using bench = new Bench();
  const client = bench.submit(insert("a", "1"), remove("a"), insert("b", "2"));
  assert.equal(bench.storage.syncsNow, 0);
  await eventLoop();
  assert.ok(client.isDone);
  assert.equal(bench.storage.syncsNow, 1, "one for all");
  assert.equal(bench.storage.durableSeq, 3);
  assert.deepEqual(client.words, [null, 1, null]);
});

test("with slow syncs, a reply to a change waits until it is durable", async () => {
  using bench = await Bench.withSlowSyncs();
  const client = bench.submit(insert("a", "1"));
  await eventLoop();
  assert.equal(bench.storage.pendingSyncs, 1);
  assert.equal(client.isDone, false);
  bench.storage.endSync();
  await eventLoop();
  assert.equal(client.isDone, true);
  assert.equal(bench.storage.pendingSyncs, 0);
});

test("whoever sees a change that is not durable waits for it, in whatever way it is seen", async () => {
  using bench = await Bench.withSlowSyncs();
  await (async () => {
    const client = bench.submit(insert("there", '{"s":1}'), insert("gone", "2"));
    await eventLoop();
    bench.storage.endSync();
    await eventLoop();
    assert.ok(client.isDone);
  })();
  const changing = bench.submit(insert("new", '{"s":1}'), remove("gone"));
  await eventLoop();
  const seeing = [
    lookup("new"),
    lookup("gone"),
    scan("n"),
    scan("zzz"),
    query("s", "1"),
    SIZE,
    INFO,
  ]
    .map((request) => bench.submit(request));
  const both = bench.submit(lookup("there"), lookup("new"));
  const others = [lookup("there"), lookup("warm"), lookup("nowhere")]
    .map((request) => bench.submit(request));
  await eventLoop();
  for (const client of [changing, both, ...seeing]) assert.ok(!client.isDone, client.words.join());
  for (const client of others) assert.ok(client.isDone, client.words.join());
  bench.storage.endSync();
  await eventLoop();
  for (const client of [changing, both, ...seeing]) assert.ok(client.isDone);
  assert.deepEqual(both.words, [{ s: 1 }, { s: 1 }]);
  assert.deepEqual(seeing.slice(0, 2).map(({ words }) => words), [[{ s: 1 }], ["KeyError"]]);
});

test("those in the same turn wait too, and those before the change do not", async () => {
  using bench = await Bench.withSlowSyncs();
  const before = bench.submit(lookup("a"), SIZE);
  const changing = bench.submit(insert("a", "1"));
  const after = bench.submit(lookup("a"));
  const other = bench.submit(lookup("b"));
  await eventLoop();
  assert.deepEqual([before, changing, after, other].map((client) => client.isDone), [
    true,
    false,
    false,
    true,
  ]);
  bench.storage.endSync();
  await eventLoop();
  assert.ok(after.isDone && changing.isDone);
  assert.deepEqual(before.words, ["KeyError", 1]);
});

test("what arrives during a sync waits for the next one, which begins by itself", async () => {
  using bench = await Bench.withSlowSyncs();
  const first = bench.submit(insert("a", "1"));
  await eventLoop();
  const second = bench.submit(insert("b", "2"));
  await eventLoop();
  const third = bench.submit(insert("a", "3"));
  await eventLoop();
  const [seesA, seesB, seesSize] = [lookup("a"), lookup("b"), SIZE].map((one) => bench.submit(one));
  await eventLoop();
  assert.equal(bench.storage.pendingSyncs, 1, "one at a time");
  const states = () => [first, second, third, seesA, seesB, seesSize].map((one) => one?.isDone);
  assert.deepEqual(states(), [false, false, false, false, false, false]);
  bench.storage.endSync();
  await eventLoop();
  assert.deepEqual(states(), [true, false, false, false, false, false]);
  assert.equal(bench.storage.pendingSyncs, 1, "the next one");
  bench.storage.endSync();
  await eventLoop();
  assert.deepEqual(states(), [true, true, true, true, true, true]);
  assert.deepEqual(await bench.words(lookup("a"), SIZE), [3, 3]);
  assert.equal(bench.storage.pendingSyncs, 0);
});

for (const durability of ["interval", "never", "memory"] as const) {
  test(`with ${durability}, nobody waits for anything`, async () => {
    using bench = new Bench(durability);
    assert.deepEqual(await bench.words(insert("a", "1"), lookup("a"), SIZE, remove("a")), [
      null,
      1,
      1,
      1,
    ]);
    assert.equal(bench.storage.syncsNow + bench.storage.pendingSyncs, 0);
    assert.equal(bench.storage.written.length, durability === "memory" ? 0 : 2);
  });
}

test("a failed write undoes the whole turn and answers it anew, in order and with the ids", async () => {
  using bench = new Bench();
  await bench.words(insert("a", '"old"'), insert("b", "[2]"), insert("warm", "0"));
  const { bytes, size } = bench.table;
  const pairs = pairsOf(bench.table);
  bench.storage.whyNoWrites = "No space left on device";
  const first = bench.submit(
    lookup("a"),
    insert("a", '"new"'),
    lookup("a"),
    remove("b"),
    insert("c", "3"),
    { method: "ping" },
  );
  const second = bench.submit(
    SIZE,
    lookup("c"),
    lookup("b"),
    scan("^[abc]$"),
    remove("c"),
    insert("b", "4"),
    lookup("warm"),
  );
  await eventLoop();
  assert.ok(first.isDone && second.isDone);
  assert.deepEqual(first.words, [
    "old",
    "StorageError",
    "old",
    "StorageError",
    "StorageError",
    "pong",
  ]);
  assert.deepEqual(second.words, [
    3,
    "KeyError",
    [2],
    [["a", "old"], ["b", [2]]],
    "StorageError",
    "StorageError",
    0,
  ]);
  assert.deepEqual(first.replies.map(({ id }) => id), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(second.replies.map(({ id }) => id), [0, 1, 2, 3, 4, 5, 6]);
  assert.match(String(first.replies[1]?.["message"]), /"a".*was not made.*No space left on device/);
  assert.deepEqual(pairsOf(bench.table), pairs);
  assert.deepEqual([bench.table.bytes, bench.table.size], [bytes, size]);
  assert.equal(bench.storage.written.length, 3);
});

test("after a failed write, reads go on and the next change works with the next number", async () => {
  using bench = new Bench();
  await bench.words(insert("a", "1"));
  bench.storage.whyNoWrites = "full";
  for (let turn = 0; turn < 3; turn++) {
    assert.deepEqual(await bench.words(insert("a", "2"), insert("b", "2"), lookup("a"), SIZE), [
      "StorageError",
      "StorageError",
      1,
      1,
    ]);
  }
  bench.storage.whyNoWrites = undefined;
  assert.deepEqual(await bench.words(insert("b", "3"), lookup("b"), SIZE), [null, 3, 2]);
  assert.deepEqual(pairsAfter(bench.storage.written, 9), pairsOf(bench.table));
  assert.equal(bench.storage.durableSeq, 2);
});

test("undone to a value that is not durable, a key is waited for as before", async () => {
  using bench = await Bench.withSlowSyncs();
  const first = bench.submit(insert("a", "1"));
  await eventLoop();
  bench.storage.whyNoWrites = "full";
  const second = bench.submit(insert("a", "2"), lookup("a"));
  await eventLoop();
  const third = bench.submit(lookup("a"));
  const other = bench.submit(lookup("b"));
  await eventLoop();
  assert.deepEqual([first, second, third, other].map((one) => one.isDone), [
    false,
    false,
    false,
    true,
  ]);
  bench.storage.endSync();
  await eventLoop();
  assert.deepEqual([first, second, third].map((one) => one.isDone), [true, true, true]);
  assert.deepEqual(second.words, ["StorageError", 1]);
  assert.deepEqual(third.words, [1]);
});

test("the same where that value was written during the sync that is under way", async () => {
  using bench = await Bench.withSlowSyncs();
  bench.submit(insert("x", "0"));
  await eventLoop();
  const first = bench.submit(insert("a", "1"));
  await eventLoop();
  bench.storage.whyNoWrites = "full";
  const second = bench.submit(insert("a", "2"));
  await eventLoop();
  bench.storage.whyNoWrites = undefined;
  const third = bench.submit(lookup("a"));
  await eventLoop();
  bench.storage.endSync();
  await eventLoop();
  assert.deepEqual([first.isDone, third.isDone], [false, false]);
  bench.storage.endSync();
  await eventLoop();
  assert.deepEqual([first.isDone, second.isDone, third.isDone], [true, true, true]);
});

test("a part of a scan that is answered anew goes on where its cursor was", async () => {
  using bench = new Bench();
  await bench.words(insert("a", "1"), insert("b", "2"), insert("c", "3"));
  const client = newClient();
  const submit = async (...requests: Asked[]) => {
    const one = await new ListedClient(requests, () => {}, client).submitTo(bench);
    return one.replies;
  };
  const [first] = await submit(part());
  assert.deepEqual(first?.["result"], [["a", 1]]);
  bench.storage.whyNoWrites = "full";
  const [failed, second] = await submit(insert("b", "9"), part(String(first?.["cursor"])));
  assert.equal(failed?.["type"], "StorageError");
  assert.deepEqual(second?.["result"], [["b", 2]], JSON.stringify(second));
  const [third] = await submit(part(String(second?.["cursor"])));
  assert.deepEqual(third?.["result"], [["c", 3]]);
});

test("parts of two scans that were begun and answered anew go on, each where it was", async () => {
  using bench = new Bench();
  await bench.words(insert("a", "1"), insert("b", "2"), insert("c", "3"), insert("d", "4"));
  const client = newClient();
  const submit = async (...requests: Asked[]) => {
    const one = await new ListedClient(requests, () => {}, client).submitTo(bench);
    return one.replies;
  };
  bench.storage.whyNoWrites = "full";
  const two: Asked = { method: "scan", regex: "", limit: 2, cursor: undefined };
  const [, , one, both] = await submit(remove("b"), remove("c"), part(), two);
  assert.deepEqual([one?.["result"], both?.["result"]], [[["a", 1]], [["a", 1], ["b", 2]]]);
  const [afterOne] = await submit(part(String(one?.["cursor"])));
  assert.deepEqual(afterOne?.["result"], [["b", 2]]);
  const [afterBoth] = await submit(part(String(both?.["cursor"])));
  assert.deepEqual(afterBoth?.["result"], [["c", 3]]);
});

test("undone, each key is where a walk through the table looks for it, also if none was left", async () => {
  using bench = new Bench();
  await bench.words(insert("a", "1"), insert("b", "2"), insert("c", "3"));
  const places = () => [0, 1, 2].map((slot) => bench.table.keyAt(slot));
  const before = places();
  bench.storage.whyNoWrites = "full";
  await bench.words(remove("a"), insert("d", "4"), insert("a", "5"), remove("c"), insert("e", "6"));
  assert.deepEqual(places(), before);
  await bench.words(remove("c"), remove("a"), remove("b"));
  assert.deepEqual(places(), before);
});

/** One request of a random run and what came of it. */
interface Executed {
  readonly turn: number;
  readonly request: Asked;
  word: unknown;
}

test("random clients, failing writes and syncs that take their time: one history, and I2", async () => {
  const random = randomFrom(seedFor("commits"));
  let waited = 0, failures = 0, executions = 0;
  for (let run = 0; run < 40; run++) {
    using bench = run % 4 === 0 ? new Bench() : await Bench.withSlowSyncs();
    const outcome = await randomRun(bench, random);
    waited += outcome.waited;
    failures += outcome.failedTurns;
    executions += outcome.executions;
  }
  console.log(`commits: ${executions} requests, ${waited} waited, ${failures} turns failed`);
  assert.ok(waited > 100 && failures > 100);
});

/** Runs random clients, and proves that their replies are those of one history. */
async function randomRun(
  bench: Bench,
  random: Random,
): Promise<{ waited: number; failedTurns: number; executions: number }> {
  const { storage } = bench;
  const start = pairsOf(bench.table);
  const executed: Executed[] = [];
  const failed = new Set<number>();
  let turn = 0, waited = 0;
  storage.onWrite = (hasFailed) => {
    if (hasFailed) failed.add(turn);
    turn++;
  };
  const clients: Promise<unknown>[] = [];
  for (let round = 0; round < 60; round++) {
    storage.whyNoWrites = random.below(4) === 0 ? "full" : undefined;
    for (let count = random.below(4); count > 0; count--) clients.push(submitRandom());
    if (random.below(2) === 0) await eventLoop();
    if (random.below(3) === 0) storage.endSync();
    await eventLoop();
  }
  while (storage.pendingSyncs > 0) {
    storage.endSync();
    await eventLoop();
  }
  await Promise.all(clients);
  checkHistory(new Map(start), executed, failed);
  assert.deepEqual(
    pairsOf(bench.table),
    pairsAfter(storage.written, storage.written.length),
    "the table is what was written",
  );
  return { waited, failedTurns: failed.size, executions: executed.length };

  async function submitRandom(): Promise<void> {
    const requests = Array.from({ length: 1 + random.below(4) }, () => randomRequest(random));
    const mine: Executed[] = [];
    const shown: number[] = [];
    const client = new ListedClient(requests, (request, { line }) => {
      const { id, status, result, type } = JSON.parse(line);
      const entry = mine[id] ?? { turn, request, word: undefined };
      if (mine[id] === undefined) executed.push(entry);
      mine[id] = entry;
      entry.word = status !== "OK" ? type : Array.isArray(result) ? "a list" : result;
      // What has been written of the key, or at all: a reply after a failed write shows no more.
      const seqs = storage.written.map(({ key }, at) =>
        "key" in request && request.key !== key ? 0 : at + 1
      );
      shown[id] =
        type === "StorageError" || request.method === "insert" || request.method === "remove"
          ? 0
          : Math.max(0, ...seqs);
    });
    const isEarly = await Promise.race([client.submitTo(bench), eventLoop()]) !== undefined;
    if (!isEarly) waited++;
    while (!client.isDone) await eventLoop();
    assert.ok(Math.max(...shown) <= storage.durableSeq, "it shows what is durable");
    for (const [at, request] of requests.entries()) {
      if (request.method !== "insert" || client.words[at] !== null) continue;
      const seq = 1 +
        storage.written.findLastIndex((change) =>
          change.method === "insert" && change.value === request.value
        );
      assert.ok(seq > 0 && seq <= storage.durableSeq, "what it did is durable");
    }
  }
}

let lastValue = 0;

function randomRequest(random: Random): Asked {
  const key = `k${random.below(4)}`;
  switch (random.below(7)) {
    case 0:
      return SIZE;
    case 1:
      return scan("");
    case 2:
      return remove(key);
    case 3:
    case 4:
      return lookup(key);
    default:
      return insert(key, String(++lastValue));
  }
}

/** Executes the same one after another, and compares; in a failed turn no change is made. */
function checkHistory(
  model: Map<string, string>,
  executed: readonly Executed[],
  failed: ReadonlySet<number>,
): void {
  for (const [at, { turn, request, word }] of executed.entries()) {
    const what = `request ${at}, ${JSON.stringify(request)}, turn ${turn}`;
    const isChange = request.method === "insert" || request.method === "remove";
    if (isChange && failed.has(turn)) {
      // One that fails in any case shows nothing of the turn.
      if (word === "KeyError") assert.equal(wordFrom(model, request), word, what);
      else assert.equal(word, "StorageError", what);
      continue;
    }
    assert.deepEqual(word, wordFrom(model, request), what);
  }
}

function wordFrom(model: Map<string, string>, request: Asked): unknown {
  switch (request.method) {
    case "size":
      return model.size;
    case "insert":
      model.set(request.key, request.value);
      return null;
    case "lookup":
    case "remove": {
      const value = model.get(request.key);
      if (value === undefined) return "KeyError";
      if (request.method === "remove") model.delete(request.key);
      return JSON.parse(value);
    }
    case "scan":
      return "a list";
    default:
      return assert.fail("not asked here");
  }
}
