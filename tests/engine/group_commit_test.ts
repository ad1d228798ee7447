/** Proves that no reply shows a change before it is durable, and that no other reply waits (I2). */
import assert from "assert";
import { textOf } from "../../lib/bytes/span.ts";
import { eventLoop } from "./command_context.ts";
import { areDone, CommitsBench, keysOfOneSlot } from "./group_commit_bench.ts";
import { ListedClient, pairsOf } from "./durable_engine.ts";
import {
  INFO,
  insert,
  lookup,
  PING,
  query,
  remove,
  scan,
  SIZE,
  type TextRequest,
} from "./requests.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("group_commit");

test("with quick syncs, the reply to a change leaves after the sync, in the same batch", async () => {
  using bench = new CommitsBench();
  const client = bench.submit(insert("a", "1"), remove("a"), insert("b", "2"));
  assert.equal(bench.storage.syncsNow, 0);
  await eventLoop();
  assert.ok(client.isDone);
  assert.equal(bench.storage.syncsNow, 1, "one for all");
  assert.equal(bench.storage.durableSeq, 3);
  assert.deepEqual(client.words, [null, 1, null]);
});

test("with slow syncs, the reply to a change waits until it is durable", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  const client = await bench.batch(insert("a", "1"));
  assert.equal(bench.storage.pendingSyncs, 1);
  assert.equal(client.isDone, false);
  await bench.endSync();
  assert.equal(client.isDone, true);
  assert.equal(bench.storage.pendingSyncs, 0);
});

test("every kind of reply that shows a change waits until it is durable", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  const before = await bench.batch(insert("there", '{"s":1}'), insert("gone", "2"));
  await bench.endSync();
  assert.ok(before.isDone);
  const changing = await bench.batch(insert("new", '{"s":1}'), remove("gone"));
  const seeing = [
    ...[lookup("new"), lookup("gone"), remove("gone"), scan("n"), scan("zzz")],
    ...[query("s", "1"), SIZE, INFO],
  ].map((request) => bench.submit(request));
  const both = bench.submit(lookup("there"), lookup("new"));
  const others = [lookup("there"), lookup("warm"), lookup("nowhere")]
    .map((request) => bench.submit(request));
  await eventLoop();
  for (const client of [changing, both, ...seeing]) assert.ok(!client.isDone, client.words.join());
  for (const client of others) assert.ok(client.isDone, client.words.join());
  await bench.endSync();
  for (const client of [changing, both, ...seeing]) assert.ok(client.isDone);
  assert.deepEqual(both.words, [{ s: 1 }, { s: 1 }]);
  const words = seeing.slice(0, 3).map(({ words }) => words);
  assert.deepEqual(words, [[{ s: 1 }], ["KeyError"], ["KeyError"]]);
});

test("a KeyError for a key whose removal is not durable waits, also after the batch", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  await bench.batch(insert("a", "1"));
  await bench.endSync();
  const removing = bench.submit(remove("a"));
  const inItsBatch = await bench.batch(lookup("a"));
  const later = [bench.submit(lookup("a")), bench.submit(remove("a"))];
  const never = await bench.batch(lookup("never there"));
  for (const client of [removing, inItsBatch, ...later]) assert.equal(client.isDone, false);
  assert.deepEqual(never.words, ["KeyError"]);
  assert.ok(never.isDone);
  await bench.endSync();
  for (const client of [inItsBatch, ...later]) {
    assert.ok(client.isDone);
    assert.deepEqual(client.words, ["KeyError"]);
  }
  assert.deepEqual(await bench.words(lookup("a"), remove("a")), ["KeyError", "KeyError"]);
});

test("a client without such a reply is done at once, while others wait", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  const queued = (...requests: TextRequest[]) =>
    bench.queue.submit(new ListedClient(requests).queued);
  const other: TextRequest[] = [lookup("warm"), lookup("nowhere"), PING];
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

test("no change is unwritten between batches", async () => {
  using bench = new CommitsBench("never");
  await bench.queue.submit(new ListedClient([insert("a", "1")]).queued);
  const openings: boolean[] = [];
  // A checkpoint may start in between: it starts another log and reads the table.
  const look = () => void openings.push(bench.commits.isOpen);
  const clients = [[insert("a", "2")], [lookup("a"), remove("a")], [SIZE, insert("b", "3")]];
  for (const requests of clients) {
    const submitted = bench.queue.submit(new ListedClient(requests).queued);
    look();
    queueMicrotask(look);
    for (let step = 0; step < 5; step++) {
      await Promise.resolve();
      look();
    }
    await submitted;
  }
  assert.deepEqual(new Set(openings), new Set([false]));
  assert.deepEqual(pairsOf(bench.table), [["b", "3"]]);
});

test("replies after a failed write are bounded, and each request has one", async () => {
  using bench = new CommitsBench("never");
  const large = JSON.stringify("x".repeat(200_000));
  await bench.queue.submit(new ListedClient([insert("a", large)]).queued);
  bench.storage.writeError = "full";
  const lookups = Array.from({ length: 40 }, () => lookup("a"));
  const client = new ListedClient([insert("a", "1"), ...lookups]);
  await bench.queue.submit(client.queued);
  assert.equal(client.words.length, 41);
  assert.ok(client.words.includes("StorageError"));
  assert.ok(client.out.length < 1_500_000, `${client.out.length} bytes`);
});

test("a change without memory for its record is not made, and earlier ones of its batch stay", async () => {
  using bench = new CommitsBench("never");
  await bench.queue.submit(new ListedClient([insert("a", "1"), insert("b", "2")]).queued);
  const append = bench.storage.append.bind(bench.storage);
  for (const lost of [insert("a", "9"), insert("new", "9"), remove("b")]) {
    bench.storage.append = (change) => {
      if (textOf(change.key) !== "good") throw new RangeError("no memory");
      return append(change);
    };
    const good = bench.queue.submit(new ListedClient([insert("good", "1")]).queued);
    const client = new ListedClient([lost]);
    await bench.queue.submit(client.queued);
    assert.deepEqual(client.words, ["TooLarge"]);
    await good;
    bench.storage.append = append;
    assert.deepEqual(pairsOf(bench.table), [["a", "1"], ["b", "2"], ["good", "1"]]);
  }
});

test("keys that share a slot may wait for each other, and are never early or wrong", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  const [one, two] = keysOfOneSlot(bench.table);
  await bench.batch(insert(one, "1"), insert(two, "2"));
  await bench.endSync();
  // The first key changes, and the other one during the sync.
  const first = await bench.batch(insert(one, "3"));
  const second = bench.submit(remove(two));
  const [seesOne, seesTwo] = [bench.submit(lookup(one)), bench.submit(lookup(two))];
  const other = await bench.batch(lookup("warm"));
  assert.deepEqual(areDone(first, second, seesOne, seesTwo), [false, false, false, false]);
  assert.ok(other.isDone);
  await bench.endSync();
  assert.deepEqual(areDone(first, second, seesTwo), [true, false, false]);
  await bench.endSync();
  assert.ok(seesOne.isDone && second.isDone && seesTwo.isDone);
  assert.deepEqual([...seesOne.words, ...seesTwo.words], [3, "KeyError"]);
  assert.deepEqual(await bench.words(lookup(one), lookup(two)), [3, "KeyError"]);
});

test("a key whose slot has a change that was rolled back is waited for as before", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  const [one, two] = keysOfOneSlot(bench.table);
  const first = await bench.batch(insert(one, "1"));
  bench.storage.writeError = "full";
  const second = await bench.batch(insert(two, "2"));
  bench.storage.writeError = undefined;
  const seeing = bench.submit(lookup(one)), other = bench.submit(lookup("warm"));
  await eventLoop();
  assert.deepEqual(areDone(first, seeing, other), [false, false, true]);
  await bench.endSync();
  assert.ok(first.isDone && second.isDone && seeing.isDone);
  assert.deepEqual([...second.words, ...seeing.words], ["StorageError", 1]);
  assert.deepEqual(await bench.words(lookup(two)), ["KeyError"]);
});

test("no reply waits for a change that was rolled back, whose number is used again", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  const pending = await bench.batch(insert("b", "1"));
  bench.storage.writeError = "full";
  const failing = await bench.batch(...Array.from({ length: 5 }, () => insert("a", "2")));
  assert.deepEqual(failing.words, Array(5).fill("StorageError"));
  const seeing = await bench.batch(lookup("a"));
  await bench.endSync();
  for (const client of [pending, failing, seeing]) assert.ok(client.isDone, "nothing is left");
  assert.deepEqual(seeing.words, ["KeyError"]);
  assert.deepEqual(await bench.words(lookup("a"), SIZE), ["KeyError", 2]);
  // The numbers are used again: once those changes are durable, no reply waits for them.
  bench.storage.writeError = undefined;
  await bench.batch(...Array.from({ length: 5 }, () => insert("c", "3")));
  await bench.endSync();
  assert.deepEqual(await bench.words(lookup("a"), lookup("c")), ["KeyError", 3]);
});

test("later replies of the same batch wait too, and earlier ones do not", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  const before = bench.submit(lookup("a"), SIZE);
  const changing = bench.submit(insert("a", "1"));
  const after = bench.submit(lookup("a"));
  const other = await bench.batch(lookup("b"));
  assert.deepEqual(areDone(before, changing, after, other), [true, false, false, true]);
  await bench.endSync();
  assert.ok(after.isDone && changing.isDone);
  assert.deepEqual(before.words, ["KeyError", 1]);
});

test("changes during a sync wait for the next sync, which starts by itself", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  const first = await bench.batch(insert("a", "1"));
  const second = await bench.batch(insert("b", "2"));
  const third = await bench.batch(insert("a", "3"));
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
  test(`with ${durability}, no reply waits`, async () => {
    using bench = new CommitsBench(durability);
    const words = await bench.words(insert("a", "1"), lookup("a"), SIZE, remove("a"));
    assert.deepEqual(words, [null, 1, 1, 1]);
    assert.equal(bench.storage.syncsNow + bench.storage.pendingSyncs, 0);
    assert.equal(bench.storage.written.length, durability === "memory" ? 0 : 2);
  });
}
