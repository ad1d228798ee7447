/** Proves that the checker of histories accepts right histories and refuses wrong ones. */
import assert from "assert";
import type { Operation } from "./history.ts";
import { shrinkHistory } from "./shrink_history.ts";
import { checkLinearizable } from "./linearizability.ts";
import {
  findOldValue,
  get,
  hasOrder,
  put,
  randomHistory,
  remove,
  smallHistory,
  unanswered,
} from "./random_history.ts";
import { randomFrom, seedFor } from "../../../bench/harness/random.ts";

/** Histories of one key, and whether they are linearizable. */
const CASES: readonly (readonly [what: string, isRight: boolean, history: Operation[]])[] = [
  ["nothing at all", true, []],
  ["one after the other", true, [
    get([1, 2], undefined),
    put([3, 4], "a"),
    get([5, 6], "a"),
    remove([7, 8], "a"),
    remove([9, 10], undefined),
    get([11, 12], undefined),
  ]],
  ["a lookup concurrent with an insert returns its value", true, [
    put([1, 10], "a"),
    get([2, 3], "a"),
  ]],
  ["a lookup concurrent with an insert does not return its value", true, [
    put([1, 10], "a"),
    get([2, 3], undefined),
  ]],
  ["two concurrent inserts, in either order", true, [
    put([1, 10], "a"),
    put([2, 9], "b"),
    get([11, 12], "a"),
  ]],
  ["an unanswered insert is executed", true, [unanswered(put([1, 10], "a")), get([11, 12], "a")]],
  ["an unanswered insert is not executed", true, [
    unanswered(put([1, 10], "a")),
    get([11, 12], undefined),
  ]],
  ["an unanswered insert without an end is executed late", true, [
    unanswered(put([1, Infinity], "a")),
    get([11, 12], undefined),
    get([13, 14], "a"),
  ]],
  ["an unanswered remove explains that the key is missing", true, [
    put([1, 2], "a"),
    unanswered(remove([3, 10], undefined)),
    get([11, 12], undefined),
  ]],
  ["the initial value is removed", true, [remove([1, 2], "first")]],

  ["stale read", false, [put([1, 2], "a"), put([3, 4], "b"), get([5, 6], "a")]],
  ["lost update", false, [put([1, 2], "a"), get([3, 4], undefined)]],
  ["lost update, with another concurrent insert", false, [
    put([1, 2], "a"),
    put([3, 10], "b"),
    put([4, 9], "c"),
    get([11, 12], "a"),
  ]],
  ["resurrected key", false, [
    put([1, 2], "a"),
    remove([3, 4], "a"),
    get([5, 6], "a"),
  ]],
  ["resurrected key, after a lookup without a value", false, [
    put([1, 2], "a"),
    unanswered(remove([3, Infinity], undefined)),
    get([5, 6], undefined),
    get([7, 8], "a"),
  ]],
  ["value from nowhere", false, [put([1, 2], "a"), get([3, 4], "z")]],
  ["value from the future", false, [get([1, 2], "a"), put([3, 4], "a")]],
  ["two clients read two inserts in different orders", false, [
    put([1, 20], "a"),
    put([2, 21], "b"),
    get([3, 4], "a"),
    get([5, 6], "b"),
    get([7, 8], "a"),
  ]],
  ["reads go back before the insert has returned", false, [
    put([1, 20], "a"),
    get([3, 4], "a"),
    get([5, 6], undefined),
  ]],
  ["remove returns a wrong value", false, [
    put([1, 2], "a"),
    put([3, 4], "b"),
    remove([5, 6], "a"),
  ]],
  ["remove of an existing key returns no value", false, [
    put([1, 2], "a"),
    remove([3, 4], undefined),
  ]],
  ["one insert is removed twice", false, [
    put([1, 2], "a"),
    remove([3, 10], "a"),
    remove([4, 11], "a"),
  ]],
  ["an unanswered insert is undone", false, [
    unanswered(put([1, 10], "a")),
    get([11, 12], "a"),
    get([13, 14], undefined),
  ]],
  ["an unanswered insert takes effect after the server has ended", false, [
    unanswered(put([1, 10], "a")),
    get([11, 12], undefined),
    get([13, 14], "a"),
  ]],
  ["a connection's second change without its first", false, [
    unanswered({ ...remove([2, 10], undefined), connection: 1 }),
    unanswered(put([3, 20], "b", 1)),
    get([12, 13], "first"),
    get([14, 15], "b"),
  ]],
  ["a connection's requests take effect in the wrong order", false, [
    put([1, 10], "a", 1),
    put([2, 11], "b", 1),
    get([12, 13], "a"),
  ]],
];

for (const [what, isRight, history] of CASES) {
  Deno.test({
    name: `checker: ${what}: ${isRight ? "right" : "wrong"}`,
    permissions: "none",
    fn() {
      const expected = isRight ? "linearizable" : "not linearizable";
      const initial = history.some(({ reply }) => reply?.value === "first") ? "first" : undefined;
      assert.equal(checkLinearizable(history, { initial }), expected);
      assert.equal(checkLinearizable(history.toReversed(), { initial }), expected);
      if (!isRight) {
        const part = shrinkHistory(history, initial);
        assert.ok(part.length <= history.length);
        assert.equal(checkLinearizable(part, { initial }), expected);
      }
    },
  });
}

Deno.test({
  name: "checker: without connections, the last history is right",
  permissions: "none",
  fn() {
    const history = [put([1, 10], "a"), put([2, 11], "b"), get([12, 13], "a")];
    assert.equal(checkLinearizable(history), "linearizable");
  },
});

Deno.test({
  name: "checker: a search that takes too long is undecided",
  permissions: "none",
  fn() {
    const history = randomHistory(randomFrom(1), 50, 5);
    assert.equal(checkLinearizable(history, { maxSteps: 3 }), "undecided");
  },
});

Deno.test({
  name: "checker: a wrong history is reduced to its smallest part",
  permissions: "none",
  fn() {
    const random = randomFrom(5);
    const right = randomHistory(random, 300, 6);
    const late = [
      put([1e6, 1e6 + 1], "x"),
      put([1e6 + 2, 1e6 + 3], "y"),
      get([1e6 + 4, 1e6 + 5], "x"),
    ];
    const after = [put([2e6, 2e6 + 1], "z"), get([2e6 + 2, 2e6 + 3], "z")];
    assert.deepEqual(shrinkHistory([...right, ...late, ...after], undefined), late.slice(1));
  },
});

Deno.test("checker: it agrees with a trial of all orders", () => {
  const seed = seedFor("checker against all orders");
  const random = randomFrom(seed);
  const verdicts = { right: 0, wrong: 0 };
  for (let round = 0; round < 20_000; round++) {
    const history = smallHistory(random);
    const initial = random.below(4) === 0 ? "a" : undefined;
    const isRight = hasOrder(history, initial);
    verdicts[isRight ? "right" : "wrong"]++;
    assert.equal(
      checkLinearizable(history, { initial }),
      isRight ? "linearizable" : "not linearizable",
      `SEED=${seed}, initially ${initial}: ${JSON.stringify(history)}`,
    );
  }
  assert.ok(Math.min(verdicts.right, verdicts.wrong) > 2_000, JSON.stringify(verdicts));
});

Deno.test("checker: random executions are right, and a wrong read in them is found", () => {
  const seed = seedFor("checker with random executions");
  const random = randomFrom(seed);
  for (let round = 0; round < 100; round++) {
    const history = randomHistory(random, 50 + random.below(500), 1 + random.below(40));
    assert.equal(checkLinearizable(history), "linearizable", `SEED=${seed}, round ${round}`);
    const reads = history.filter(({ reply, action }) => reply && action.method === "lookup");
    const read = reads[random.below(reads.length)];
    if (read === undefined) continue;
    for (const value of ["from nowhere", ...findOldValue(history, read)]) {
      const wrong = history.map((one) => one === read ? { ...read, reply: { value } } : one);
      assert.equal(
        checkLinearizable(wrong),
        "not linearizable",
        `SEED=${seed}, round ${round}: ${value}`,
      );
    }
  }
});

Deno.test({
  name: "checker: hundreds of concurrent operations on one key",
  permissions: "none",
  fn() {
    const random = randomFrom(7);
    for (const size of [100, 400]) {
      // Without connections, and all concurrent: only the replies give an order.
      const history = randomHistory(random, size, 1).map(({ connection: _, ...operation }) => ({
        ...operation,
        invoked: 0,
        returned: 1e9,
      }));
      assert.equal(checkLinearizable(history), "linearizable");
      const wrong = [...history, get([2e9, 2e9 + 1], "from nowhere")];
      assert.equal(checkLinearizable(wrong), "not linearizable");
    }
  },
});
