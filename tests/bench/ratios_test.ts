import assert from "assert";
import type { PeerName } from "../../bench/peers/peer.ts";
import { mediansOf, ratiosOf } from "../../bench/peers/ratios.ts";
import { columnsOf } from "../../bench/peers/raw_data.ts";
import type { Stage } from "../../bench/peers/rounds.ts";
import { LOOKUPS, RESULT } from "./load_result.ts";

function stage(peer: PeerName, round: number, perSecond: number, serverCpu = 1): Stage {
  return { cell: LOOKUPS.name, peer, round, result: { ...RESULT, perSecond, serverCpu } };
}

Deno.test("a ratio is of two stages of the same round", () => {
  const stages = [
    stage("htserver", 1, 80),
    stage("Redis", 1, 100),
    stage("Redis", 2, 1_000),
    stage("htserver", 2, 900),
    stage("htserver", 3, 70, 0.5),
    stage("Redis", 3, 100),
    stage("htserver", 4, 1), // The rival was not measured in this round.
  ];
  const [ratio, ...others] = ratiosOf([LOOKUPS], stages);
  assert.deepEqual(others, []); // Python was not measured.
  assert.deepEqual(ratio?.spread, { median: 0.8, min: 0.7, max: 0.9 });
  assert.equal(ratio?.byCpu.max, 1.4);
  assert.equal(ratio?.verdict, "met");
});

Deno.test("the figures of a server are the medians of its stages", () => {
  const stages = [
    stage("Redis", 1, 5),
    stage("Redis", 2, 7),
    stage("Redis", 3, 6),
    stage("htserver", 1, 99),
  ];
  assert.equal(mediansOf(stages, LOOKUPS.name, "Redis")?.perSecond, 6);
  assert.equal(mediansOf(stages, LOOKUPS.name, "Python"), undefined);
});

Deno.test("raw data has the rounds of each server in each cell", () => {
  const columns = columnsOf([stage("Redis", 1, 5), stage("htserver", 1, 9), stage("Redis", 2, 7)]);
  assert.deepEqual(
    columns.map(({ peer, round, perSecond }) => ({ peer, round, perSecond })),
    [
      { peer: "Redis", round: [1, 2], perSecond: [5, 7] },
      { peer: "htserver", round: [1], perSecond: [9] },
    ],
  );
});
