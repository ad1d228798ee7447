/** Proves that runs that measured together are added up, whatever their order and number. */
import assert from "assert";
import fc from "fast-check";
import { opsPerSecond } from "../../../lib/perf/measure/stage_data.ts";
import { readRawData } from "../../../lib/perf/results/read_data.ts";
import type { SweepData } from "../../../lib/perf/results/sweep_data.ts";
import { groupRuns } from "../../../lib/perf/sum/groups.ts";
import { sumFiles, sumRuns } from "../../../lib/perf/sum/sum.ts";
import { testsOf } from "../../helpers/pure.ts";
import { sweepWith } from "../raw_data.ts";
import { changed, delayed, experiment, runFile } from "./experiments.ts";

const test = testsOf("sum");

/** The operations of each repeat of each step, in the first stage. */
function opsOf({ steps }: SweepData): [clients: number, sums: number[]][] {
  return steps.map(({ clients, repeats }) => [
    clients,
    repeats.map(([stage]) => stage?.sum.ops ?? 0),
  ]);
}

test("one, two and four processes are the steps of a sweep, with the sum of each", () => {
  const { data: sum } = sumRuns(experiment([100], [90, 91], [60, 61, 62, 63]));
  assert.deepEqual(opsOf(sum), [[1, [100]], [2, [181]], [4, [246]]]);
  assert.deepEqual(sum.steps[2]?.repeats[0]?.[0]?.clients.map(({ ops }) => ops), [60, 61, 62, 63]);
  assert.equal(opsPerSecond(sum.steps[1]?.repeats[0]?.[3]?.sum ?? assert.fail()), 181 / 1.6);
  const { clients, processes, repeats } = sum.settings;
  assert.deepEqual([clients, processes, repeats, sum.sumOf?.length], [4, 4, 1, 7]);
  assert.deepEqual(readRawData(JSON.stringify(sum)), sum, "--compare reads it");
});

test("any groups in any order of files are found", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 });
  const cases = sizes.chain((sizes) => {
    const groups = sizes.map((size) => Array<number>(size).fill(1));
    const runs = experiment(...groups);
    // Delays of less than 5% of a stage, as of processes whose clocks differ.
    const delays = fc.array(fc.nat({ max: 40 }), { minLength: runs.length });
    const order = fc.shuffledSubarray([...runs.keys()], { minLength: runs.length });
    return fc.record({ runs: fc.constant(runs), delays, order });
  });
  fc.assert(fc.property(cases, ({ runs, delays, order }) => {
    const late = delays.reduce((runs, ms, at) => delayed(runs, at, ms), runs);
    const names = groupRuns(order.flatMap((at) => late[at] ?? []))
      .map(({ runs }) => runs.map(({ file }) => file).toSorted());
    const expected = Map.groupBy(runs.map(({ file }) => file), ([group]) => group);
    assert.deepEqual(names, [...expected.values()]);
  }));
});

test("processes may have any number of clients", () => {
  const at = (file: string, startedUnixMs: number, clients: number) => {
    const { data } = runFile({ file, startedUnixMs, opsOfEach: Array(clients).fill(10) });
    const settings = { ...data.settings, keys: 1_000 * clients, processes: clients };
    return { file, data: { ...data, settings } };
  };
  const { data: sum } = sumRuns([
    at("one", 1e12, 1),
    at("three", 1e12, 3),
    at("four", 1e12 + 1e5, 4),
  ]);
  assert.deepEqual(opsOf(sum), [[4, [40, 40]]]);
  assert.deepEqual([sum.settings.keys, sum.settings.processes], [4_000, 4]);
});

test("a sum began when its first run began to measure", () => {
  const runs = changed(experiment([1], [1, 2]), 0, { alignedUnixMs: 1_800_000_002_000 });
  const { startedUnixMs, alignedUnixMs } = sumRuns(runs.toReversed()).data;
  assert.deepEqual([startedUnixMs, alignedUnixMs], [1_800_000_000_000, 1_800_000_002_000]);
});

test("the same server may have other addresses on other machines", () => {
  const runs = changed(experiment([1, 2]), 1, { target: "10.0.0.2:99", server: "10.0.0.2:99" });
  assert.deepEqual(opsOf(sumRuns(runs).data), [[2, [3]]]);
});

/** Adds up files, and returns their notes. */
async function summed(texts: Readonly<Record<string, string>>) {
  const read = (file: string) => Promise.resolve(texts[file] ?? "");
  const { isGood, notes } = await sumFiles(Object.keys(texts), read);
  return { isGood, notes };
}

test("files that are not the whole result of a run are refused", async () => {
  const run = experiment([1])[0]?.data ?? assert.fail();
  const [stage] = run.stages;
  const refused = {
    "": /^Cannot add up 'x': it is empty$/,
    "{}": /^Cannot add up 'x': it is not the output of testperf --json$/,
    [JSON.stringify(sweepWith([]))]:
      /^Cannot add up 'x': it is a sweep, and only results of single/,
    [JSON.stringify({ ...run, stages: [{ ...stage, ended: 3 }] })]:
      /^Cannot add up 'x': it is damaged: stages\[0\].ended is missing or has a wrong value$/,
    [JSON.stringify({ ...run, stages: [{ ...stage, clients: [] }] })]: /stages\[0\].clients is/,
    [JSON.stringify({ ...run, stages: [] })]: /^Cannot add up 'x': it is not complete: /,
  };
  for (const [text, sentence] of Object.entries(refused)) {
    await assert.rejects(summed({ x: text }), ({ message }) => sentence.test(message), text);
  }
  assert.deepEqual(await summed({ x: JSON.stringify(run) }), { isGood: true, notes: [] });
});

test("failed operations do not count, and a note names their file", async () => {
  const text = JSON.stringify({ ...experiment([1])[0]?.data, unmeasuredErrors: 3 });
  assert.deepEqual(await summed({ x: text }), {
    isGood: false,
    notes: ["'x': 3 operations failed and do not count"],
  });
});

test("a stage that ran out of keys has no sum, and the others have", () => {
  const runs = experiment([1], [2, 3]);
  const stages = runs[2]?.data.stages ?? [];
  const early = changed(runs, 2, {
    stages: stages.map((one) =>
      one.stage === "remove"
        ? { ...one, ended: "keys used up", sum: { ...one.sum, seconds: 1.5 } }
        : one
    ),
  });
  const { data, notes, isGood } = sumRuns(early);
  assert.ok(isGood);
  assert.deepEqual(data.steps.map(({ repeats }) => repeats[0]?.length), [4, 3]);
  assert.deepEqual(notes, [
    "remove with 2 clients: '1b.json' ended it after 1.500 s (keys used up), before the others, so this run of it does not count",
  ]);
});

test("a note names the keys of each client, because scans read all of them", () => {
  const [one, ...others] = experiment([1], [2, 3]).map(({ file, data }) => ({
    file,
    data: { ...data, settings: { ...data.settings, keys: 1_000 } },
  }));
  assert.ok(one);
  assert.deepEqual(sumRuns([one]).notes, []);
  assert.match(sumRuns([one, ...others]).notes.join(), /^scan: .* has 1,000 keys for each client,/);
});

test("runs at different servers of one shared table are added up, and the clients of each server", () => {
  const at = (...clients: readonly number[]) => ({
    instance: null,
    servers: clients.map((clients, at) => ({ server: `10.0.0.1:${at}`, clients })),
  });
  const runs = changed(
    changed(changed(experiment([1], [2, 3]), 0, at(1)), 1, { ...at(1), server: "10.0.0.1:0" }),
    2,
    { ...at(0, 1), server: "10.0.0.1:1" },
  );
  const { data } = sumRuns(runs);
  assert.deepEqual(data.servers, at(1, 1).servers, "those of the step with most clients");
  assert.deepEqual(readRawData(JSON.stringify(data)), data);
});
