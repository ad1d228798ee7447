/** Proves that the command queue is fair, and that long work pauses for the event loop. */
import assert from "assert";
import fc from "fast-check";
import { MAX_BATCH_MS, MAX_BATCH_REPLY_BYTES, MAX_BATCH_REQUESTS } from "../../lib/base/limits.ts";
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

/** The slices in a trace: each with its client and number of requests. */
function slicesOf(trace: readonly number[]): [client: number, requests: number][] {
  const slices: [number, number][] = [];
  for (const client of trace) {
    const last = slices.at(-1);
    if (last?.[0] === client && last[1] < MAX_BATCH_REQUESTS) last[1]++;
    else slices.push([client, 1]);
  }
  return slices;
}

test("no queued client gets a second slice before another one gets its first", async () => {
  using _clock = stoppedClock();
  const count = fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.constantFrom(MAX_BATCH_REQUESTS, 2 * MAX_BATCH_REQUESTS),
  );
  const counts = fc.array(count, { minLength: 2, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(counts, async (counts) => {
      const { queue, trace } = tracedQueue();
      const left = [...counts];
      const expected: number[] = [];
      /** Returns whether the client has more requests. */
      const takeSlice = (number: number): boolean => {
        const requests = Math.min(left[number] ?? 0, MAX_BATCH_REQUESTS);
        for (let i = 0; i < requests; i++) expected.push(number);
        left[number] = (left[number] ?? 0) - requests;
        return (left[number] ?? 0) > 0;
      };
      // With an empty queue, a client gets a slice at once. Then all queued clients get one, again and again.
      let queued: number[] = [];
      for (const number of counts.keys()) {
        if (queued.length > 0 || takeSlice(number)) queued.push(number);
      }
      while (queued.length > 0) queued = queued.filter(takeSlice);
      await Promise.all(counts.map((count, number) => submit(queue, number, count)));
      assert.deepEqual(slicesOf(trace), slicesOf(expected));
    }),
    { numRuns: 50 },
  );
});

test("a search ends a slice: another client waits for one search only", async () => {
  using _clock = stoppedClock();
  const { queue, trace } = tracedQueue();
  const searches = [1, 2].map((number) => submit(queue, number, 10, true));
  assert.deepEqual(trace, [1]);
  const other = submit(queue, 3, 100);
  await Promise.all([...searches, other]);
  const [before, ...after] = trace.join("").split("3".repeat(MAX_BATCH_REQUESTS));
  assert.deepEqual([before, after.length], ["112", 1]);
  assert.ok(after[0]?.startsWith("12" + "3".repeat(100 - MAX_BATCH_REQUESTS)), after[0]);
});

test("a client with little work does not wait for clients with much work", async () => {
  const trace: number[] = [];
  const trail = tracing(trace);
  const queue = queueOf((client, request, out) => {
    const answer = trail(client, request, out);
    if (client.number > 1) out.add(new Uint8Array(MAX_BATCH_REPLY_BYTES));
    return answer;
  });
  const many = Array.from(
    { length: 50 },
    (_, at) => submit(queue, at + 2, 3),
  );
  const before = trace.length;
  const known = new NumberedClient(1, 1);
  known.queued.wasQuick = true;
  await queue.submit(known.queued);
  const others = trace.slice(before, trace.lastIndexOf(1));
  assert.ok(others.length <= 2, `behind ${others.length} others`);
  await Promise.all(many);
  assert.equal(trace.length, 1 + 150);
});

test("during 100,000 requests of one client, another client waits for one slice only", async () => {
  using clock = stoppedClock();
  const { queue, trace } = tracedQueue(() => clock.advance(MAX_BATCH_MS / 50));
  const many = submit(queue, 1, 100_000);
  await eventLoop();
  const before = trace.length;
  assert.ok(before > 0 && before < 100_000, `${before} were executed`);
  await submit(queue, 2, 1);
  assert.ok(trace.indexOf(2) - before <= MAX_BATCH_REQUESTS);
  await many;
});

/** Requests that each round of the event loop executes, until all are executed. */
async function stepsOf(trace: readonly number[], all: Promise<unknown>): Promise<number[]> {
  const steps: number[] = [];
  let isOver = false;
  const over = all.finally(() => isOver = true);
  while (!isOver) {
    const before = trace.length;
    await eventLoop();
    steps.push(trace.length - before);
  }
  await over;
  return steps;
}

test("work pauses for the event loop when its time is up, and then continues", async () => {
  using clock = stoppedClock();
  const { queue, trace } = tracedQueue(() => clock.advance(MAX_BATCH_MS));
  const sources = numbersTo(5).map((number) => submit(queue, number, 100));
  assert.ok(trace.length < MAX_BATCH_REQUESTS, `${trace.length} at once`);
  const steps = await stepsOf(trace, Promise.all(sources));
  assert.equal(trace.length, 500);
  assert.ok(Math.max(...steps) < MAX_BATCH_REQUESTS, `in one round: ${Math.max(...steps)}`);
  assert.ok(steps.length >= 10, `${steps.length} rounds`);
});

test("a batch of many clients with little work pauses, too", async () => {
  using clock = stoppedClock();
  const { queue, trace } = tracedQueue(() => clock.advance(MAX_BATCH_MS / 2));
  const all = [100, ...Array(300).fill(1)].map((count, at) => submit(queue, at, count));
  const steps = await stepsOf(trace, Promise.all(all));
  assert.equal(trace.length, 400);
  assert.ok(Math.max(...steps) <= 16, `in one round: ${Math.max(...steps)}`);
});

test("clients whose slice ends by the time continue in the order of the queue", async () => {
  using clock = stoppedClock();
  const { queue, trace } = tracedQueue(() => clock.advance(MAX_BATCH_MS));
  await Promise.all(
    numbersTo(5).map((number) => submit(queue, number, 100)),
  );
  const order = trace.filter((client, at) => client !== trace[at - 1]).slice(0, 30);
  assert.deepEqual(order, numbersTo(30).map((at) => at % 5));
});

test("work within the time is one batch", async () => {
  using _clock = stoppedClock();
  const { queue, trace } = tracedQueue();
  const all = numbersTo(20).map((number) => submit(queue, number, 100));
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(trace.length, 2_000, "no round of the event loop in between");
  await Promise.all(all);
});
