/**
 * Proves that requests are executed one at a time, in each client's order, fairly between clients,
 * and that long work lets the event loop go on (I1, I7).
 */
import assert from "assert";
import fc from "fast-check";
import { REQUESTS_PER_TURN, TURN_MS } from "../../lib/base/limits.ts";
import { CommandQueue, type RequestSource } from "../../lib/engine/command_queue.ts";
import type { Answer, Executor } from "../../lib/engine/executor.ts";
import { isRefusal } from "../../lib/protocol/decode_request.ts";
import type { Request } from "../../lib/protocol/message.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { commitsInMemory, newClient } from "../helpers/command_context.ts";
import { stoppedClock } from "../helpers/stopped_clock.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `command_queue: ${name}`, permissions: "none", fn });
}

/** A client with numbered requests, which notes the answers it gets. */
class Numbered implements RequestSource {
  readonly client;
  readonly answers: number[] = [];
  #next = 0;
  #count: number;

  constructor(number: number, count: number) {
    this.client = newClient(number);
    this.#count = count;
  }

  next(): Request | undefined {
    assert.equal(this.answers.length, this.#next, "the last one was answered");
    if (this.#next === this.#count) return undefined;
    return { method: "lookup", id: undefined, key: String(this.#next++) };
  }

  answer({ line }: Answer): number {
    return this.answers.push(Number(line)) - 1;
  }

  answerAgain(): void {
    assert.fail("nothing failed");
  }
}

/** A queue over a table that is kept nowhere. */
function queueOf(execute: Executor["execute"]): CommandQueue {
  return new CommandQueue(execute, commitsInMemory(new HashTable()));
}

const numbersTo = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Answers with the request's number, and notes whose it was. */
function tracing(trace: number[], during: () => void = () => {}): Executor["execute"] {
  let isExecuting = false;
  return (client, request) => {
    assert.equal(isExecuting, false, "never two at once");
    isExecuting = true;
    trace.push(client.number);
    during();
    isExecuting = false;
    assert.ok(!isRefusal(request) && request.method === "lookup");
    return { line: request.key, outcome: "OK", closes: false, afterSeq: 0 };
  };
}

/** One round of the event loop. */
const eventLoop = () => new Promise<void>((resolve) => void setImmediate(resolve));

test("each client's requests are all answered, in its order, before its promise is kept", async () => {
  const counts = fc.array(fc.nat(3 * REQUESTS_PER_TURN), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(counts, fc.boolean(), async (counts, areSpread) => {
      const trace: number[] = [];
      const queue = queueOf(tracing(trace));
      const done: Promise<void>[] = [];
      for (const [number, count] of counts.entries()) {
        const source = new Numbered(number, count);
        done.push(
          queue.submit(source).then(() => assert.deepEqual(source.answers, numbersTo(count))),
        );
        if (areSpread && number % 3 === 0) await eventLoop();
      }
      await Promise.all(done);
      assert.equal(trace.length, counts.reduce((sum, count) => sum + count, 0));
    }),
    { numRuns: 100 },
  );
});

test("clients take turns: none has a second one while another waits for its first", async () => {
  using _clock = stoppedClock();
  const counts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 2, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(counts, async (counts) => {
      const trace: number[] = [];
      const queue = queueOf(tracing(trace));
      await Promise.all(counts.map((count, number) => queue.submit(new Numbered(number, count))));
      const left = [...counts];
      // Round after round, each one that has something left takes its turn.
      const expected: number[] = [];
      while (left.some((count) => count > 0)) {
        left.forEach((count, number) => {
          const turn = Math.min(count, REQUESTS_PER_TURN);
          for (let i = 0; i < turn; i++) expected.push(number);
          left[number] = count - turn;
        });
      }
      assert.deepEqual(trace, expected);
    }),
    { numRuns: 50 },
  );
});

test("100,000 requests of one client keep a single one of another waiting for one turn only", async () => {
  const trace: number[] = [];
  const queue = queueOf(tracing(trace));
  const many = queue.submit(new Numbered(1, 100_000));
  await queue.submit(new Numbered(2, 1));
  assert.ok(trace.indexOf(2) <= REQUESTS_PER_TURN, `it was number ${trace.indexOf(2)}`);
  await many;
  assert.equal(trace.length, 100_001);
});

test("one that comes in the middle of long work waits for one turn only", async () => {
  const trace: number[] = [];
  using clock = stoppedClock();
  const queue = queueOf(tracing(trace, () => clock.advance(TURN_MS / 50)));
  const many = queue.submit(new Numbered(1, 5_000));
  await eventLoop();
  const before = trace.length;
  assert.ok(before > 0 && before < 5_000, `${before} were executed`);
  await queue.submit(new Numbered(2, 1));
  assert.ok(trace.indexOf(2) - before <= REQUESTS_PER_TURN);
  await many;
});

test("a client that has nothing, or whose turn ends early, is done", async () => {
  const trace: number[] = [];
  const queue = queueOf(tracing(trace));
  await queue.submit(new Numbered(1, 0));
  assert.deepEqual(trace, []);
  await queue.submit(new Numbered(2, REQUESTS_PER_TURN));
  assert.equal(trace.length, REQUESTS_PER_TURN);
});

test("what was done is asked no further", async () => {
  const queue = queueOf(tracing([]));
  let asked = 0;
  const source = new Numbered(1, 0);
  source.next = () => {
    asked++;
    return undefined;
  };
  await Promise.all([queue.submit(source), queue.submit(new Numbered(2, 1_000))]);
  assert.equal(asked, 1);
});

test("work beyond its time lets the event loop go on, and then goes on itself", async () => {
  const trace: number[] = [];
  using clock = stoppedClock();
  const queue = queueOf(tracing(trace, () => clock.advance(TURN_MS)));
  const sources = numbersTo(5).map((number) => queue.submit(new Numbered(number, 100)));
  const executed: number[] = [];
  let isOver = false;
  const rounds = (async () => {
    while (!isOver) {
      executed.push(trace.length);
      await eventLoop();
    }
  })();
  await Promise.all(sources);
  isOver = true;
  await rounds;
  assert.equal(trace.length, 500);
  const steps = executed.slice(1).map((count, at) => count - (executed[at] ?? 0));
  assert.ok(Math.max(...steps) <= REQUESTS_PER_TURN, `in one round: ${Math.max(...steps)}`);
  assert.ok(executed.length >= 5, `${executed.length} rounds`);
});

test("work within its time is one turn", async () => {
  const trace: number[] = [];
  using _clock = stoppedClock();
  const queue = queueOf(tracing(trace));
  const all = numbersTo(20).map((number) => queue.submit(new Numbered(number, 100)));
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(trace.length, 2_000, "no event loop in between");
  await Promise.all(all);
});

test("after a pause it works again, also when submitted from within an answer", async () => {
  const trace: number[] = [];
  const queue = queueOf(tracing(trace));
  for (let round = 0; round < 3; round++) {
    const first = new Numbered(1, 2);
    let second: Promise<void> | undefined;
    const answer = first.answer.bind(first);
    first.answer = (one) => {
      second ??= queue.submit(new Numbered(2, 1));
      return answer(one);
    };
    await queue.submit(first);
    await second;
    await eventLoop();
  }
  assert.deepEqual(trace, [1, 1, 2, 1, 1, 2, 1, 1, 2]);
});

test("a bug in one client's request ends that client and no other", async () => {
  const trace: number[] = [];
  const execute = tracing(trace);
  const queue = queueOf((client, request) => {
    if (client.number === 1) throw new RangeError("a bug");
    return execute(client, request);
  });
  const others = [2, 3].map((number) => new Numbered(number, 100));
  const [bad, ...good] = [new Numbered(1, 100), ...others].map((source) => queue.submit(source));
  await assert.rejects(bad ?? Promise.resolve(), /a bug/);
  await Promise.all(good);
  for (const { answers } of others) assert.deepEqual(answers, numbersTo(100));
  const throwing = new Numbered(4, 1);
  throwing.next = () => {
    throw new Error("next() threw");
  };
  await assert.rejects(queue.submit(throwing), /next\(\) threw/);
  await queue.submit(new Numbered(5, 1));
  assert.equal(trace.at(-1), 5, "the queue goes on");
});
