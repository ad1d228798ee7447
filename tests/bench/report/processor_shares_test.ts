import assert from "assert";
import { medianShares, sharesOf } from "../../../bench/report/processor_shares.ts";
import { stageOf, stepsWith, sweepWith } from "../../perf/raw_data.ts";

const STARTED_UNIX_MS = 1_800_000_000_000;

/** Three repeats of a stage of one second, two seconds apart. */
const SWEEP = sweepWith(stepsWith([1], 3, (clients, repeat) => [
  { ...stageOf("lookup", clients, 100), startedUnixMs: STARTED_UNIX_MS + 2_000 * repeat },
]));

/** A sample every 500 ms. The thread runs all the time in the first stage, then half of it. */
function samples(untilMs: number) {
  return Array.from({ length: Math.floor(untilMs / 500) + 1 }, (_, at) => {
    const ms = at * 500;
    const threadMs = ms < 1_500 ? ms : 1_500 + (ms - 1_500) / 2;
    return {
      unixMs: STARTED_UNIX_MS - 250 + ms,
      threadMs,
      waitingMs: ms / 10,
      serverMs: threadMs,
      busyMs: ms,
    };
  });
}

Deno.test("shares are those between the start and the end of a stage", () => {
  const [step] = sharesOf(SWEEP, samples(8_000), 2);
  const stages = step?.repeats.flat() ?? [];
  const rounded = stages.map(({ thread, waiting, machine, clients }) =>
    [thread, waiting, machine, clients].map((share) => Number(share.toFixed(6)))
  );
  assert.deepEqual(rounded, [[1, 0.1, 0.5, 0.6], [0.5, 0.1, 0.5, 0.6], [0.5, 0.1, 0.5, 0.6]]);
  assert.equal(medianShares(step, "lookup")?.thread.toFixed(6), "0.500000");
  assert.equal(medianShares(step, "insert"), undefined);
});

Deno.test("a stage without a sample before and after it has no shares", () => {
  const [step] = sharesOf(SWEEP, samples(3_000), 2);
  assert.deepEqual(step?.repeats.map((stages) => stages.length), [1, 0, 0]);
  const [none] = sharesOf(SWEEP, [], 2);
  assert.equal(medianShares(none, "lookup"), undefined);
});
