/** Tests that processes that were started together measure together, and that `--sum` adds them up. */
import assert from "assert";
import { fromSource, run } from "../../../bench/harness/program.ts";
import { opsPerSecond, type StageData } from "../../../lib/perf/measure/stage_data.ts";
import type { RunData } from "../../../lib/perf/results/run_data.ts";
import type { SweepData } from "../../../lib/perf/results/sweep_data.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { startServer } from "../../helpers/server.ts";
import { testperf } from "./testperf_program.ts";

const FLAGS = ["--duration", "0.4", "--operations", "insert,lookup", "--json"] as const;

/** Whether each stage of two runs began within 1% of its length. */
function overlap(some: readonly StageData[], others: readonly StageData[]): boolean {
  return some.every(({ startedUnixMs }, at) =>
    Math.abs(startedUnixMs - (others[at]?.startedUnixMs ?? NaN)) < 4
  );
}

Deno.test("testperf --sum adds up one process, and two that were started together", async () => {
  await using server = startServer();
  await using folder = await TempFolder.make();
  const measure = async (file: string): Promise<RunData> => {
    const { code, stdout, stderr } = await testperf(server.target, ...FLAGS);
    assert.equal(code, 0, stderr);
    await Deno.writeTextFile(`${folder.path}/${file}`, stdout);
    return JSON.parse(stdout);
  };
  const one = await measure("one.json");
  const two = await Promise.all([measure("two-a.json"), measure("two-b.json")]);
  const sumOf = (...flags: string[]) => run(fromSource("testperf.ts", "--sum", ...flags));
  const files = ["one.json", "two-b.json", "two-a.json"].map((file) => `${folder.path}/${file}`);

  const json = await sumOf(...files, "--json");
  if (!two.every(({ stages }) => overlap(stages, two[0].stages))) {
    // On a very busy machine, a process can miss the start of the other one.
    assert.equal(json.code, 1);
    assert.match(
      json.stderr,
      /^testperf: Cannot add up '[^']+' and '[^']+': (?:insert|lookup) ran at the same/,
    );
    return;
  }
  assert.equal(json.code, 0, json.stderr);
  const { format, steps, sumOf: sources } = JSON.parse(json.stdout) as SweepData;
  assert.deepEqual([format, sources?.length], ["testperf sweep", 3]);
  assert.deepEqual(steps.map(({ clients }) => clients), [1, 2]);
  for (const [at, stage] of ["insert", "lookup"].entries()) {
    for (const [step, runs] of [[steps[0], [one]], [steps[1], two]] as const) {
      const sum = step?.repeats[0]?.[at] ?? assert.fail();
      const parts = runs.map(({ stages }) => stages[at]?.sum ?? assert.fail());
      assert.equal(sum.stage, stage);
      assert.equal(sum.sum.ops, parts.reduce((ops, part) => ops + part.ops, 0));
      const lines = parts.reduce((all, part) => all + opsPerSecond(part), 0);
      assert.ok(Math.abs(opsPerSecond(sum.sum) - lines) <= 0.05 * lines);
    }
  }

  const table = await sumOf(...files);
  assert.equal(table.code, 0, table.stderr);
  assert.match(
    table.stdout,
    /^lookup .*each ops\/s +sum ops\/s +gain\n.*\n2 clients +[\d,]+ [\d,]+ +[\d,]+ /m,
  );
  const refused = await sumOf(...files, files[0] ?? "");
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /^testperf: Cannot add up '.*one.json' and '.*one.json': .*\n$/);
  const missing = await sumOf(...files.slice(0, 2));
  assert.match(missing.stderr, /two-b.json': 1 more process of testperf was at the server/);
});
