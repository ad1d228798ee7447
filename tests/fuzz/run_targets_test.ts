/** Tests that every input is run once, and that findings are counted and reported. */
import assert from "assert";
import type { Task } from "../../fuzz/worker_watch.ts";
import { runTargets, type TargetFinding } from "../../fuzz/run_targets.ts";
import type { PartTarget, ServerTarget } from "../../fuzz/target.ts";

const PART: PartTarget = {
  name: "part",
  input: "x",
  share: 3,
  make: () => new Uint8Array(0),
  check: () => undefined,
};

const SERVER: ServerTarget = {
  name: "server",
  input: "x",
  share: 1,
  roundInputs: 2_048,
  open: () => Promise.reject(new Error("not here")),
};

const PLAN = { targets: [SERVER, PART], seed: 1, inputs: 1_000_000, processes: 3 };

Deno.test("fuzz: every input is run once, and rounds are complete", async () => {
  const tasks: Task[] = [];
  const results = await runTargets(
    { ...PLAN, untilMs: performance.now() + 60_000 },
    (task, onProgress) => {
      tasks.push(task);
      onProgress(Math.floor(task.count / 2));
      return Promise.resolve({ done: task.count, finding: undefined });
    },
    () => {},
    () => assert.fail("there is no finding"),
  );
  assert.deepEqual(
    results.map(({ name, inputs, findings }) => [name, inputs, findings]),
    [["server", 250_000, 0], ["part", 750_000, 0]],
  );
  for (const name of ["server", "part"]) {
    const own = tasks.filter(({ target }) => target === name).sort((a, b) => a.first - b.first);
    let next = 0;
    for (const { first, count } of own) {
      assert.equal(first, next);
      assert.ok(name === "part" || first % SERVER.roundInputs === 0);
      next += count;
    }
    assert.ok(own.length > 5);
  }
  assert.deepEqual(new Set(tasks.slice(0, 4).map(({ target }) => target)).size, 2, "in turn");
});

Deno.test("fuzz: findings are reported, and no part starts after the time limit", async () => {
  const found: TargetFinding[] = [];
  const run = (task: Task) => {
    const finding = { number: task.first + 4, problem: "p", latin1: "x" };
    return Promise.resolve({ done: 5, finding: task.target === "part" ? finding : undefined });
  };
  const plan = { ...PLAN, inputs: 4_000, processes: 1 };
  const results = await runTargets(
    { ...plan, untilMs: performance.now() + 60_000 },
    run,
    () => {},
    (one) => found.push(one),
  );
  assert.deepEqual(results.map(({ inputs, findings }) => [inputs, findings]), [[5, 0], [10, 2]]);
  assert.deepEqual(found.map(({ target, number }) => [target, number]), [["part", 4], [
    "part",
    2_004,
  ]]);
  const late = await runTargets({ ...plan, untilMs: performance.now() }, run, () => {}, () => {});
  assert.deepEqual(late.map(({ inputs }) => inputs), [0, 0]);
});
