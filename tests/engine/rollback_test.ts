/** Proves that a failed write rolls back its batch, and replaces each reply in its place (I6, I1). */
import assert from "assert";
import { eventLoop } from "./command_context.ts";
import { areDone, CommitsBench } from "./group_commit_bench.ts";
import { ListedClient, pairsAfter, pairsOf } from "./durable_engine.ts";
import { insert, lookup, PING, remove, scan, SIZE, type TextRequest } from "./requests.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("rollback");

test("changes can be rolled back if a storage records them, and only then", () => {
  for (const durability of ["always", "interval", "never", "memory"] as const) {
    using bench = new CommitsBench(durability);
    assert.equal(bench.table.keepsUndo, durability !== "memory", durability);
  }
});

for (const durability of ["interval", "never"] as const) {
  test(`with ${durability}, a failed write is rolled back and reported, too`, async () => {
    using bench = new CommitsBench(durability);
    await bench.words(insert("a", "1"));
    bench.storage.writeError = "full";
    const words = await bench.words(remove("a"), lookup("a"), insert("b", "2"), SIZE);
    assert.deepEqual(words, ["StorageError", 1, "StorageError", 1]);
    bench.storage.writeError = undefined;
    assert.deepEqual(await bench.words(insert("b", "3"), lookup("b")), [null, 3]);
    assert.deepEqual(pairsAfter(bench.storage.written, 2), pairsOf(bench.table));
  });
}

test("a failed write rolls back the whole batch, and new replies have the order and the ids", async () => {
  using bench = new CommitsBench();
  await bench.words(insert("a", '"old"'), insert("b", "[2]"), insert("warm", "0"));
  const { bytes, size } = bench.table;
  const pairs = pairsOf(bench.table);
  bench.storage.writeError = "No space left on device";
  const first = bench.submit(
    ...[lookup("a"), insert("a", '"new"'), lookup("a"), remove("b"), insert("c", "3"), PING],
  );
  const second = bench.submit(
    ...[SIZE, lookup("c"), lookup("b"), scan("^[abc]$"), remove("c")],
    ...[insert("b", "4"), lookup("warm")],
  );
  await eventLoop();
  assert.ok(first.isDone && second.isDone);
  const failed = "StorageError";
  assert.deepEqual(first.words, ["old", failed, "old", failed, failed, "pong"]);
  const scanned = [["a", "old"], ["b", [2]]];
  assert.deepEqual(second.words, [3, "KeyError", [2], scanned, failed, failed, 0]);
  assert.deepEqual(first.replies.map(({ id }) => id), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(second.replies.map(({ id }) => id), [0, 1, 2, 3, 4, 5, 6]);
  assert.match(String(first.replies[1]?.["message"]), /"a".*was not made.*No space left on device/);
  assert.deepEqual(pairsOf(bench.table), pairs);
  assert.deepEqual([bench.table.bytes, bench.table.size], [bytes, size]);
  assert.equal(bench.storage.written.length, 3);
});

test("replaced replies leave all other replies unchanged (I1)", async () => {
  using bench = new CommitsBench();
  const long = JSON.stringify("v".repeat(5_000));
  await bench.words(insert("long", long), insert("short", "1"), insert("same", "[ 2 ]"));
  const count = 150;
  const listed = (owner: number) =>
    Array.from({ length: count }, (_, at): TextRequest => {
      const key = `${owner} ${at}`;
      // Short replies become long, long ones become short, and some stay the same.
      const kinds = [
        ...[lookup("same"), insert("long", "0"), insert(key, long), lookup(key), lookup("long")],
        ...[PING, remove("short"), lookup("short"), lookup("nowhere"), SIZE],
      ];
      return kinds[(at * 7 + owner) % kinds.length] ?? SIZE;
    });
  const expected = [0, 1, 2].map((owner) =>
    listed(owner).map((request) => {
      if (request.method === "ping") return "pong";
      if (request.method === "size") return 3;
      if (request.method !== "lookup") return "StorageError";
      if (request.key === "same") return [2];
      if (request.key === "long") return JSON.parse(long);
      return request.key === "short" ? 1 : "KeyError";
    })
  );
  bench.storage.writeError = "full";
  const clients = [0, 1, 2].map((owner) => bench.submit(...listed(owner)));
  await eventLoop();
  assert.ok(clients.every(({ isDone }) => isDone));
  assert.deepEqual(clients.map(({ words }) => words), expected);
  for (const { replies, lines } of clients) {
    assert.deepEqual(replies.map(({ id }) => id), Array.from(replies.keys()));
    assert.equal(lines.filter((line) => line.endsWith('"result":[ 2 ]}')).length, count / 10);
  }
});

test("if the second batch of a client fails, the replies of the first one stay", async () => {
  using bench = new CommitsBench();
  const requests = Array.from(
    { length: 40 },
    (_, at) => at % 3 === 0 ? SIZE : insert(`k${at}`, "1"),
  );
  // Long work, so that there are several batches; the write of the second one fails.
  const client = new ListedClient(requests, () => bench.clock.advance(1));
  let writes = 0;
  const failures: number[] = [];
  bench.storage.onWrite = () => {
    bench.storage.writeError = ++writes % 2 === 0 ? "full" : undefined;
    failures.push(client.lines.length);
  };
  await client.submitTo(bench);
  assert.ok(writes >= 3, `${writes} batches`);
  let size = 0;
  const expected = requests.map((request, at) => {
    const batch = failures.findIndex((answers) => at < answers);
    if (request.method !== "insert") return size;
    if (batch % 2 === 1) return "StorageError";
    size++;
    return null;
  });
  // A size in a failed batch shows none of its changes.
  assert.deepEqual(client.words, expected);
  assert.deepEqual(client.replies.map(({ id }) => id), Array.from(requests.keys()));
  assert.equal(bench.table.size, size);
});

test("after a failed write, reads continue, and the next change gets the next number", async () => {
  using bench = new CommitsBench();
  await bench.words(insert("a", "1"));
  bench.storage.writeError = "full";
  for (let batch = 0; batch < 3; batch++) {
    const words = await bench.words(insert("a", "2"), insert("b", "2"), lookup("a"), SIZE);
    assert.deepEqual(words, ["StorageError", "StorageError", 1, 1]);
  }
  bench.storage.writeError = undefined;
  assert.deepEqual(await bench.words(insert("b", "3"), lookup("b"), SIZE), [null, 3, 2]);
  assert.deepEqual(pairsAfter(bench.storage.written, 9), pairsOf(bench.table));
  assert.equal(bench.storage.durableSeq, 2);
});

test("a key that is rolled back to a value that is not durable is waited for as before", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  const first = await bench.batch(insert("a", "1"));
  bench.storage.writeError = "full";
  const second = await bench.batch(insert("a", "2"), lookup("a"));
  const third = bench.submit(lookup("a"));
  const other = await bench.batch(lookup("b"));
  assert.deepEqual(areDone(first, second, third, other), [false, false, false, true]);
  await bench.endSync();
  assert.deepEqual(areDone(first, second, third), [true, true, true]);
  assert.deepEqual(second.words, ["StorageError", 1]);
  assert.deepEqual(third.words, [1]);
});

test("the same if that value was written during the current sync", async () => {
  using bench = await CommitsBench.withSlowSyncs();
  await bench.batch(insert("x", "0"));
  const first = await bench.batch(insert("a", "1"));
  bench.storage.writeError = "full";
  const second = await bench.batch(insert("a", "2"));
  bench.storage.writeError = undefined;
  const third = await bench.batch(lookup("a"));
  await bench.endSync();
  assert.deepEqual([first.isDone, third.isDone], [false, false]);
  await bench.endSync();
  assert.deepEqual([first.isDone, second.isDone, third.isDone], [true, true, true]);
});
