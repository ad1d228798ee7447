/** Proves that the checker of histories accepts right histories and refuses wrong ones. */
import assert from "assert";
import { shrinkHistory } from "./shrink_history.ts";
import { checkLinearizable } from "./linearizability.ts";
import {
  findOldValue,
  hasOrder,
  historyOf,
  randomHistory,
  smallHistory,
} from "./random_history.ts";
import { randomFrom, seedFor } from "../../../bench/harness/random.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `checker: ${name}`, permissions: "none", fn });
}

/**
 * Histories of one key by their names, right and wrong ones. An operation is the times of its request and
 * its reply, its kind, and the value that it inserts or returns: `-` if the key is missing. `?` is an
 * operation without a reply, and `@1` the number of its connection.
 */
const RIGHT: Readonly<Record<string, string>> = {
  "nothing at all": "",
  "one after the other":
    "1-2 get -, 3-4 put a, 5-6 get a, 7-8 remove a, 9-10 remove -, 11-12 get -",
  "a lookup concurrent with an insert returns its value": "1-10 put a, 2-3 get a",
  "a lookup concurrent with an insert does not return its value": "1-10 put a, 2-3 get -",
  "two concurrent inserts, in either order": "1-10 put a, 2-9 put b, 11-12 get a",
  "an unanswered insert is executed": "1-10 put a ?, 11-12 get a",
  "an unanswered insert is not executed": "1-10 put a ?, 11-12 get -",
  "an unanswered insert without an end is executed late": "1- put a ?, 11-12 get -, 13-14 get a",
  "an unanswered remove explains that the key is missing": "1-2 put a, 3-10 remove ?, 11-12 get -",
  "two concurrent inserts without connections, in the other order":
    "1-10 put a, 2-11 put b, 12-13 get a",
  "the initial value is removed": "1-2 remove first",
};

const WRONG: Readonly<Record<string, string>> = {
  "stale read": "1-2 put a, 3-4 put b, 5-6 get a",
  "lost update": "1-2 put a, 3-4 get -",
  "lost update, with another concurrent insert": "1-2 put a, 3-10 put b, 4-9 put c, 11-12 get a",
  "resurrected key": "1-2 put a, 3-4 remove a, 5-6 get a",
  "resurrected key, after a lookup without a value": "1-2 put a, 3- remove ?, 5-6 get -, 7-8 get a",
  "value from nowhere": "1-2 put a, 3-4 get z",
  "value from the future": "1-2 get a, 3-4 put a",
  "two clients read two inserts in different orders":
    "1-20 put a, 2-21 put b, 3-4 get a, 5-6 get b, 7-8 get a",
  "reads go back before the insert has returned": "1-20 put a, 3-4 get a, 5-6 get -",
  "remove returns a wrong value": "1-2 put a, 3-4 put b, 5-6 remove a",
  "remove of an existing key returns no value": "1-2 put a, 3-4 remove -",
  "one insert is removed twice": "1-2 put a, 3-10 remove a, 4-11 remove a",
  "an unanswered insert is undone": "1-10 put a ?, 11-12 get a, 13-14 get -",
  "an unanswered insert takes effect after the server has ended":
    "1-10 put a ?, 11-12 get -, 13-14 get a",
  "a connection's second change without its first":
    "2-10 remove ? @1, 3-20 put b ? @1, 12-13 get first, 14-15 get b",
  "a connection's requests take effect in the wrong order":
    "1-10 put a @1, 2-11 put b @1, 12-13 get a",
};

for (const [what, text] of [...Object.entries(RIGHT), ...Object.entries(WRONG)]) {
  const isRight = what in RIGHT;
  test(`${what}: ${isRight ? "right" : "wrong"}`, () => {
    const history = historyOf(text);
    const expected = isRight ? "linearizable" : "not linearizable";
    const initial = history.some(({ reply }) => reply?.value === "first") ? "first" : undefined;
    assert.equal(checkLinearizable(history, { initial }), expected);
    assert.equal(checkLinearizable(history.toReversed(), { initial }), expected);
    if (!isRight) {
      const part = shrinkHistory(history, initial);
      assert.ok(part.length <= history.length);
      assert.equal(checkLinearizable(part, { initial }), expected);
    }
  });
}

test("a search that takes too long is undecided", () => {
  const history = randomHistory(randomFrom(1), 50, 5);
  assert.equal(checkLinearizable(history, { maxSteps: 3 }), "undecided");
});

test("a wrong history is reduced to its smallest part", () => {
  const random = randomFrom(5);
  const right = randomHistory(random, 300, 6);
  const late = historyOf("1000000-1000001 put x, 1000002-1000003 put y, 1000004-1000005 get x");
  const after = historyOf("2000000-2000001 put z, 2000002-2000003 get z");
  assert.deepEqual(shrinkHistory([...right, ...late, ...after], undefined), late.slice(1));
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

test("hundreds of concurrent operations on one key", () => {
  const random = randomFrom(7);
  for (const size of [100, 400]) {
    // Without connections, and all concurrent: only the replies give an order.
    const history = randomHistory(random, size, 1).map(({ connection: _, ...operation }) => ({
      ...operation,
      invoked: 0,
      returned: 1e9,
    }));
    assert.equal(checkLinearizable(history), "linearizable");
    const wrong = [...history, ...historyOf("2000000000- get z")];
    assert.equal(checkLinearizable(wrong), "not linearizable");
  }
});
