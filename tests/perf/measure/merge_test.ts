/** Proves that merged results of several processes equal those of one. */
import assert from "assert";
import { addCounts, mergeStages, sumClients } from "../../../lib/perf/measure/merge.ts";
import { runStage } from "../../../lib/perf/run/stage.ts";
import type { StageData } from "../../../lib/perf/measure/stage_data.ts";
import type { Task } from "../../../lib/perf/workload/operation.ts";
import { numbered, SimulatedServer } from "../simulated_server.ts";
import { clientData, operationData, stageData } from "../raw_data.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("merge");

const OPERATIONS = ["insert", "lookup"] as const;

/** A stage of one lookup. */
const LOOKUP = stageData("lookup", [clientData(operationData(1, 1, [1]), "lookup")]);

/** Runs clients `from` to below `to` of six, each with its own latencies and failures. */
async function part(from: number, to: number, ratePerS?: number): Promise<StageData> {
  const clock = new VirtualClock();
  const server = new SimulatedServer(clock, (arrivedMs, { key }) => {
    if (key % 97 === 0) throw new RangeError("sometimes");
    return arrivedMs + 1 + (key % 13) + (key % 50 === 0 ? 40 : 0);
  });
  const all = numbered(6);
  const data = await clock.run(runStage({
    stage: "mixed",
    clients: all.slice(from, to),
    workload: server,
    tasks: (client) => {
      let key = (from + client) * 1_000;
      const next = (): Task => ({ operation: OPERATIONS[key++ % 2] ?? "insert", key });
      return { next };
    },
    length: { ops: 500 },
    ratePerS,
    place: ratePerS === undefined ? undefined : { first: from, of: 6 },
    clock,
    processorTime: () => ({ allMs: 0, mainMs: 0 }),
  }));
  // As received from another process.
  return JSON.parse(JSON.stringify(data));
}

/** Leaves out the numbers that can differ in their last bits. */
function comparable({ processors: _, sendDelay: __, ...data }: StageData): unknown {
  return JSON.parse(JSON.stringify(data), (name, value) => {
    if (name === "histogram") return undefined;
    return name === "meanMs" ? Math.round(value * 1e9) / 1e9 : value;
  });
}

for (const ratePerS of [undefined, 600]) {
  test(`three processes equal one with all clients, at a rate of ${ratePerS}`, async () => {
    const ranges = [[0, 1], [1, 4], [4, 6]] as const;
    const parts = await Promise.all(ranges.map(([from, to]) => part(from, to, ratePerS)));
    const merged = mergeStages(parts);
    const whole = await part(0, 6, ratePerS);
    assert.deepEqual([merged.ratePerS, merged.sum.seconds], [ratePerS ?? null, whole.sum.seconds]);
    assert.deepEqual(comparable(merged), comparable(whole));
    assert.equal(merged.processors.length, 3);
    assert.ok(merged.sum.ops > 2_900 && (merged.sum.errors["RangeError"] ?? 0) > 10);
  });
}

test("the order of merges does not matter", async () => {
  const [a, b, c] = [await part(0, 1, 60), await part(1, 3, 60), await part(3, 6, 60)];
  const once = mergeStages([a, b, c]);
  const stepwise = mergeStages([mergeStages([a, b]), c]);
  assert.deepEqual(comparable(stepwise), comparable(once));
  assert.equal(once.ratePerS, 60);
  assert.equal(once.sendDelay?.count, once.sum.ops + (once.sum.errors["RangeError"] ?? 0));
  const reversed = mergeStages([c, b, a]);
  assert.deepEqual(comparable({ ...reversed, clients: [] }), comparable({ ...once, clients: [] }));
});

test("a single part stays unchanged", async () => {
  const only = await part(0, 3);
  assert.deepEqual(mergeStages([only]), only);
});

test("time counts from the first start to the last end, and the spread of starts is kept", () => {
  const of = (startedUnixMs: number, seconds: number) =>
    stageData("lookup", [clientData(operationData(100, seconds, [1]), "lookup")], {
      startedUnixMs,
    });
  const { sum, startedUnixMs, startSpreadMs } = mergeStages([of(5_000, 2), of(4_500, 2.25)]);
  assert.deepEqual([startedUnixMs, startSpreadMs], [4_500, 500]);
  assert.deepEqual([sum.ops, sum.seconds, sum.operations.lookup?.seconds], [200, 2.5, 2.5]);
});

test("failures of one part are failures of the whole", () => {
  const failed = clientData(operationData(0, 1, [], { KeyError: 2 }), "lookup");
  const bad = stageData("lookup", [failed], {
    ended: "server gone",
    complete: false,
    firstError: "why",
    warmupErrors: { TooLarge: 1 },
    clientsAtBound: 1,
  });
  const merged = mergeStages([LOOKUP, bad, { ...LOOKUP, ended: "time limit" }]);
  assert.deepEqual(
    [merged.ended, merged.complete, merged.firstError, merged.warmupErrors, merged.sum.errors],
    ["server gone", false, "why", { TooLarge: 1 }, { KeyError: 2 }],
  );
  assert.equal(merged.clientsAtBound, 1);
});

test("errors of any name are counted", () => {
  const merged = addCounts([{ constructor: 2 }, { constructor: 1, toString: 1 }]);
  assert.deepEqual(Object.entries(merged), [["constructor", 3], ["toString", 1]]);
});

test("the rates of the parts add up to the whole rate", () => {
  const part: StageData = { ...LOOKUP, loop: "open", ratePerS: 5_000 / 17 };
  assert.equal(mergeStages(Array.from({ length: 17 }, () => part)).ratePerS, 5_000);
});

test("only parts of one stage are merged", () => {
  assert.throws(() => mergeStages([]), RangeError);
  assert.throws(() => mergeStages([LOOKUP, { ...LOOKUP, stage: "scan" }]), RangeError);
  assert.throws(() => mergeStages([LOOKUP, { ...LOOKUP, loop: "open" }]), RangeError);
});

test("a sum has every type of operation of any client", () => {
  const { operations, ops } = sumClients([
    clientData(operationData(3, 1, [1, 2, 3]), "insert"),
    clientData(operationData(2, 2, [4, 5]), "lookup"),
  ]);
  assert.deepEqual(Object.keys(operations).sort(), ["insert", "lookup"]);
  assert.deepEqual([ops, operations.insert?.ops, operations.insert?.seconds], [5, 3, 2]);
});
