import assert from "assert";
import { joinSweeps } from "../../../bench/report/joined_sweeps.ts";
import type { StageData } from "../../../lib/perf/measure/stage_data.ts";
import type { SweepData } from "../../../lib/perf/results/sweep_data.ts";
import { levelSweep } from "../../perf/raw_data.ts";

Deno.test("joined sweeps have the operations of both, and the steps of either", () => {
  const both = levelSweep();
  const only = (stage: string, steps: SweepData["steps"]): SweepData => ({
    ...both,
    steps: steps.map(({ clients, repeats }) => ({
      clients,
      repeats: repeats.map((stages) => stages.filter((one: StageData) => one.stage === stage)),
    })),
  });
  const [first, second] = [only("insert", both.steps.slice(0, -1)), only("lookup", both.steps)];
  const joined = joinSweeps(first, second);
  assert.deepEqual(
    joined.steps.map(({ clients }) => clients),
    both.steps.map(({ clients }) => clients),
  );
  for (const [at, { repeats }] of joined.steps.entries()) {
    const isLast = at === both.steps.length - 1;
    for (const stages of repeats) {
      const names = stages.map(({ stage }) => stage);
      assert.deepEqual(names, isLast ? ["lookup"] : ["insert", "lookup"]);
    }
  }
  assert.equal(joinSweeps(first, { ...second, complete: false }).complete, false);
});
