/** Proves the number of keys that are inserted for removes. */
import assert from "assert";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { refillKeys } from "../../../lib/perf/run/refill.ts";
import type { StageData } from "../../../lib/perf/measure/stage_data.ts";
import { clientData, operationData, stageData, stageOf } from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("refill");

/** Keys of each client, for stages of 10 s after 1 s, of which 1 s is not counted. */
function keysAfter(stages: readonly StageData[], ...flags: string[]): number {
  const config = parseTestPerfConfig(["a", "--duration", "10", "--warmup", "1", ...flags], {});
  return refillKeys(config, 32, stages, false);
}

test("there are twice as many keys as removes that are as fast as lookups", () => {
  const stages = [stageOf("insert", 2, 500), stageOf("lookup", 2, 700)];
  assert.equal(keysAfter(stages, "--clients", "2"), 700 * 10 * 2 + 1);
  assert.equal(keysAfter([stageOf("insert", 1, 500), stageOf("lookup", 1, 300)]), 500 * 10 * 2 + 1);
});

test("a run that began with others has twice as many", () => {
  const config = parseTestPerfConfig(["a", "--duration", "10", "--warmup", "1"], {});
  assert.equal(refillKeys(config, 32, [stageOf("insert", 1, 50)], true), 4 * 50 * 10 * 4 + 1);
});

test("the fastest client decides", () => {
  const lookups = [100, 900].map((ops) => clientData(operationData(ops, 1, [1]), "lookup"));
  const stages = [stageOf("insert", 2, 500), stageData("lookup", lookups)];
  assert.equal(keysAfter(stages, "--clients", "2"), 900 * 10 * 2 + 1);
});

test("removes that wait for a disk are not as fast as lookups", () => {
  const stages = [stageOf("insert", 1, 50), stageOf("lookup", 1, 20_000)];
  assert.equal(keysAfter(stages), 4 * 50 * 10 * 2 + 1);
  assert.equal(keysAfter(stages.slice(0, 1)), 4 * 50 * 10 * 2 + 1);
  assert.equal(keysAfter(stages.slice(1)), 20_000 * 10 * 2 + 1);
});

test("a rate is known", () => {
  const stages = [stageOf("insert", 4, 5)];
  assert.equal(keysAfter(stages, "--clients", "4", "--rate", "1000"), 250 * 10 * 2 + 1);
});

test("the size of all keys is limited, and time limits a number that is not known", () => {
  assert.equal(keysAfter([]), Math.floor(500e6 / 132));
  assert.equal(
    keysAfter([], "--clients", "10", "--value-size", "1MB"),
    Math.floor(500e6 / 1_000_032 / 10),
  );
});
