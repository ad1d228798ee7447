/**
 * Proves that no reply shows a change before it is durable, to anybody, while others do not wait
 * (I2), and that a failed write undoes a whole turn and answers it anew, each reply in its place
 * (I6, I1).
 */
import assert from "assert";
import { textOf } from "../../lib/base/span.ts";
import type { FsyncPolicy } from "../../lib/base/fsync_policy.ts";
import { spanOf } from "../../lib/base/span.ts";
import type { Request } from "../../lib/protocol/message.ts";
import type { HashTable } from "../../lib/table/hash_table.ts";
import { newClient, seededTable } from "../helpers/command_context.ts";
import { Engine, ListedClient, pairsAfter, pairsOf } from "../helpers/durable_engine.ts";
import { FakeStorage } from "../helpers/fake_storage.ts";
import { type Random, randomFrom, seedFor } from "../helpers/random.ts";
import type { Asked } from "../helpers/requests.ts";
import { type StoppedClock, stoppedClock } from "../helpers/stopped_clock.ts";
import { keyText, pairAt } from "../helpers/table_texts.ts";

function test(name: string, fn: () => void | Promise<void>): void {
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

/** Places in which `Commits` notes the last changes of keys. */
const MARKS = 2 ** 18;

/** The place for a key's last change. */
function markOf(table: HashTable, key: string): number {
  const { bytes, start, end } = spanOf(keyText(key));
  return table.hashOf(bytes, start, end) & (MARKS - 1);
}

/** Two keys that share a place. */
function keysOfOneMark(table: HashTable): [string, string] {
  const keyByMark = new Map<number, string>();
  for (let number = 0;; number++) {
    const key = `k${number}`, mark = markOf(table, key);
    const other = keyByMark.get(mark);
    if (other !== undefined) return [other, key];
    keyByMark.set(mark, key);
  }
}

/** One round of the event loop. */
const eventLoop = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** An engine over a storage in the test's hands. */
class Bench extends Engine implements Disposable {
  readonly storage: FakeStorage;
  readonly clock: StoppedClock;
  /** What was thrown at clients. */
  readonly bugs: unknown[] = [];

  constructor(durability: "memory" | FsyncPolicy = "always") {
    const clock = stoppedClock();
    const storage = new FakeStorage(durability, () => clock.advance(2));
    super(storage, seededTable());
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

  /** Has the first sync in the background end, and all that comes of it. */
  async endSync(): Promise<void> {
    this.storage.endSync();
    await eventLoop();
  }

  /** Has the requests of a client executed. */
  submit(...requests: Asked[]): ListedClient {
    const client = new ListedClient(requests);
    client.submitTo(this).catch((bug) => this.bugs.push(bug));
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
  await bench.endSync();
  assert.equal(client.isDone, true);
  assert.equal(bench.storage.pendingSyncs, 0);
});

test("whoever sees a change that is not durable waits for it, in whatever way it is seen", async () => {
  using bench = await Bench.withSlowSyncs();
  await (async () => {
    const client = bench.submit(insert("there", '{"s":1}'), insert("gone", "2"));
    await eventLoop();
    await bench.endSync();
    assert.ok(client.isDone);
  })();
  const changing = bench.submit(insert("new", '{"s":1}'), remove("gone"));
  await eventLoop();
  const seeing = [
    lookup("new"),
    lookup("gone"),
    remove("gone"),
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
  await bench.endSync();
  for (const client of [changing, both, ...seeing]) assert.ok(client.isDone);
  assert.deepEqual(both.words, [{ s: 1 }, { s: 1 }]);
  assert.deepEqual(seeing.slice(0, 3).map(({ words }) => words), [
    [{ s: 1 }],
    ["KeyError"],
    ["KeyError"],
  ]);
});

test("a KeyError for a key whose removal is not durable waits, also after the turn is over", async () => {
  using bench = await Bench.withSlowSyncs();
  bench.submit(insert("a", "1"));
  await eventLoop();
  await bench.endSync();
  const removing = bench.submit(remove("a"));
  const inItsTurn = bench.submit(lookup("a"));
  await eventLoop();
  const later = [bench.submit(lookup("a")), bench.submit(remove("a"))];
  const never = bench.submit(lookup("never there"));
  await eventLoop();
  for (const client of [removing, inItsTurn, ...later]) assert.equal(client.isDone, false);
  assert.deepEqual(never.words, ["KeyError"]);
  assert.ok(never.isDone);
  await bench.endSync();
  for (const client of [inItsTurn, ...later]) {
    assert.ok(client.isDone);
    assert.deepEqual(client.words, ["KeyError"]);
  }
  assert.deepEqual(await bench.words(lookup("a"), remove("a")), ["KeyError", "KeyError"]);
});

test("where there is nothing to wait for, a client is done at once, while others wait", async () => {
  using bench = await Bench.withSlowSyncs();
  const queued = (...requests: Asked[]) => bench.queue.submit(new ListedClient(requests));
  const other: Asked[] = [lookup("warm"), lookup("nowhere"), { method: "ping" }];
  assert.equal(queued(...other), undefined);
  const waiting = bench.submit(insert("a", "1"));
  const seeing = [lookup("a"), SIZE].map((request) => queued(request));
  for (const one of seeing) assert.ok(one instanceof Promise);
  await eventLoop();
  assert.equal(queued(...other), undefined);
  assert.ok(queued(lookup("a")) instanceof Promise);
  await bench.endSync();
  await Promise.all(seeing);
  assert.ok(waiting.isDone);
  assert.equal(queued(lookup("a"), SIZE), undefined);
});

test("nobody ever sees a change that is neither written nor undone: it is made in a turn", async () => {
  using bench = new Bench("never");
  await bench.queue.submit(new ListedClient([insert("a", "1")]));
  const openings: boolean[] = [];
  // As a checkpoint may come in between, which begins another log and walks the table.
  const look = () => void openings.push(bench.commits.isOpen);
  for (
    const requests of [[insert("a", "2")], [lookup("a"), remove("a")], [SIZE, insert("b", "3")]]
  ) {
    const submitted = bench.queue.submit(new ListedClient(requests));
    look();
    queueMicrotask(look);
    for (let step = 0; step < 5; step++) {
      await Promise.resolve();
      look();
    }
    await submitted;
  }
  assert.deepEqual(new Set(openings), new Set([false]));
  assert.deepEqual([...pairsOf(bench.table)], [["b", "3"]]);
});

test("what is answered anew takes no more than a bound, and each request has its reply", async () => {
  using bench = new Bench("never");
  const large = JSON.stringify("x".repeat(200_000));
  await bench.queue.submit(new ListedClient([insert("a", large)]));
  bench.storage.whyNoWrites = "full";
  const lookups = Array.from({ length: 40 }, () => lookup("a"));
  const client = new ListedClient([insert("a", "1"), ...lookups]);
  await bench.queue.submit(client);
  assert.equal(client.words.length, 41);
  assert.ok(client.words.includes("StorageError"));
  assert.ok(client.out.length < 1_500_000, `${client.out.length} bytes`);
});

test("a change that cannot be noted is not made, and those before it in its turn stay", async () => {
  using bench = new Bench("never");
  await bench.queue.submit(new ListedClient([insert("a", "1"), insert("b", "2")]));
  const append = bench.storage.append.bind(bench.storage);
  for (const lost of [insert("a", "9"), insert("new", "9"), remove("b")]) {
    bench.storage.append = (change) => {
      if (textOf(change.key) !== "good") throw new RangeError("no memory");
      return append(change);
    };
    const good = bench.queue.submit(new ListedClient([insert("good", "1")]));
    const bad = bench.queue.submit(new ListedClient([lost]));
    await assert.rejects(async () => await bad, /no memory/);
    await good;
    bench.storage.append = append;
    assert.deepEqual(
      new Map(pairsOf(bench.table)),
      new Map([["a", "1"], ["b", "2"], ["good", "1"]]),
    );
  }
});

test("keys that share a mark are late at worst, and never early or wrong", async () => {
  using bench = await Bench.withSlowSyncs();
  const [one, two] = keysOfOneMark(bench.table);
  bench.submit(insert(one, "1"), insert(two, "2"));
  await eventLoop();
  await bench.endSync();
  // The first is changed, then the other one during the sync.
  const first = bench.submit(insert(one, "3"));
  await eventLoop();
  const second = bench.submit(remove(two));
  const [seesOne, seesTwo] = [bench.submit(lookup(one)), bench.submit(lookup(two))];
  const other = bench.submit(lookup("warm"));
  await eventLoop();
  assert.deepEqual([first, second, seesOne, seesTwo].map(({ isDone }) => isDone), [
    false,
    false,
    false,
    false,
  ]);
  assert.ok(other.isDone);
  await bench.endSync();
  assert.deepEqual([first, second, seesTwo].map(({ isDone }) => isDone), [true, false, false]);
  await bench.endSync();
  assert.ok(seesOne.isDone && second.isDone && seesTwo.isDone);
  assert.deepEqual([...seesOne.words, ...seesTwo.words], [3, "KeyError"]);
  assert.deepEqual(await bench.words(lookup(one), lookup(two)), [3, "KeyError"]);
});

test("a key whose mark was taken by a change that was undone is waited for as before", async () => {
  using bench = await Bench.withSlowSyncs();
  const [one, two] = keysOfOneMark(bench.table);
  const first = bench.submit(insert(one, "1"));
  await eventLoop();
  bench.storage.whyNoWrites = "full";
  const second = bench.submit(insert(two, "2"));
  await eventLoop();
  bench.storage.whyNoWrites = undefined;
  const seeing = bench.submit(lookup(one)), other = bench.submit(lookup("warm"));
  await eventLoop();
  assert.deepEqual([first, seeing, other].map(({ isDone }) => isDone), [false, false, true]);
  await bench.endSync();
  assert.ok(first.isDone && second.isDone && seeing.isDone);
  assert.deepEqual([...second.words, ...seeing.words], ["StorageError", 1]);
  assert.deepEqual(await bench.words(lookup(two)), ["KeyError"]);
});

test("nobody waits for a change that was undone, whose number will be another one's", async () => {
  using bench = await Bench.withSlowSyncs();
  const pending = bench.submit(insert("b", "1"));
  await eventLoop();
  bench.storage.whyNoWrites = "full";
  const failing = bench.submit(...Array.from({ length: 5 }, () => insert("a", "2")));
  await eventLoop();
  assert.deepEqual(failing.words, Array(5).fill("StorageError"));
  const seeing = bench.submit(lookup("a"));
  await eventLoop();
  await bench.endSync();
  for (const client of [pending, failing, seeing]) assert.ok(client.isDone, "nothing is left");
  assert.deepEqual(seeing.words, ["KeyError"]);
  assert.deepEqual(await bench.words(lookup("a"), SIZE), ["KeyError", 2]);
  // The numbers are given again: once they are durable, none of them holds up anybody.
  bench.storage.whyNoWrites = undefined;
  bench.submit(...Array.from({ length: 5 }, () => insert("c", "3")));
  await eventLoop();
  await bench.endSync();
  assert.deepEqual(await bench.words(lookup("a"), lookup("c")), ["KeyError", 3]);
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
  await bench.endSync();
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
  await bench.endSync();
  assert.deepEqual(states(), [true, false, false, false, false, false]);
  assert.equal(bench.storage.pendingSyncs, 1, "the next one");
  await bench.endSync();
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

test("changes can be taken back where they are kept, and only there", () => {
  for (const durability of ["always", "interval", "never", "memory"] as const) {
    using bench = new Bench(durability);
    assert.equal(bench.table.keepsUndo, durability !== "memory", durability);
  }
});

for (const durability of ["interval", "never"] as const) {
  test(`with ${durability}, a failed write is undone and told, too`, async () => {
    using bench = new Bench(durability);
    await bench.words(insert("a", "1"));
    bench.storage.whyNoWrites = "full";
    assert.deepEqual(await bench.words(remove("a"), lookup("a"), insert("b", "2"), SIZE), [
      "StorageError",
      1,
      "StorageError",
      1,
    ]);
    bench.storage.whyNoWrites = undefined;
    assert.deepEqual(await bench.words(insert("b", "3"), lookup("b")), [null, 3]);
    assert.deepEqual(pairsAfter(bench.storage.written, 2), pairsOf(bench.table));
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

test("replies that are replaced leave their neighbours as they were, whoever's they are (I1)", async () => {
  using bench = new Bench();
  const long = JSON.stringify("v".repeat(5_000));
  await bench.words(insert("long", long), insert("short", "1"), insert("same", "[ 2 ]"));
  const count = 150;
  const listed = (who: number) =>
    Array.from({ length: count }, (_, at): Asked => {
      const key = `${who} ${at}`;
      // Short replies that become long ones, long ones that become short, and some that stay.
      const kinds: Asked[] = [
        lookup("same"),
        insert("long", "0"),
        insert(key, long),
        lookup(key),
        lookup("long"),
        { method: "ping" },
        remove("short"),
        lookup("short"),
        lookup("nowhere"),
        SIZE,
      ];
      return kinds[(at * 7 + who) % kinds.length] ?? SIZE;
    });
  const expected = listed(0).length && [0, 1, 2].map((who) =>
    listed(who).map((request) => {
      if (request.method === "ping") return "pong";
      if (request.method === "size") return 3;
      if (request.method !== "lookup") return "StorageError";
      if (request.key === "same") return [2];
      if (request.key === "long") return JSON.parse(long);
      return request.key === "short" ? 1 : "KeyError";
    })
  );
  bench.storage.whyNoWrites = "full";
  const clients = [0, 1, 2].map((who) => bench.submit(...listed(who)));
  await eventLoop();
  assert.ok(clients.every(({ isDone }) => isDone));
  assert.deepEqual(clients.map(({ words }) => words), expected);
  for (const { replies, lines } of clients) {
    assert.deepEqual(replies.map(({ id }) => id), Array.from(replies.keys()));
    assert.equal(lines.filter((line) => line.endsWith('"result":[ 2 ]}')).length, count / 10);
  }
});

test("where the second turn of a client's requests fails, the replies of the first one stay", async () => {
  using bench = new Bench();
  const requests = Array.from(
    { length: 40 },
    (_, at) => at % 3 === 0 ? SIZE : insert(`k${at}`, "1"),
  );
  // Long work, so that there are several turns; the second one's write fails.
  const client = new ListedClient(requests, () => bench.clock.advance(1));
  let writes = 0;
  const failures: number[] = [];
  bench.storage.onWrite = () => {
    bench.storage.whyNoWrites = ++writes % 2 === 0 ? "full" : undefined;
    failures.push(client.answers.length);
  };
  await client.submitTo(bench);
  assert.ok(writes >= 3, `${writes} turns`);
  let size = 0;
  const expected = requests.map((request, at) => {
    const turn = failures.findIndex((answers) => at < answers);
    if (request.method !== "insert") return size;
    if (turn % 2 === 1) return "StorageError";
    size++;
    return null;
  });
  // A size that was asked for in a failed turn shows none of its changes.
  assert.deepEqual(client.words, expected);
  assert.deepEqual(client.replies.map(({ id }) => id), Array.from(requests.keys()));
  assert.equal(bench.table.size, size);
});

/** A client in whose requests there is a bug behind the good ones. */
class BuggyClient extends ListedClient {
  override next(): Request | undefined {
    const request = super.next();
    if (request === undefined) throw new RangeError("a bug");
    return request;
  }
}

for (const count of [1, 100]) {
  const when = count === 1 ? "at once" : "later";
  test(`changes before a bug that shows ${when} are written, and told to the others only then`, async () => {
    using bench = await Bench.withSlowSyncs();
    const buggy = new BuggyClient(Array.from({ length: count }, () => insert("a", "1")));
    const bug = assert.rejects(buggy.submitTo(bench), /a bug/);
    const others = [bench.submit(lookup("a")), bench.submit(insert("b", "2"))];
    await eventLoop();
    await bug;
    assert.equal(bench.storage.written.length, bench.storage.durableSeq + count + 1);
    const later = bench.submit(lookup("a"));
    await eventLoop();
    assert.ok([...others, later].every(({ isDone }) => !isDone));
    await bench.endSync();
    assert.ok([...others, later].every(({ isDone }) => isDone));
    assert.deepEqual([...others, later].map(({ words }) => words), [[1], [null], [1]]);
    assert.deepEqual(bench.bugs, []);
  });
}

test("changes before a bug are written also where nobody comes after it", async () => {
  for (const count of [1, 100]) {
    using bench = new Bench("never");
    const buggy = new BuggyClient(Array.from({ length: count }, () => insert("a", "1")));
    await assert.rejects(buggy.submitTo(bench), /a bug/);
    await eventLoop();
    assert.equal(bench.storage.written.length, count);
  }
});

test("changes before a bug that cannot be written are undone, and the others told so", async () => {
  using bench = new Bench();
  bench.storage.whyNoWrites = "full";
  const buggy = new BuggyClient([insert("a", "1"), SIZE]);
  const bug = assert.rejects(buggy.submitTo(bench), /a bug/);
  const other = bench.submit(lookup("a"), insert("b", "2"), SIZE);
  await eventLoop();
  await bug;
  assert.deepEqual(other.words, ["KeyError", "StorageError", 0]);
  bench.storage.whyNoWrites = undefined;
  assert.deepEqual(await bench.words(insert("a", "3"), SIZE), [null, 1]);
  assert.deepEqual(bench.bugs, []);
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

test("a storage that fails in another way is not taken for a full disk", () => {
  using bench = new Bench();
  bench.storage.onWrite = () => {
    throw new RangeError("a bug");
  };
  assert.throws(() => bench.commits.write(), /a bug/);
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
  await bench.endSync();
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
  await bench.endSync();
  assert.deepEqual([first.isDone, third.isDone], [false, false]);
  await bench.endSync();
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

test("a scan that is answered anew before another one of its client goes on where it then was", async () => {
  using bench = new Bench();
  await bench.words(insert("a", "1"), insert("b", "2"), insert("c", "3"));
  const client = newClient();
  const submit = async (...requests: Asked[]) => {
    const one = await new ListedClient(requests, () => {}, client).submitTo(bench);
    return one.replies;
  };
  bench.storage.whyNoWrites = "full";
  // Without "a" the first part would have ended behind "b".
  const [, one, two] = await submit(remove("a"), part(), part());
  assert.deepEqual([one?.["result"], two?.["result"]], [[["a", 1]], [["a", 1]]]);
  for (const { cursor } of [one ?? {}, two ?? {}] as { cursor?: string }[]) {
    const [next] = await submit(part(cursor));
    assert.deepEqual(next?.["result"], [["b", 2]]);
  }
});

test("undone, each key is where a walk through the table looks for it, also if none was left", async () => {
  using bench = new Bench();
  await bench.words(insert("a", "1"), insert("b", "2"), insert("c", "3"));
  const places = () => [0, 1, 2].map((slot) => pairAt(bench.table, slot)?.[0]);
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
  const keys = ["a", "b", ...keysOfOneMark(bench.table)];
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
  while (storage.pendingSyncs > 0) await bench.endSync();
  await Promise.all(clients);
  checkHistory(new Map(start), executed, failed);
  assert.deepEqual(
    pairsOf(bench.table),
    pairsAfter(storage.written, storage.written.length),
    "the table is what was written",
  );
  assert.deepEqual(bench.bugs, []);
  return { waited, failedTurns: failed.size, executions: executed.length };

  async function submitRandom(): Promise<void> {
    const count = 1 + random.below(random.below(8) === 0 ? 100 : 4);
    const requests = Array.from({ length: count }, () => randomRequest(random, keys));
    const mine: Executed[] = [];
    const shown: number[] = [];
    const client = new ListedClient(requests, (request, { line, outcome }) => {
      const { id, status, result, type } = JSON.parse(line);
      const entry = mine[id] ?? { turn, request, word: undefined };
      if (mine[id] === undefined) executed.push(entry);
      mine[id] = entry;
      entry.word = status !== "OK" ? type : Array.isArray(result) ? "a list" : result;
      shown[id] = outcome === "StorageError" ? 0 : lastChangeSeen(request, storage);
    });
    const isEarly = await Promise.race([client.submitTo(bench), eventLoop()]) !== undefined;
    if (!isEarly) waited++;
    while (!client.isDone) await eventLoop();
    assert.ok(Math.max(...shown) <= storage.durableSeq, "it shows what is durable");
    const { replies, words } = client;
    assert.deepEqual(replies.map(({ id }) => id), Array.from(requests.keys()), "in order");
    for (const [at, request] of requests.entries()) {
      const word = mine[at]?.word;
      assert.deepEqual(
        Array.isArray(words[at]) ? "a list" : words[at],
        word,
        "as it was told last",
      );
      if (request.method !== "insert" || words[at] !== null) continue;
      const seq = 1 +
        storage.written.findLastIndex((change) =>
          change.method === "insert" && change.value === request.value
        );
      assert.ok(seq > 0 && seq <= storage.durableSeq, "what it did is durable");
    }
  }
}

/** Number of the last change that a reply shows which is made now. */
function lastChangeSeen(request: Asked, { changes }: FakeStorage): number {
  if (!("key" in request)) return changes.length;
  return 1 + changes.findLastIndex(({ key }) => key === request.key);
}

let lastValue = 0;

function randomRequest(random: Random, keys: readonly string[]): Asked {
  const key = keys[random.below(keys.length)] ?? "";
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
