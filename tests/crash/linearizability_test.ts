/** The checker of histories, on histories that are right and on histories that are wrong. */
import assert from "assert";
import { type Operation, type Value } from "./history.ts";
import { shrinkHistory } from "./shrink_history.ts";
import { checkLinearizable } from "./linearizability.ts";
import { type Random, randomFrom, seedFor } from "../../bench/harness/random.ts";

type Interval = readonly [invoked: number, returned: number];

const put = ([invoked, returned]: Interval, value: string, session?: number): Operation => ({
  action: { method: "insert", value },
  invoked,
  returned,
  reply: { value: undefined },
  ...(session === undefined ? {} : { session }),
});
const get = ([invoked, returned]: Interval, value: Value, session?: number): Operation => ({
  action: { method: "lookup" },
  invoked,
  returned,
  reply: { value },
  ...(session === undefined ? {} : { session }),
});
const remove = ([invoked, returned]: Interval, value: Value): Operation => ({
  action: { method: "remove" },
  invoked,
  returned,
  reply: { value },
});
const unanswered = (operation: Operation): Operation => ({ ...operation, reply: undefined });

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
  ["a lookup beside an insert sees it", true, [put([1, 10], "a"), get([2, 3], "a")]],
  ["a lookup beside an insert does not see it", true, [put([1, 10], "a"), get([2, 3], undefined)]],
  ["two inserts at once, either one is the last", true, [
    put([1, 10], "a"),
    put([2, 9], "b"),
    get([11, 12], "a"),
  ]],
  ["an unanswered insert is seen", true, [unanswered(put([1, 10], "a")), get([11, 12], "a")]],
  ["an unanswered insert is not seen", true, [
    unanswered(put([1, 10], "a")),
    get([11, 12], undefined),
  ]],
  ["an unanswered insert is seen late, where nobody says that it is over", true, [
    unanswered(put([1, Infinity], "a")),
    get([11, 12], undefined),
    get([13, 14], "a"),
  ]],
  ["an unanswered remove explains that the key is gone", true, [
    put([1, 2], "a"),
    unanswered(remove([3, 10], undefined)),
    get([11, 12], undefined),
  ]],
  ["a value from the beginning is removed", true, [remove([1, 2], "first")]],

  ["stale read", false, [put([1, 2], "a"), put([3, 4], "b"), get([5, 6], "a")]],
  ["lost update", false, [put([1, 2], "a"), get([3, 4], undefined)]],
  ["lost update, with another insert at once", false, [
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
  ["resurrected key, seen gone before", false, [
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
  ["reads go back although the insert is not over", false, [
    put([1, 20], "a"),
    get([3, 4], "a"),
    get([5, 6], undefined),
  ]],
  ["remove that gives a wrong value", false, [
    put([1, 2], "a"),
    put([3, 4], "b"),
    remove([5, 6], "a"),
  ]],
  ["remove of what is there finds nothing", false, [put([1, 2], "a"), remove([3, 4], undefined)]],
  ["one insert is removed twice", false, [
    put([1, 2], "a"),
    remove([3, 10], "a"),
    remove([4, 11], "a"),
  ]],
  ["an unanswered insert is seen, then unseen", false, [
    unanswered(put([1, 10], "a")),
    get([11, 12], "a"),
    get([13, 14], undefined),
  ]],
  ["an unanswered insert of a dead server is unseen, then seen", false, [
    unanswered(put([1, 10], "a")),
    get([11, 12], undefined),
    get([13, 14], "a"),
  ]],
  ["a session's second change is there without its first", false, [
    unanswered({ ...remove([2, 10], undefined), session: 1 }),
    unanswered(put([3, 20], "b", 1)),
    get([12, 13], "first"),
    get([14, 15], "b"),
  ]],
  ["a session's requests take effect in the wrong order", false, [
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
  name: "checker: without its sessions the last history is right",
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
  name: "checker: what is shown of a wrong history is its smallest part",
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

Deno.test("checker: agrees with trying all orders", () => {
  const seed = seedFor("checker against all orders");
  const random = randomFrom(seed);
  const verdicts = { right: 0, wrong: 0 };
  for (let round = 0; round < 20_000; round++) {
    const history = smallHistory(random);
    const initial = random.below(4) === 0 ? "a" : undefined;
    const isRight = hasAnOrder(history, initial);
    verdicts[isRight ? "right" : "wrong"]++;
    assert.equal(
      checkLinearizable(history, { initial }),
      isRight ? "linearizable" : "not linearizable",
      `SEED=${seed}, initially ${initial}: ${JSON.stringify(history)}`,
    );
  }
  assert.ok(Math.min(verdicts.right, verdicts.wrong) > 2_000, JSON.stringify(verdicts));
});

Deno.test("checker: executions with random intervals are right, and a wrong read in them is found", () => {
  const seed = seedFor("checker with random executions");
  const random = randomFrom(seed);
  for (let round = 0; round < 100; round++) {
    const history = randomHistory(random, 50 + random.below(500), 1 + random.below(40));
    assert.equal(checkLinearizable(history), "linearizable", `SEED=${seed}, round ${round}`);
    const reads = history.filter(({ reply, action }) => reply && action.method === "lookup");
    const read = reads[random.below(reads.length)];
    if (read === undefined) continue;
    for (const value of ["from nowhere", ...valueOfThePast(history, read)]) {
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
  name: "checker: hundreds of operations at once on one key",
  permissions: "none",
  fn() {
    const random = randomFrom(7);
    for (const size of [100, 400]) {
      // No session, and all at once: only what the replies say gives an order.
      const history = randomHistory(random, size, 1).map(({ session: _, ...operation }) => ({
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

/** A value that was surely replaced before a read was sent: it must not be read. */
function valueOfThePast(history: readonly Operation[], read: Operation): string[] {
  const inserts = history.filter(({ action, reply }) => reply && action.method === "insert");
  const lastBefore = inserts.filter(({ returned }) => returned < read.invoked)
    .sort((a, b) => a.invoked - b.invoked).at(-1);
  const old = inserts.find(({ returned }) => lastBefore && returned < lastBefore.invoked);
  return old?.action.method === "insert" ? [old.action.value] : [];
}

/**
 * Operations that were executed one after the other, with intervals around the instants of that.
 *
 * @param width most sessions at once, and so how many intervals overlap
 */
function randomHistory(random: Random, size: number, width: number): Operation[] {
  const history: Operation[] = [];
  let value: Value;
  const sessions = Array.from({ length: width }, () => ({ id: 0, freeAt: 0, returned: 0 }));
  let nextSession = 1;
  for (const session of sessions) session.id = nextSession++;
  for (let number = 0; number < size; number++) {
    const instant = (number + 1) * 100;
    const session = sessions[random.below(width)];
    if (session === undefined) continue;
    const invoked = Math.max(session.freeAt, instant - random.below(100 * width));
    // Requests of a session are executed, and answered, in their order.
    const returned = Math.max(session.returned + 1, instant + random.below(100 * width));
    session.freeAt = invoked + 1;
    session.returned = returned;
    const interval = { invoked, returned, session: session.id };
    const isAnswered = random.below(40) > 0;
    const isExecuted = isAnswered || random.below(2) === 0;
    const reply = { value };
    switch (random.below(4)) {
      case 0: {
        const inserted = `v${number}`;
        const action = { method: "insert", value: inserted } as const;
        history.push({
          ...interval,
          action,
          reply: isAnswered ? { value: undefined } : undefined,
        });
        if (isExecuted) value = inserted;
        break;
      }
      case 1:
        history.push({
          ...interval,
          action: { method: "remove" },
          reply: isAnswered ? reply : undefined,
        });
        if (isExecuted) value = undefined;
        break;
      default:
        history.push({
          ...interval,
          action: { method: "lookup" },
          reply: isAnswered ? reply : undefined,
        });
    }
    // A session ends with its first request without a reply.
    if (!isAnswered) session.id = nextSession++;
  }
  return history;
}

/** A few operations with intervals and replies that may be right; some of them in sessions. */
function smallHistory(random: Random): Operation[] {
  const values = ["a", "b", "c"] as const;
  const size = 1 + random.below(6);
  const areInSessions = random.below(2) === 0;
  const history: Operation[] = [];
  for (let number = 0; number < size; number++) {
    const invoked = random.below(12) * 10 + number;
    const returned = invoked + 5 + random.below(80);
    const value = values[random.below(values.length)] ?? "a";
    const seen = random.below(3) === 0 ? undefined : value;
    const kind = random.below(3);
    const operation = kind === 0
      ? put([invoked, returned], value)
      : (kind === 1 ? get : remove)([invoked, returned], seen);
    const isAnswered = random.below(4) > 0;
    history.push(
      isAnswered
        ? operation
        : unanswered({ ...operation, returned: random.below(3) === 0 ? Infinity : returned }),
    );
  }
  return areInSessions ? inSessions(random, history) : history;
}

/** Deals operations to two sessions; one that has a request without a reply ends with such ones. */
function inSessions(random: Random, history: readonly Operation[]): Operation[] {
  const ended = new Set<number>();
  return [...history].sort((a, b) => a.invoked - b.invoked).map((operation) => {
    const session = random.below(3);
    if (session === 2 || (operation.reply && ended.has(session))) return operation;
    if (operation.reply) return { ...operation, session };
    ended.add(session);
    return { ...operation, session, returned: Infinity };
  });
}

/** The definition, word by word: tries every order of every choice of unanswered operations. */
function hasAnOrder(left: readonly Operation[], value: Value, done: Operation[] = []): boolean {
  if (left.every(({ reply }) => reply === undefined)) return true;
  return left.some((next) => {
    const rest = left.filter((other) => other !== next);
    // Nothing that is left with a reply was over before, and it was not over before what is done.
    if (rest.some(({ reply, returned }) => reply && returned < next.invoked)) return false;
    if (done.some(({ invoked }) => next.returned < invoked)) return false;
    const { session } = next;
    const isBefore = (one: Operation) => one.session === session && one.invoked < next.invoked;
    if (session !== undefined && rest.some(isBefore)) return false;
    const { action, reply } = next;
    if (action.method !== "insert" && reply && reply.value !== value) return false;
    const after = action.method === "insert"
      ? action.value
      : action.method === "remove"
      ? undefined
      : value;
    return hasAnOrder(rest, after, [...done, next]);
  });
}
