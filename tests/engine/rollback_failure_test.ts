/** Proves that a bug, or a lack of memory for new replies, ends only its own client (I6). */
import assert from "assert";
import { chunkBytes } from "../../lib/bytes/byte_chunks.ts";
import type { Request } from "../../lib/protocol/requests.ts";
import { eventLoop } from "./command_context.ts";
import { CommitsBench } from "./group_commit_bench.ts";
import { insert, lookup, SIZE } from "./requests.ts";
import { ListedClient, pairsOf } from "./durable_engine.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("rollback");

/** A client with a bug behind its good requests. */
class BuggyClient extends ListedClient {
  override next(): Request | undefined {
    const request = super.next();
    if (request === undefined) throw new RangeError("a bug");
    return request;
  }
}

for (const count of [1, 100]) {
  const when = count === 1 ? "at once" : "later";
  test(`changes before a bug that is thrown ${when} are written before others see them`, async () => {
    using bench = await CommitsBench.withSlowSyncs();
    const buggy = new BuggyClient(Array.from({ length: count }, () => insert("a", "1")));
    const bug = assert.rejects(buggy.submitTo(bench), /a bug/);
    const others = [bench.submit(lookup("a")), bench.submit(insert("b", "2"))];
    await eventLoop();
    await bug;
    assert.equal(bench.storage.written.length, bench.storage.durableSeq + count + 1);
    const later = await bench.batch(lookup("a"));
    assert.ok([...others, later].every(({ isDone }) => !isDone));
    await bench.endSync();
    assert.ok([...others, later].every(({ isDone }) => isDone));
    assert.deepEqual([...others, later].map(({ words }) => words), [[1], [null], [1]]);
    assert.deepEqual(bench.bugs, []);
  });
}

test("changes before a bug are written without any later request", async () => {
  for (const count of [1, 100]) {
    using bench = new CommitsBench("never");
    const buggy = new BuggyClient(Array.from({ length: count }, () => insert("a", "1")));
    await assert.rejects(buggy.submitTo(bench), /a bug/);
    await eventLoop();
    assert.equal(bench.storage.written.length, count);
  }
});

test("changes before a bug that cannot be written are rolled back, and other replies show that", async () => {
  using bench = new CommitsBench();
  bench.storage.writeError = "full";
  const buggy = new BuggyClient([insert("a", "1"), SIZE]);
  const bug = assert.rejects(buggy.submitTo(bench), /a bug/);
  const other = await bench.batch(lookup("a"), insert("b", "2"), SIZE);
  await bug;
  assert.deepEqual(other.words, ["KeyError", "StorageError", 0]);
  bench.storage.writeError = undefined;
  assert.deepEqual(await bench.words(insert("a", "3"), SIZE), [null, 1]);
  assert.deepEqual(bench.bugs, []);
});

test("another error of the storage is thrown", () => {
  using bench = new CommitsBench();
  bench.storage.onWrite = () => {
    throw new RangeError("a bug");
  };
  assert.throws(() => bench.commits.write(), /a bug/);
});

test("a client whose requests cannot be executed again is ended", async () => {
  using bench = new CommitsBench();
  bench.storage.writeError = "full";
  // A slice has 64 requests; the 65th is held for the next one.
  const client = new ListedClient(
    Array.from({ length: 70 }, (_, n) => insert(`k${n}`, String(n))),
  );
  const { out } = client;
  const pairs = pairsOf(bench.table).length;
  const next = client.next.bind(client);
  client.next = () => {
    bench.clock.advance(1);
    return next();
  };
  const addFrom = out.addFrom.bind(out);
  out.addFrom = () => {
    bench.storage.writeError = undefined;
    throw new RangeError("no memory");
  };
  let failed = false;
  await client.submitTo(bench).catch(() => {
    failed = true;
    out.clear(); // as a connection does
    out.addFrom = addFrom;
  });
  assert.ok(failed);
  for (let round = 0; round < 10; round++) await eventLoop();
  assert.equal(pairsOf(bench.table).length, pairs);
  assert.equal(out.length, 0, `replies after its end: ${out.length} bytes`);
});

test("an execution that fails again frees its chunks", async () => {
  using bench = new CommitsBench();
  const before = chunkBytes();
  for (let n = 0; n < 100; n++) {
    bench.storage.writeError = "full";
    const client = new ListedClient(
      Array.from({ length: 60 }, (_, n) => insert(`k${n}`, String(n))),
    );
    client.out.addFrom = () => {
      throw new RangeError("no memory");
    };
    await client.submitTo(bench).catch(() => client.out.clear());
  }
  assert.ok(chunkBytes() - before <= 64 * 4096, "more than the spare chunks");
});
