/** Proves in virtual time that a stage measures all of its operations, only those, and exactly. */
import assert from "assert";
import {
  ConnectionLostError,
  ReplyError,
  ServerNotFoundError,
} from "../../../lib/client/errors.ts";
import type { StageOptions } from "../../../lib/perf/run/stage.ts";
import type { Task } from "../../../lib/perf/workload/operation.ts";
import { lookups, workloadOf } from "../simulated_server.ts";
import { VIRTUAL_EPOCH_MS, VirtualClock } from "../virtual_clock.ts";
import { assertAbout, runAgainst, runLookups } from "./stage_runs.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("stage");

test("a fixed service time is the latency, in either loop, for each client", async () => {
  for (const ratePerS of [undefined, 300]) {
    const options = { length: { durationMs: 3_000 }, ratePerS };
    const { clients, sum } = await runAgainst((arrivedMs) => arrivedMs + 7, 3, options);
    for (const { latency, ops } of [...clients, sum]) {
      for (const latencyMs of [latency.meanMs, latency.p50Ms, latency.p99Ms, latency.maxMs]) {
        assertAbout(latencyMs, 7, "latency", 0.001);
      }
      assert.equal(latency.count, ops);
    }
    // 3,000 ms are 429 times 7 ms, the last one of which ends at 3,003.
    assert.equal(sum.ops, ratePerS === undefined ? 3 * 429 : 900);
  }
});

test("the warm-up is not counted, and all clients start at the same moment after it", async () => {
  for (const ratePerS of [undefined, 400]) {
    const clock = new VirtualClock();
    // Operations of the warm-up take ten times as long.
    const replyAtMs = (arrivedMs: number, { key }: Task) => arrivedMs + (key < 0 ? 100 : 10);
    const warmupTasks = () => ({ next: () => ({ operation: "insert" as const, key: -1 }) });
    let openedMs = -1;
    const { arrivals, ...data } = await runAgainst(replyAtMs, 3, {
      length: { ops: 20 },
      ratePerS,
      warmup: { ms: 950, tasks: warmupTasks },
      gate: async () => {
        await clock.sleep(77);
        openedMs = clock.now();
      },
    }, clock);
    assert.deepEqual(Object.keys(data.sum.operations), ["lookup"]);
    assert.deepEqual([data.sum.ops, data.sum.latency.count], [60, 60]);
    assertAbout(data.sum.latency.maxMs, 10, "max", 0.001);
    assert.equal(data.startedUnixMs, VIRTUAL_EPOCH_MS + openedMs);
    const warm = arrivals.filter(({ task }) => task.key < 0);
    const counted = arrivals.filter(({ task }) => task.key >= 0);
    assert.ok(warm.length >= 3 && warm.every(({ atMs }) => atMs < 950));
    // All earlier requests have their replies: a warm-up ends before the stage.
    assert.ok(openedMs >= Math.max(...warm.map(({ atMs }) => atMs)) + 100 + 77);
    assert.ok(counted.every(({ atMs }) => atMs >= openedMs));
    const firsts = [0, 1, 2].map((number) =>
      counted.find(({ client }) => (client as unknown as { number: number }).number === number)
        ?.atMs
    );
    const each = ratePerS === undefined ? 0 : 1_000 / ratePerS;
    assert.deepEqual(firsts, [0, 1, 2].map((client) => openedMs + client * each));
    assert.deepEqual(data.warmupErrors, {});
  }
});

test("each client does each operation once, with at most --pipeline in flight", async () => {
  for (const [pipeline, ops] of [[1, 20], [5, 50], [100, 3]] as const) {
    let steps = 0;
    const onOperation = () => void steps++;
    const options = { length: { ops }, pipeline, onOperation };
    const { sum, clients, arrivals } = await runAgainst((atMs) => atMs + 5, 3, options);
    assert.deepEqual(clients.map((client) => client.ops), [ops, ops, ops]);
    assert.deepEqual([sum.ops, steps], [3 * ops, 3 * ops]);
    assertAbout(sum.seconds, Math.ceil(ops / pipeline) * 0.005, "seconds", 1e-9);
    const keys = arrivals.map(({ task }) => task.key).sort((a, b) => a - b);
    assert.deepEqual(keys, Array.from({ length: 3 * ops }, (_, at) => Math.floor(at / 3)));
  }
});

test("a task is notified of its success only", async () => {
  const errorOf = (n: number) => n % 2 === 0 ? new RangeError("even") : undefined;
  let done = 0;
  const task: Task = { operation: "insert", key: 0, onDone: () => void done++ };
  await runFailing(errorOf, 1, { length: { ops: 10 }, tasks: () => ({ next: () => task }) });
  assert.equal(done, 5);
});

test("a stage can have a time limit", async () => {
  const length = { ops: 100, limitMs: 1_000 };
  const { sum, ended, complete } = await runAgainst((atMs) => atMs + 400, 2, { length });
  assert.deepEqual([sum.ops, ended, complete], [6, "time limit", true]);
});

test("a stage ends when no task is left", async () => {
  for (const ratePerS of [undefined, 1_000]) {
    const clock = new VirtualClock();
    const tasks = () => {
      let left = 30;
      return {
        next: () => left-- > 0 ? { operation: "remove" as const, key: left } : undefined,
      };
    };
    const options = { length: { durationMs: 60_000 }, ratePerS, tasks };
    const { sum, ended, complete } = await runAgainst((atMs) => atMs + 3, 2, options, clock);
    assert.deepEqual([sum.ops, sum.unsent, ended, complete], [60, 0, "keys used up", true]);
    assert.ok(sum.seconds < 0.1, `${sum.seconds} s`);
    assert.ok(clock.now() < 1_000, "it does not wait for the end of the schedule");
  }
});

test("only the operations of the counted interval count, over exactly its length", async () => {
  const length = { durationMs: 1_000, warmupMs: 500, edgeMs: 100 };
  for (const [ratePerS, pipeline] of [[undefined, 1], [undefined, 3], [400, undefined]] as const) {
    // Replies come each 10 ms, at 10, 20, ... ms: 80 of them from 600 to below 1,400 ms.
    const options = { length, ratePerS, pipeline };
    const { sum, arrivals, startedUnixMs, clients } = await runAgainst(
      (atMs) => atMs + 10,
      2,
      options,
    );
    const expected = ratePerS === undefined ? 2 * 80 * pipeline : 320;
    assert.deepEqual([sum.ops, sum.latency.count, sum.seconds], [expected, expected, 0.8]);
    assert.deepEqual(clients.map(({ seconds }) => seconds), [0.8, 0.8]);
    assert.equal(startedUnixMs, VIRTUAL_EPOCH_MS + 600);
    const last = Math.max(...arrivals.map(({ atMs }) => atMs));
    assert.ok(arrivals[0]?.atMs === 0 && last > 1_480 && last < 1_500, "the load is longer");
  }
});

test("a stage that starts late counts the planned interval", async () => {
  const clock = new VirtualClock();
  const { sum, startedUnixMs, arrivals } = await runAgainst((atMs) => atMs + 10, 1, {
    length: { durationMs: 1_000, warmupMs: 0, edgeMs: 100 },
    gate: async () => {
      await clock.sleep(70);
      return 20;
    },
  }, clock);
  assert.deepEqual([sum.ops, sum.seconds], [80, 0.8]);
  assert.equal(startedUnixMs, VIRTUAL_EPOCH_MS + 120);
  assert.deepEqual([arrivals[0]?.atMs, arrivals.at(-1)?.atMs], [70, 1_010]);
});

test("errors outside of the counted interval count", async () => {
  const errorOf = (n: number) => n === 2 || n === 97 ? new RangeError("edge") : undefined;
  const length = { durationMs: 1_000, edgeMs: 100 };
  const { sum } = await runFailing(errorOf, 1, { length });
  assert.deepEqual([sum.errors, sum.ops], [{ RangeError: 2 }, 80]);
});

test("if one client has used up its keys, the counted interval of all clients ends", async () => {
  for (const ratePerS of [undefined, 200]) {
    for (
      const [keys, ended, seconds] of [[50, "keys used up", 0.4], [95, "planned", 0.8]] as const
    ) {
      const tasks = (client: number) => {
        let left = client === 1 ? keys : Infinity;
        return { next: () => left-- > 0 ? { operation: "remove" as const, key: left } : undefined };
      };
      const length = { durationMs: 1_000, edgeMs: 100 };
      const data = await runAgainst((atMs) => atMs + 10, 2, { length, ratePerS, tasks });
      assert.equal(data.ended, ended);
      assertAbout(data.sum.seconds, seconds, "seconds", 0.02);
      assert.deepEqual(
        data.clients.map((client) => client.seconds),
        Array(2).fill(data.sum.seconds),
      );
      assertAbout(data.sum.ops, 200 * seconds, "operations", 0.04);
      assert.equal(data.complete, true);
    }
  }
});

/** Runs lookups that take 10 ms each, and fail if a rule has an error for their number. */
function runFailing(
  errorOf: (n: number) => Error | undefined,
  clients: number,
  options: Parameters<typeof runLookups>[3],
): ReturnType<typeof runLookups> {
  const clock = new VirtualClock();
  let n = 0;
  const workload = workloadOf(async () => {
    const error = errorOf(n++);
    await clock.sleep(10);
    if (error) throw error;
  });
  return runLookups(clock, workload, clients, options);
}

test("only successes count; errors are counted by kind, and the first message is kept", async () => {
  const data = await runFailing(
    (n) => {
      if (n % 10 === 3) return new ReplyError({ type: "KeyError", message: `number ${n}` });
      return n % 10 === 7 ? new TypeError(`seven ${n}`) : undefined;
    },
    2,
    { length: { ops: 50 } },
  );
  const { sum, firstError, ended } = data;
  assert.deepEqual([sum.ops, sum.latency.count], [80, 80]);
  assert.deepEqual(sum.errors, { KeyError: 10, TypeError: 10 });
  assert.deepEqual([firstError, ended, data.complete], ["number 3", "planned", true]);
});

test("errors of a warm-up are counted separately", async () => {
  const errorOf = (n: number) => n === 2 ? new RangeError("cold") : undefined;
  const warmup = { ms: 100, tasks: lookups };
  const data = await runFailing(errorOf, 1, { length: { ops: 5 }, warmup });
  assert.deepEqual([data.warmupErrors, data.sum.errors, data.sum.ops], [{ RangeError: 1 }, {}, 5]);
});

test("a stage ends when the server is gone, in either loop, with the results so far", async () => {
  for (const ratePerS of [undefined, 100]) {
    const gone = new ServerNotFoundError("permanently gone", true);
    const tasks = () => ({ next: () => ({ operation: "insert" as const, key: 1 }) });
    const options = { length: { ops: 1_000_000 }, ratePerS, tasks, pipeline: 4 };
    const data = await runFailing((n) => n >= 40 ? gone : undefined, 2, options);
    assert.deepEqual([data.ended, data.complete, data.sum.ops], ["server gone", false, 40]);
    assert.equal(data.firstError, "permanently gone");
    const failed = data.sum.errors["ServerNotFound"] ?? 0;
    assert.ok(failed >= 1 && failed <= 8, `${failed} failed`);
    assert.equal(data.sum.unknown, failed, "their outcome is unknown");
    const [gap] = data.sum.gaps;
    assert.ok(gap?.connectionLost && !gap.answered);
  }
});

test("a stage ends if the server counts as gone, not with a single lost connection", async () => {
  for (const state of ["unknown", "gone"] as const) {
    const lost = new ConnectionLostError("it broke", true, state);
    const tasks = () => ({ next: () => ({ operation: "insert", key: 1 }) as const });
    const data = await runFailing(() => lost, 1, { length: { ops: 20 }, tasks });
    const failed = state === "gone" ? 1 : 20;
    assert.deepEqual([data.sum.errors, data.sum.unknown], [{ ConnectionLost: failed }, failed]);
    assert.equal(data.ended, state === "gone" ? "server gone" : "planned");
  }
});

test("a silence is a gap, and so is a lost connection of any length", async () => {
  const client = { connections: 1 };
  const replyAtMs = (arrivedMs: number) => {
    if (arrivedMs === 500) return 2_000;
    if (arrivedMs === 2_100) client.connections = 2;
    return arrivedMs + 10;
  };
  const clients = [client as unknown as StageOptions["clients"][number]];
  const data = await runAgainst(replyAtMs, 1, { length: { ops: 100 }, clients });
  const at = (ms: number) => VIRTUAL_EPOCH_MS + ms;
  assert.deepEqual(data.sum.gaps, [
    { fromUnixMs: at(500), toUnixMs: at(2_000), connectionLost: false, answered: true },
    { fromUnixMs: at(2_100), toUnixMs: at(2_110), connectionLost: true, answered: true },
  ]);
  assert.equal(data.ended, "planned");
});

test("the processor share of the client is that of the measured time only", async () => {
  const clock = new VirtualClock();
  const data = await runAgainst((atMs) => atMs + 10, 1, {
    length: { durationMs: 1_000 },
    warmup: { ms: 500, tasks: lookups },
    // After the warm-up: three quarters of a processor in the main thread, and the same in others.
    processorTime: () => {
      const ms = Math.max(0, clock.now() - 500) * 0.75;
      return { mainMs: ms, allMs: 2 * ms };
    },
  }, clock);
  assert.deepEqual(data.processors, [{ mainShare: 0.75, allShare: 1.5 }]);
});
