/** Proves that requests are executed one at a time, and in each client's order (I1, I7). */
import assert from "assert";
import fc from "fast-check";
import { MAX_BATCH_REQUESTS } from "../../lib/base/limits.ts";
import type { CommandQueue } from "../../lib/engine/command_queue.ts";
import { eventLoop } from "./command_context.ts";
import {
  NumberedClient,
  numbersTo,
  queueOf,
  submit,
  tracedQueue,
  tracing,
} from "./numbered_client.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("command_queue");

/** Submits a client; an error that is thrown becomes a rejection. */
const submitTo = async (queue: CommandQueue, client: NumberedClient) =>
  await queue.submit(client.queued);

test("all requests of a client are answered in order before its promise resolves", async () => {
  const count = fc.oneof(fc.nat(3 * MAX_BATCH_REQUESTS), fc.constantFrom(0, MAX_BATCH_REQUESTS));
  const counts = fc.array(count, { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(counts, fc.boolean(), fc.boolean(), async (counts, areSpread, isSearch) => {
      const { queue, trace } = tracedQueue();
      const done: Promise<void>[] = [];
      for (const [number, count] of counts.entries()) {
        const source = new NumberedClient(number, count, isSearch && number % 2 === 0);
        const check = () => assert.deepEqual(source.replies, numbersTo(count));
        const submitted = queue.submit(source.queued);
        if (submitted === undefined) check();
        else done.push(submitted.then(check));
        if (areSpread && number % 3 === 0) await eventLoop();
      }
      await Promise.all(done);
      assert.equal(trace.length, counts.reduce((sum, count) => sum + count, 0));
    }),
    { numRuns: 100 },
  );
});

test("with an empty queue, a slice is executed at once, and the rest later", async () => {
  using _clock = stoppedClock();
  for (const count of [0, 1, MAX_BATCH_REQUESTS - 1]) {
    const source = new NumberedClient(1, count);
    assert.equal(queueOf(tracing([])).submit(source.queued), undefined);
    assert.deepEqual(source.replies, numbersTo(count));
  }
  for (const count of [MAX_BATCH_REQUESTS + 1, 10 * MAX_BATCH_REQUESTS]) {
    const { queue } = tracedQueue();
    const source = new NumberedClient(1, count), other = new NumberedClient(2, 1);
    const submitted = queue.submit(source.queued);
    assert.deepEqual(source.replies, numbersTo(MAX_BATCH_REQUESTS));
    const late = queue.submit(other.queued);
    assert.deepEqual(other.replies, [], "it does not overtake the first client");
    await submitted;
    assert.deepEqual(source.replies, numbersTo(count));
    await late;
    assert.deepEqual(other.replies, [0]);
    const last = new NumberedClient(3, 1);
    assert.equal(queue.submit(last.queued), undefined, "the queue is empty again");
  }
});

test("a client without requests is asked for one once", async () => {
  const { queue } = tracedQueue();
  const asked = [0, 0];
  const [first, second] = asked.map((_, at) => {
    const source = new NumberedClient(at, 0);
    source.next = () => {
      asked[at] = (asked[at] ?? 0) + 1;
      return undefined;
    };
    return source;
  });
  const submitted = [first, new NumberedClient(2, 1_000), second].map((source) =>
    source && queue.submit(source.queued)
  );
  await Promise.all(submitted);
  assert.deepEqual(asked, [1, 1], "at once and in the queue");
});

test("after a pause the queue works again, also if `next` submits another client", async () => {
  const { queue, trace } = tracedQueue();
  for (let round = 0; round < 3; round++) {
    const first = new NumberedClient(1, 2);
    let second: Promise<void> | undefined;
    const next = first.next.bind(first);
    first.next = () => {
      second ??= submit(queue, 2, 1);
      return next();
    };
    await queue.submit(first.queued);
    await second;
    await eventLoop();
  }
  assert.deepEqual(trace, [1, 1, 2, 1, 1, 2, 1, 1, 2]);
});

test("a client that is submitted during an execution is queued (I7)", async () => {
  for (const isQueued of [false, true]) {
    const trace: number[] = [];
    const submitted: (Promise<void> | undefined)[] = [];
    const inner = new NumberedClient(2, 3);
    const queue = queueOf(tracing(trace, () => {
      if (trace.at(-1) === 1 && submitted.length === 0) submitted.push(queue.submit(inner.queued));
    }));
    const before = isQueued ? submit(queue, 0, MAX_BATCH_REQUESTS) : undefined;
    await submit(queue, 1, 3);
    await Promise.all([before, ...submitted]);
    assert.deepEqual(trace.slice(-6), [1, 1, 1, 2, 2, 2]);
    assert.deepEqual(inner.replies, numbersTo(3));
  }
});

test("a bug in one client's request ends that client and no other", async () => {
  const trace: number[] = [];
  const execute = tracing(trace);
  const queue = queueOf((client, request, out) => {
    if (client.number === 1) throw new RangeError("a bug");
    return execute(client, request, out);
  });
  for (const isFirst of [true, false]) {
    const others = [2, 3].map((number) => new NumberedClient(number, 100));
    const bad = new NumberedClient(1, 100);
    const [first, second] = others;
    assert.ok(first && second);
    const all = isFirst ? [bad, first, second] : [first, bad, second];
    const submitted = all.map((source) => submitTo(queue, source));
    for (const [at, source] of all.entries()) {
      if (source === bad) await assert.rejects(submitted[at] ?? Promise.resolve(), /a bug/);
      else await submitted[at];
    }
    for (const { replies } of others) assert.deepEqual(replies, numbersTo(100));
    assert.deepEqual(bad.replies, []);
  }
  for (const count of [1, 2 * MAX_BATCH_REQUESTS]) {
    const throwing = new NumberedClient(4, count + 1);
    const next = throwing.next.bind(throwing);
    throwing.next = () => {
      if (throwing.replies.length === count) throw new Error("next() threw");
      return next();
    };
    await assert.rejects(submitTo(queue, throwing), /next\(\) threw/);
    assert.equal(throwing.replies.length, count);
  }
  assert.equal(submit(queue, 5, 1), undefined, "the queue still works");
  assert.equal(trace.at(-1), 5);
});
