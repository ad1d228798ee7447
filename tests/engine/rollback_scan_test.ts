/** Proves that scans continue at their cursors, and find each key, after a failed write (I6). */
import assert from "assert";
import { newClient } from "./command_context.ts";
import { CommitsBench } from "./group_commit_bench.ts";
import { ListedClient } from "./durable_engine.ts";
import { insert, remove, scan, type TextRequest } from "./requests.ts";
import { pairAt } from "../helpers/table_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("rollback");

const part = (cursor?: string) => scan("", { limit: 1, cursor });

/** Submits requests of one client, one group after another. */
function submitter(bench: CommitsBench) {
  const client = newClient();
  return async (...requests: TextRequest[]) => {
    const { replies } = await new ListedClient(requests, () => {}, client).submitTo(bench);
    return replies;
  };
}

test("a part of a scan that is executed again continues at its cursor", async () => {
  using bench = new CommitsBench();
  await bench.words(insert("a", "1"), insert("b", "2"), insert("c", "3"));
  const submit = submitter(bench);
  const [first] = await submit(part());
  assert.deepEqual(first?.["result"], [["a", 1]]);
  bench.storage.writeError = "full";
  const [failed, second] = await submit(insert("b", "9"), part(String(first?.["cursor"])));
  assert.equal(failed?.["type"], "StorageError");
  assert.deepEqual(second?.["result"], [["b", 2]], JSON.stringify(second));
  const [third] = await submit(part(String(second?.["cursor"])));
  assert.deepEqual(third?.["result"], [["c", 3]]);
});

test("parts of two scans that are executed again continue, each at its cursor", async () => {
  using bench = new CommitsBench();
  await bench.words(insert("a", "1"), insert("b", "2"), insert("c", "3"), insert("d", "4"));
  const submit = submitter(bench);
  bench.storage.writeError = "full";
  const [, , one, both] = await submit(remove("b"), remove("c"), part(), scan("", { limit: 2 }));
  assert.deepEqual([one?.["result"], both?.["result"]], [[["a", 1]], [["a", 1], ["b", 2]]]);
  const [afterOne] = await submit(part(String(one?.["cursor"])));
  assert.deepEqual(afterOne?.["result"], [["b", 2]]);
  const [afterBoth] = await submit(part(String(both?.["cursor"])));
  assert.deepEqual(afterBoth?.["result"], [["c", 3]]);
});

test("a scan that is executed again before another one of its client continues at its new cursor", async () => {
  using bench = new CommitsBench();
  await bench.words(insert("a", "1"), insert("b", "2"), insert("c", "3"));
  const submit = submitter(bench);
  bench.storage.writeError = "full";
  // Without "a", the first part would end behind "b".
  const [, one, two] = await submit(remove("a"), part(), part());
  assert.deepEqual([one?.["result"], two?.["result"]], [[["a", 1]], [["a", 1]]]);
  for (const { cursor } of [one ?? {}, two ?? {}] as { cursor?: string }[]) {
    const [next] = await submit(part(cursor));
    assert.deepEqual(next?.["result"], [["b", 2]]);
  }
});

test("after a rollback, a scan finds each key, also if the table was empty", async () => {
  using bench = new CommitsBench();
  await bench.words(insert("a", "1"), insert("b", "2"), insert("c", "3"));
  const keysBySlot = () => [0, 1, 2].map((slot) => pairAt(bench.table, slot)?.[0]);
  const before = keysBySlot();
  bench.storage.writeError = "full";
  await bench.words(remove("a"), insert("d", "4"), insert("a", "5"), remove("c"), insert("e", "6"));
  assert.deepEqual(keysBySlot(), before);
  await bench.words(remove("c"), remove("a"), remove("b"));
  assert.deepEqual(keysBySlot(), before);
});
