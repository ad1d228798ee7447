/**
 * Proves that requests are executed one at a time, in each client's order, and fairly between clients, and
 * that long work pauses for the event loop (I1, I7).
 *
 * One file because all tests use one numbered client, and compare the order of its requests with others.
 */
import assert from "assert";
import fc from "fast-check";
import { ByteChunks } from "../../lib/bytes/byte_chunks.ts";
import { MAX_BATCH_MS, MAX_BATCH_REPLY_BYTES, MAX_BATCH_REQUESTS } from "../../lib/base/limits.ts";
import { textOf } from "../../lib/bytes/span.ts";
import { CommandQueue, QueuedClient, type RequestSource } from "../../lib/engine/command_queue.ts";
import type { Execute } from "../../lib/engine/executor.ts";
import { isRejection } from "../../lib/protocol/decode_request.ts";
import type { Request } from "../../lib/protocol/requests.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { commitsInMemory, newClient } from "./command_context.ts";
import { requestOf } from "./requests.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { textOfChunks } from "../helpers/streams.ts";
import { neverYields } from "../server/never_yields.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `command_queue: ${name}`, permissions: "none", fn });
}

/** A client with numbered requests, whose replies are their numbers. */
class Numbered implements RequestSource {
  readonly client;
  readonly out = new ByteChunks();
  readonly lineBytes = 0;
  readonly queued = new QueuedClient(this);
  readonly #count: number;
  readonly #isSearch: boolean;
  #next = 0;
  #lengthBefore = 0;

  constructor(number: number, count: number, isSearch: boolean = false) {
    this.client = newClient(number);
    this.#count = count;
    this.#isSearch = isSearch;
  }

  /** The numbers in its replies. */
  get replies(): number[] {
    return textOfChunks(this.out).split("\n").slice(0, -1).map(Number);
  }

  next(): Request | undefined {
    const { length } = this.out;
    assert.ok(this.#next === 0 || length > this.#lengthBefore, "the last request has its reply");
    this.#lengthBefore = length;
    if (this.#next === this.#count) return undefined;
    const text = String(this.#next++);
    return this.#isSearch
      ? requestOf({ method: "scan", regex: text, limit: undefined, cursor: undefined })
      : requestOf({ method: "lookup", key: text });
  }
}

/** A queue over a table in memory. */
function queueOf(execute: Execute): CommandQueue {
  return new CommandQueue(execute, commitsInMemory(new HashTable()), neverYields);
}

const numbersTo = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Replies with the request's number, and records the number of its client. */
function tracing(trace: number[], during: () => void = () => {}): Execute {
  let isExecuting = false;
  return (client, request, out) => {
    assert.equal(isExecuting, false, "never two at once");
    isExecuting = true;
    trace.push(client.number);
    during();
    isExecuting = false;
    assert.ok(!isRejection(request));
    const number = request.method === "lookup"
      ? textOf(request.key)
      : request.method === "scan"
      ? request.regex
      : assert.fail();
    out.addText(`${number}\n`);
    return { outcome: "OK", durableAfterSeq: 0 };
  };
}

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

/** One round of the event loop. */
const eventLoop = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Submits a client; an error that is thrown becomes a rejection. */
const submitTo = async (queue: CommandQueue, client: Numbered) => await queue.submit(client.queued);

test("all requests of a client are answered in order before its promise resolves", async () => {
  const counts = fc.array(fc.nat(3 * MAX_BATCH_REQUESTS), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(counts, fc.boolean(), fc.boolean(), async (counts, areSpread, isSearch) => {
      const trace: number[] = [];
      const queue = queueOf(tracing(trace));
      const done: Promise<void>[] = [];
      for (const [number, count] of counts.entries()) {
        const source = new Numbered(number, count, isSearch && number % 2 === 0);
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
    const source = new Numbered(1, count);
    assert.equal(queueOf(tracing([])).submit(source.queued), undefined);
    assert.deepEqual(source.replies, numbersTo(count));
  }
  for (const count of [MAX_BATCH_REQUESTS + 1, 10 * MAX_BATCH_REQUESTS]) {
    const queue = queueOf(tracing([]));
    const source = new Numbered(1, count), other = new Numbered(2, 1);
    const submitted = queue.submit(source.queued);
    assert.deepEqual(source.replies, numbersTo(MAX_BATCH_REQUESTS));
    const late = queue.submit(other.queued);
    assert.deepEqual(other.replies, [], "it does not overtake the first client");
    await submitted;
    assert.deepEqual(source.replies, numbersTo(count));
    await late;
    assert.deepEqual(other.replies, [0]);
    assert.equal(
      queue.submit(new Numbered(3, 1).queued),
      undefined,
      "the queue is empty again",
    );
  }
});

test("no queued client gets a second slice before another one gets its first", async () => {
  using _clock = stoppedClock();
  const count = fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.constantFrom(MAX_BATCH_REQUESTS, 2 * MAX_BATCH_REQUESTS),
  );
  const counts = fc.array(count, { minLength: 2, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(counts, async (counts) => {
      const trace: number[] = [];
      const queue = queueOf(tracing(trace));
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
      await Promise.all(
        counts.map((count, number) => queue.submit(new Numbered(number, count).queued)),
      );
      assert.deepEqual(slicesOf(trace), slicesOf(expected));
    }),
    { numRuns: 50 },
  );
});

test("100,000 requests of one client delay another client by one slice only", async () => {
  const trace: number[] = [];
  const queue = queueOf(tracing(trace));
  const many = queue.submit(new Numbered(1, 100_000).queued);
  const before = trace.length;
  assert.ok(before <= MAX_BATCH_REQUESTS, `${before} at once`);
  await queue.submit(new Numbered(2, 1).queued);
  assert.ok(trace.indexOf(2) - before <= MAX_BATCH_REQUESTS, `it was number ${trace.indexOf(2)}`);
  await many;
  assert.equal(trace.length, 100_001);
});

test("a search ends a slice: another client waits for one search only", async () => {
  using _clock = stoppedClock();
  const trace: number[] = [];
  const queue = queueOf(tracing(trace));
  const searches = [1, 2].map((number) => queue.submit(new Numbered(number, 10, true).queued));
  assert.deepEqual(trace, [1]);
  const other = queue.submit(new Numbered(3, 100).queued);
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
  const many = Array.from({ length: 50 }, (_, at) => queue.submit(new Numbered(at + 2, 3).queued));
  const before = trace.length;
  const known = new Numbered(1, 1);
  known.queued.wasQuick = true;
  await queue.submit(known.queued);
  const others = trace.slice(before, trace.lastIndexOf(1));
  assert.ok(others.length <= 2, `behind ${others.length} others`);
  await Promise.all(many);
  assert.equal(trace.length, 1 + 150);
});

test("a client that is submitted during long work waits for one slice only", async () => {
  const trace: number[] = [];
  using clock = stoppedClock();
  const queue = queueOf(tracing(trace, () => clock.advance(MAX_BATCH_MS / 50)));
  const many = queue.submit(new Numbered(1, 5_000).queued);
  await eventLoop();
  const before = trace.length;
  assert.ok(before > 0 && before < 5_000, `${before} were executed`);
  await queue.submit(new Numbered(2, 1).queued);
  assert.ok(trace.indexOf(2) - before <= MAX_BATCH_REQUESTS);
  await many;
});

test("a client without requests, or with exactly one slice of them, is done", async () => {
  const trace: number[] = [];
  const queue = queueOf(tracing(trace));
  await queue.submit(new Numbered(1, 0).queued);
  assert.deepEqual(trace, []);
  await queue.submit(new Numbered(2, MAX_BATCH_REQUESTS).queued);
  assert.equal(trace.length, MAX_BATCH_REQUESTS);
});

test("a client without requests is asked for one once", async () => {
  const queue = queueOf(tracing([]));
  const asked = [0, 0];
  const [first, second] = asked.map((_, at) => {
    const source = new Numbered(at, 0);
    source.next = () => {
      asked[at] = (asked[at] ?? 0) + 1;
      return undefined;
    };
    return source;
  });
  const submitted = [first, new Numbered(2, 1_000), second].map((source) =>
    source && queue.submit(source.queued)
  );
  await Promise.all(submitted);
  assert.deepEqual(asked, [1, 1], "at once and in the queue");
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
  const trace: number[] = [];
  using clock = stoppedClock();
  const queue = queueOf(tracing(trace, () => clock.advance(MAX_BATCH_MS)));
  const sources = numbersTo(5).map((number) => queue.submit(new Numbered(number, 100).queued));
  assert.ok(trace.length < MAX_BATCH_REQUESTS, `${trace.length} at once`);
  const steps = await stepsOf(trace, Promise.all(sources));
  assert.equal(trace.length, 500);
  assert.ok(Math.max(...steps) < MAX_BATCH_REQUESTS, `in one round: ${Math.max(...steps)}`);
  assert.ok(steps.length >= 10, `${steps.length} rounds`);
});

test("a batch of many clients with little work pauses, too", async () => {
  const trace: number[] = [];
  using clock = stoppedClock();
  const queue = queueOf(tracing(trace, () => clock.advance(MAX_BATCH_MS / 2)));
  const all = [100, ...Array(300).fill(1)].map((count, at) =>
    queue.submit(new Numbered(at, count).queued)
  );
  const steps = await stepsOf(trace, Promise.all(all));
  assert.equal(trace.length, 400);
  assert.ok(Math.max(...steps) <= 16, `in one round: ${Math.max(...steps)}`);
});

test("clients whose slice ends by the time continue in the order of the queue", async () => {
  const trace: number[] = [];
  using clock = stoppedClock();
  const queue = queueOf(tracing(trace, () => clock.advance(MAX_BATCH_MS)));
  await Promise.all(numbersTo(5).map((number) => queue.submit(new Numbered(number, 100).queued)));
  const order = trace.filter((client, at) => client !== trace[at - 1]).slice(0, 30);
  assert.deepEqual(order, numbersTo(30).map((at) => at % 5));
});

test("work within the time is one batch", async () => {
  const trace: number[] = [];
  using _clock = stoppedClock();
  const queue = queueOf(tracing(trace));
  const all = numbersTo(20).map((number) => queue.submit(new Numbered(number, 100).queued));
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(trace.length, 2_000, "no round of the event loop in between");
  await Promise.all(all);
});

test("after a pause the queue works again, also if `next` submits another client", async () => {
  const trace: number[] = [];
  const queue = queueOf(tracing(trace));
  for (let round = 0; round < 3; round++) {
    const first = new Numbered(1, 2);
    let second: Promise<void> | undefined;
    const next = first.next.bind(first);
    first.next = () => {
      second ??= queue.submit(new Numbered(2, 1).queued);
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
    const inner = new Numbered(2, 3);
    const queue = queueOf(tracing(trace, () => {
      if (trace.at(-1) === 1 && submitted.length === 0) submitted.push(queue.submit(inner.queued));
    }));
    const before = isQueued ? queue.submit(new Numbered(0, MAX_BATCH_REQUESTS).queued) : undefined;
    await queue.submit(new Numbered(1, 3).queued);
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
    const others = [2, 3].map((number) => new Numbered(number, 100));
    const bad = new Numbered(1, 100);
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
    const throwing = new Numbered(4, count + 1);
    const next = throwing.next.bind(throwing);
    throwing.next = () => {
      if (throwing.replies.length === count) throw new Error("next() threw");
      return next();
    };
    await assert.rejects(submitTo(queue, throwing), /next\(\) threw/);
    assert.equal(throwing.replies.length, count);
  }
  assert.equal(queue.submit(new Numbered(5, 1).queued), undefined, "the queue still works");
  assert.equal(trace.at(-1), 5);
});
