/** Proves that a run by several shares of clients does each operation once, and starts them together. */
import assert from "assert";
import { HtClient } from "../../../lib/client/client.ts";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { LocalShare } from "../../../lib/perf/run/local_share.ts";
import { isGood, type RunResult, runStages } from "../../../lib/perf/run/run.ts";
import type { RunOptions } from "../../../lib/perf/run/run_options.ts";
import { splitClients } from "../../../lib/perf/run/share.ts";
import type { StageData } from "../../../lib/perf/measure/stage_data.ts";
import { FakeServer } from "../../client/fake_server.ts";
import { startServer } from "../../helpers/server.ts";

const NO_EVENTS = { onProgress() {}, onNote() {} };

/** A run by `shareCount` shares, each as in its own process. */
async function run(
  shareCount: number,
  target: string,
  flags: readonly string[],
  changes: Partial<RunOptions> = {},
): Promise<RunResult> {
  const shares = Array.from({ length: shareCount }, () => new LocalShare(NO_EVENTS));
  try {
    return await runStages({
      config: parseTestPerfConfig([target, ...flags], {}),
      connection: {},
      seed: 5,
      shares,
      events: { onNote() {} },
      ...changes,
    });
  } finally {
    await Promise.all(shares.map((share) => share.close()));
  }
}

Deno.test("run: clients are split as evenly as possible, in ranges", () => {
  const sizes = (clients: number, processes: number) =>
    splitClients(clients, processes).map(({ from, to }) => [from, to]);
  assert.deepEqual(sizes(1, 1), [[0, 1]]);
  assert.deepEqual(sizes(5, 2), [[0, 2], [2, 5]]);
  assert.deepEqual(sizes(8, 3), [[0, 2], [2, 5], [5, 8]]);
  for (let clients = 1; clients < 20; clients++) {
    for (let processes = 1; processes <= clients; processes++) {
      const parts = splitClients(clients, processes);
      assert.equal(parts.reduce((sum, { from, to }) => sum + to - from, 0), clients);
      assert.ok(parts.every(({ from, to }, at) => to > from && from === (parts[at - 1]?.to ?? 0)));
    }
  }
});

Deno.test("run: each operation of each client is executed once, and keys do not collide", async () => {
  await using server = startServer();
  const watcher = await HtClient.connect(server.target);
  try {
    const sizes: Promise<number>[] = [];
    const result = await run(3, server.target, ["--clients", "5", "--ops", "40"], {
      events: { onNote: assert.fail, onStageEnd: () => sizes.push(watcher.size()) },
    });
    assert.ok(isGood(result));
    for (const { stage, sum, clients, startSpreadMs, processors } of result.stages) {
      assert.deepEqual(clients.map(({ ops }) => ops), [40, 40, 40, 40, 40], stage);
      assert.deepEqual([sum.ops, sum.latency.count, processors.length], [200, 200, 3], stage);
      assert.ok(startSpreadMs < 10_000, `${startSpreadMs} ms`);
    }
    const names = result.stages.map(({ stage }) => stage);
    assert.deepEqual(names, ["insert", "lookup", "scan", "remove"]);
    // The size is read after the operations of its stage. Only the last stage removes keys.
    assert.deepEqual((await Promise.all(sizes)).slice(0, 2), [200, 200]);
    assert.equal(await watcher.size(), 0);
    const { ops } = await watcher.info() as { ops: Record<string, number> };
    assert.deepEqual([ops["insert"], ops["lookup"], ops["remove"]], [200, 200, 200]);
  } finally {
    await watcher.close();
  }
});

Deno.test("run: shares know the keys of the others, and choose among all of them", async () => {
  await using server = startServer();
  const flags = ["--clients", "4", "--keys", "50", "--distribution", "zipf", "--ops", "100"];
  for (const operations of ["insert,lookup", "lookup"]) {
    const result = await run(2, server.target, [...flags, "--operations", operations]);
    assert.ok(isGood(result));
    assert.deepEqual(result.stages.map(({ stage, sum }) => [stage, sum.ops]), [
      ...operations.split(",").map((stage) => [stage, 400]),
    ]);
  }
  const mix = ["--mix", "lookup=50,insert=30,remove=20", "--rate", "2000", "--warmup", "0.05"];
  const result = await run(2, server.target, [...mix, "--clients", "3", "--ops", "100"]);
  assert.ok(isGood(result));
  const [mixed] = result.stages;
  assert.ok(mixed);
  assert.deepEqual([mixed.sum.ops, mixed.ratePerS], [300, 2_000]);
  const watcher = await HtClient.connect(server.target);
  assert.equal(await watcher.size(), 0);
  await watcher.close();
});

Deno.test("run: all clients use one table, or the run fails at its start", async () => {
  let connections = 0;
  await using server = new FakeServer({
    hello: () => ({ instance: "i", table: connections++ === 0 ? "first" : "another" }),
  });
  for (const shareCount of [1, 2]) {
    connections = 0;
    await assert.rejects(run(shareCount, server.target, ["--clients", "2"]), {
      name: "DifferentTableError",
    });
  }
});

Deno.test("run: shares without clients are not used", async () => {
  await using server = startServer();
  const result = await run(3, server.target, ["--ops", "5"]);
  assert.deepEqual(result.stages.map(({ processors }) => processors.length), [1, 1, 1, 1]);
});

Deno.test("run: a run that is stopped keeps its complete stages, and closes at once", async () => {
  await using server = startServer();
  const stop = new AbortController();
  const notes: string[] = [];
  const ended: (StageData | undefined)[] = [];
  const result = await run(2, server.target, ["--clients", "2", "--duration", "0.05"], {
    stop: stop.signal,
    events: {
      onStage: ({ name }) => name === "lookup" && stop.abort("ended by SIGINT"),
      onStageEnd: (data) => ended.push(data),
      onNote: (text) => notes.push(text),
    },
  });
  assert.deepEqual(result.stages.map(({ stage }) => stage), ["insert"]);
  assert.deepEqual([result.complete, result.failure], [false, "ended by SIGINT"]);
  assert.equal(isGood(result), false);
  assert.match(notes.join("\n"), /^The run ended early: ended by SIGINT\. Keys that begin with /);
  assert.deepEqual(ended.map((data) => data?.stage), ["insert", undefined]);
});

Deno.test("run: a stop before the start is an error with the reason", async () => {
  await using server = startServer();
  const stop = AbortSignal.abort("ended by SIGTERM");
  await assert.rejects(run(1, server.target, [], { stop }), { message: "ended by SIGTERM" });
});

Deno.test("run: after a stop, no result is kept and no event is sent", async () => {
  await using server = startServer();
  const stop = new AbortController();
  const notes: string[] = [];
  const events: (string | undefined)[] = [];
  const share = new LocalShare({ onNote() {}, onProgress: () => stop.abort("ended by SIGINT") });
  const result = await run(0, server.target, ["--duration", "30"], {
    shares: [share],
    stop: stop.signal,
    events: {
      onStage: ({ name }) => events.push(name),
      onStageEnd: (data) => events.push(data?.stage),
      onNote: (text) => notes.push(text),
    },
  });
  await share.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual([result.stages, events, notes.length], [[], ["insert", undefined], 1]);
});

Deno.test("run: a run that must begin again discards its stages, and leaves no key of them", async () => {
  for (const shareCount of [1, 2]) {
    await using server = startServer();
    const watcher = await HtClient.connect(server.target);
    const stages: (string | undefined)[] = [];
    const insertsMeasured = Promise.withResolvers<void>();
    const sizes: number[] = [];
    let attempts = 0, counts = 0;
    const flags = ["--duration", "0.1", "--clients", "2", "--keys", "20", "--operations"];
    const result = await run(shareCount, server.target, [...flags, "insert,remove"], {
      alignment: {
        alignedUnixMs: null,
        async start() {
          sizes.push(await watcher.size());
        },
        async watch() {
          if (attempts++ > 0) return false;
          await insertsMeasured.promise;
          return true;
        },
      },
      observer: {
        count: () => void counts++,
        endCount() {},
        look: () => Promise.resolve(undefined),
      },
      events: {
        onNote: assert.fail,
        onStageEnd(data) {
          stages.push(data?.stage);
          insertsMeasured.resolve();
        },
      },
    });
    assert.ok(isGood(result));
    assert.deepEqual(stages, ["insert", undefined, "insert", "remove"]);
    assert.deepEqual(result.stages.map(({ stage }) => stage), ["insert", "remove"]);
    assert.deepEqual([attempts, counts], [2, 2]);
    assert.deepEqual(sizes, [20, 20], "the keys before the first stage");
    assert.equal(await watcher.size(), 0);
    await watcher.close();
  }
});

Deno.test("run: a stage of a minute ends at once if the run must begin again", async () => {
  await using server = startServer();
  const stop = new AbortController();
  const isMeasuring = Promise.withResolvers<void>();
  const stages: string[] = [];
  let watches = 0;
  const startMs = performance.now();
  const share = new LocalShare({ onNote() {}, onProgress: () => isMeasuring.resolve() });
  const result = await run(0, server.target, ["--duration", "60"], {
    shares: [share],
    stop: stop.signal,
    alignment: {
      alignedUnixMs: null,
      start: () => Promise.resolve(),
      watch: async () => watches++ === 0 && await isMeasuring.promise.then(() => true),
    },
    events: {
      onNote() {},
      onStage({ name }) {
        stages.push(name);
        if (stages.length === 2) stop.abort("ended by SIGINT");
      },
    },
  });
  await share.close();
  assert.deepEqual(stages, ["insert", "insert"]);
  assert.equal(result.complete, false);
  assert.ok(performance.now() - startMs < 50_000);
});

Deno.test("run: a share that fails at its end does not lose the results", async () => {
  await using server = startServer();
  const notes: string[] = [];
  const share = new LocalShare(NO_EVENTS);
  share.end = () => Promise.reject(new Error("the worker died"));
  try {
    const result = await run(0, server.target, ["--ops", "5"], {
      shares: [share],
      events: { onNote: (text) => notes.push(text) },
    });
    assert.equal(result.stages.length, 4);
    assert.ok(isGood(result));
    assert.deepEqual(notes, ["At the run's end: the worker died"]);
  } finally {
    await LocalShare.prototype.end.call(share);
  }
});
