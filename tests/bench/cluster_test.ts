/** The benchmark of gateways: its ratios, its reading of redis-benchmark, and the smallest run. */
import assert from "assert";
import { CELLS, type ContenderName, namesOf } from "../../bench/cluster/cells.ts";
import { ratiosOf, type Stage, tablesOf } from "../../bench/cluster/report.ts";
import { figuresOf } from "../../bench/cluster/redis_benchmark.ts";
import { fromSource, run } from "../../bench/harness/program.ts";
import { testWith } from "../helpers/needs.ts";

const [CELL] = CELLS;
assert.ok(CELL);

function stage(contender: ContenderName, round: number, perSecond: number): Stage {
  const result = { p50Us: 1, p99Us: 2, serverUs: 8, clusterUs: 2, settleMs: 1 };
  return { cell: CELLS[0]?.name ?? "", contender, round, result: { ...result, perSecond } };
}

Deno.test("bench:cluster: a ratio is of two stages of one round", () => {
  // The machine was ten times as slow in the second round; the third was not complete.
  const stages = [
    ...[stage("gateway", 1, 70), stage("redis-benchmark", 1, 100)],
    ...[stage("gateway", 2, 8), stage("redis-benchmark", 2, 10)],
    stage("gateway", 3, 70),
  ];
  const ratios = ratiosOf(stages, CELL, { name: "redis-benchmark" }, (one) => one.perSecond);
  assert.deepEqual(ratios, [0.7, 0.8]);
  const machine = {
    ...{ measuredAt: "", code: "", processor: "", cores: 1, system: "", versions: [] },
  };
  const sizes = { keys: 1, durationS: 1 };
  const tables = tablesOf({ machine, seed: 1, sizes, cells: [CELL], stages });
  const [ratio] = tables["cluster ratios"]?.rows ?? [];
  assert.deepEqual(ratio, [
    ...[CELL.name, "gateway", "redis-benchmark", "met", "0.75 (0.70 to 0.80)", "0.60"],
    "1.00 (1.00 to 1.00)",
  ]);
  for (const { heading, rows } of Object.values(tables)) {
    assert.ok(rows.every((row) => row.length === heading.length));
  }
});

Deno.test("bench:cluster: the figures of redis-benchmark are read by their names", () => {
  const csv = '"test","rps","avg_latency_ms","p50_latency_ms","p99_latency_ms"\n' +
    '"SET","39840.64","1.015","0.959","2.215"\n';
  assert.deepEqual(figuresOf(csv, "set"), { perSecond: 39_840.64, p50Us: 959, p99Us: 2_215 });
  assert.equal(figuresOf(csv, "get"), undefined);
  assert.equal(figuresOf("", "set"), undefined);
});

Deno.test("bench:cluster: a wrong number is a usage error", async () => {
  const { code, stderr } = await run(fromSource("bench/cluster.ts", "--rounds", "0"));
  assert.equal(code, 2);
  assert.equal(
    stderr,
    "bench: --rounds needs a whole number from 1 to 99, not '0' (see deno task bench:cluster --help)\n",
  );
});

testWith(["redis-server", "redis-benchmark", "cc"], "bench:cluster runs", async () => {
  const args = ["--rounds", "1", "--duration", "0.05", "--keys", "300"];
  const { code, stdout, stderr } = await run(fromSource("bench/cluster.ts", ...args));
  assert.deepEqual([code, stderr], [0, ""]);
  for (const cell of CELLS) {
    for (const name of namesOf(cell)) {
      assert.match(stdout, new RegExp(`^${cell.name} +${name} +[1-9][\\d.]+ `, "m"));
    }
  }
});
