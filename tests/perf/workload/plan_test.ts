/** Proves the operations and keys of plans, which are executed on a table. */
import assert from "assert";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { Keys } from "../../../lib/perf/workload/keys.ts";
import { planRun, type StagePlan } from "../../../lib/perf/workload/plan.ts";
import {
  type Operation,
  perform,
  TableWorkload,
  type Task,
  type Tasks,
} from "../../../lib/perf/workload/operation.ts";
import { fakeClient } from "../fake_client.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("plan");

const SEED = 11;

function planWith(seed: number, flags: readonly string[]) {
  return planRun(parseTestPerfConfig(["127.0.0.1:1", ...flags], {}), seed);
}

/** Executes the plan of a number of clients on a table. */
class PlanRunner {
  readonly plan: ReturnType<typeof planRun>;
  readonly #fake = fakeClient();
  readonly #clients: number;
  readonly #workload = new TableWorkload(new Keys(SEED, "plan"), 40, true);

  constructor(clients: number, ...flags: string[]) {
    this.#clients = clients;
    this.plan = planWith(SEED, ["--clients", String(clients), ...flags]);
  }

  /** Returns the stage of an operation, or the mix. */
  stage(name: Operation | "mixed"): StagePlan {
    return this.plan.stages.find((stage) => stage.name === name) ?? assert.fail(name);
  }

  /** Performs tasks of each client until their end, at most `maxTasks`, and returns them. */
  async all(tasksOf: (client: number) => Tasks, maxTasks: number = Infinity): Promise<Task[]> {
    const done: Task[] = [];
    for (let client = 0; client < this.#clients; client++) {
      done.push(...await this.one(tasksOf(client), maxTasks));
    }
    return done;
  }

  /** Performs tasks until their end, at most `maxTasks`, and returns them. */
  async one(tasks: Tasks, maxTasks: number): Promise<Task[]> {
    const done: Task[] = [];
    while (done.length < maxTasks) {
      const task = tasks.next();
      if (task === undefined) break;
      await perform(this.#workload, task, this.#fake.sender);
      task.onDone?.();
      done.push(task);
    }
    return done;
  }

  async prepare(stage: StagePlan): Promise<Task[]> {
    const done: Task[] = [];
    for (const tasks of stage.prepare) done.push(...await this.all(tasks));
    return done;
  }

  async assertSize(size: number): Promise<void> {
    assert.equal(await this.#fake.client.size(), size, "the size of the table");
  }

  /** Performs the tasks after all stages, which leave no key. */
  async cleanUp(): Promise<Task[]> {
    const done = await this.all(this.plan.cleanUp);
    await this.assertSize(0);
    return done;
  }
}

const keysOf = (tasks: readonly Task[]) => tasks.map(({ key }) => key);

function counts(tasks: readonly Task[]): Partial<Record<Operation, number>> {
  const count: Partial<Record<Operation, number>> = {};
  for (const { operation } of tasks) count[operation] = (count[operation] ?? 0) + 1;
  return count;
}

test("four stages insert, look up, scan and remove the same keys, and leave none", async () => {
  const runner = new PlanRunner(3, "--ops", "20");
  const { stages } = runner.plan;
  assert.deepEqual(stages.map(({ name }) => name), ["insert", "lookup", "scan", "remove"]);
  const all = Array.from({ length: 60 }, (_, at) => at);
  for (const stage of stages) {
    assert.deepEqual(await runner.prepare(stage), [], "nothing is missing");
    await runner.all(stage.warmup, 10);
    // A warm-up leaves the table as it was.
    await runner.assertSize(stage.name === "insert" ? 0 : 60);
    const done = await runner.all(stage.tasks, 20);
    assert.deepEqual(counts(done), { [stage.name]: 60 });
    assert.deepEqual(keysOf(done).sort((a, b) => a - b), all);
    const limitMs = stage.name === "scan" ? 15_000 : undefined;
    assert.deepEqual(stage.length, { ops: 20, limitMs });
  }
  assert.deepEqual(await runner.cleanUp(), []);
});

test("keys that a warm-up leaves after its last insert are removed at the end", async () => {
  const runner = new PlanRunner(2);
  await runner.all(runner.stage("insert").warmup, 7);
  await runner.all(runner.stage("remove").warmup, 5);
  await runner.assertSize(4);
  assert.equal((await runner.cleanUp()).length, 4);
});

test("a remove of a warm-up that failed with its connection is repeated", () => {
  const { stages: [insert], cleanUp } = planWith(SEED, []);
  const warmup = insert?.warmup(0);
  const [, lost] = [warmup?.next(), warmup?.next()];
  assert.equal(lost?.operation, "remove");
  const { operation, key } = cleanUp(0).next() ?? {};
  assert.deepEqual([operation, key], ["remove", lost?.key]);
});

test("--keys limits the keys for any number of operations, and the rest is removed", async () => {
  const runner = new PlanRunner(2, "--ops", "5", "--keys", "31");
  const lookup = runner.stage("lookup");
  await runner.all(runner.stage("insert").tasks, 5);
  await runner.assertSize(10);
  assert.equal((await runner.prepare(lookup)).length, 21);
  await runner.assertSize(31);
  await runner.all(lookup.tasks, 5);
  await runner.all(runner.stage("remove").tasks, 5);
  assert.equal((await runner.cleanUp()).length, 21);
});

test("with fewer keys than operations, inserts replace values, and removes end when no key is left", async () => {
  const runner = new PlanRunner(1, "--keys", "7");
  assert.equal((await runner.all(runner.stage("insert").tasks, 100)).length, 100);
  await runner.assertSize(7);
  assert.equal(new Set(keysOf(await runner.all(runner.stage("lookup").tasks, 100))).size, 7);
  assert.equal((await runner.all(runner.stage("remove").tasks, 100)).length, 7);
});

test("stages by time use the keys that are there from the start, and removes more of them", async () => {
  const flags = ["--duration", "2", "--warmup", "1", "--keys", "50", "--distribution", "uniform"];
  const runner = new PlanRunner(2, ...flags);
  const [insert, lookup, scan, remove] = runner.plan.stages;
  assert.ok(insert && lookup && scan && remove?.refill);
  const { refill } = remove;
  assert.equal((await runner.prepare(insert)).length, 50, "all keys are there before the first");
  for (const stage of [insert, lookup, scan]) {
    assert.deepEqual(stage.length, { durationMs: 2_000, warmupMs: 1_000, edgeMs: 200 });
    assert.deepEqual(await runner.prepare(stage), [], "nothing is missing");
    const done = await runner.all(stage.tasks, 300);
    assert.deepEqual(counts(done), { [stage.name]: 600 });
    assert.equal(new Set(keysOf(done)).size, 50, "all keys, and no other");
    await runner.assertSize(50);
  }
  assert.equal((await runner.all((client) => refill(client, 100))).length, 200);
  await runner.assertSize(250);
  assert.equal((await runner.all(remove.tasks, 110)).length, 220);
  assert.equal((await runner.cleanUp()).length, 30);
});

test("--distribution zipf looks up some keys of all clients much more often", async () => {
  const runner = new PlanRunner(2, "--ops", "500", "--distribution", "zipf");
  await runner.all(runner.stage("insert").tasks, 500);
  const keys = keysOf(await runner.one(runner.stage("lookup").tasks(0), 2_000));
  const share = keys.filter((key) => key === 0).length / keys.length;
  // 1 / (1 + 1/2**0.99 + ... + 1/1000**0.99)
  assert.ok(Math.abs(share - 0.13) < 0.03, `the most frequent key has ${share}`);
  assert.ok(keys.some((key) => key % 2 === 1), "the other client's keys too");
});

test("a mix has its shares, looks up only keys in the table, and keeps the size of the table", async () => {
  const runner = new PlanRunner(2, "--mix", "lookup=70,insert=25,scan=5", "--keys", "200");
  const mixed = runner.stage("mixed");
  assert.equal(runner.plan.stages.length, 1);
  assert.equal((await runner.prepare(mixed)).length, 200);
  const done = await runner.all(mixed.tasks, 5_000);
  const { lookup = 0, insert = 0, scan = 0 } = counts(done);
  assert.equal(lookup + insert + scan, 10_000);
  // Four standard deviations of 10,000 draws.
  for (const [count, share] of [[lookup, 0.7], [insert, 0.25], [scan, 0.05]] as const) {
    const spread = Math.sqrt(10_000 * share * (1 - share));
    assert.ok(Math.abs(count - 10_000 * share) < 4 * spread, `${count} of ${share}`);
  }
  assert.equal(new Set(keysOf(done)).size, 200);
  await runner.assertSize(200);
  await runner.cleanUp();
});

test("a mix with removes removes only keys that it added, and none of the lookups", async () => {
  const runner = new PlanRunner(2, "--mix", "lookup=40,insert=30,remove=30", "--keys", "50");
  const mixed = runner.stage("mixed");
  await runner.prepare(mixed);
  // The executor of the plan fails if a key is missing.
  const warm = await runner.all(mixed.warmup, 500);
  const done = await runner.all(mixed.tasks, 5_000);
  const { lookup = 0, insert = 0, remove = 0 } = counts([...warm, ...done]);
  for (const [count, share] of [[lookup, 0.4], [insert, 0.3], [remove, 0.3]] as const) {
    assert.ok(Math.abs(count / 11_000 - share) < 0.03, `${count} of ${share}`);
  }
  await runner.cleanUp();
});

test("a mix without a key to remove inserts instead", async () => {
  const runner = new PlanRunner(1, "--mix", "insert=50,remove=50", "--keys", "5");
  const mixed = runner.stage("mixed");
  const [fill = assert.fail("nothing prepares it")] = mixed.prepare;
  await runner.all(fill);
  const done = await runner.all(mixed.tasks, 300);
  assert.equal(done.length, 300);
  assert.equal(done[0]?.operation, "insert");
  assert.ok((counts(done).remove ?? 0) > 100);
});

test("the same seed results in the same operations, another seed in others; clients differ", () => {
  const some = (seed: number, client: number, part: "tasks" | "warmup" = "tasks") => {
    const flags = ["--mix", "lookup=50,insert=50", "--keys", "1000", "--distribution", "zipf"];
    const { stages: [mixed] } = planWith(seed, [...flags, "--clients", "2"]);
    assert.ok(mixed);
    for (const at of [0, 1]) {
      for (const tasks of mixed.prepare.map((of) => of(at))) while (tasks.next());
    }
    const tasks = mixed[part](client);
    return JSON.stringify(Array.from({ length: 50 }, () => tasks.next()));
  };
  assert.equal(some(1, 0), some(1, 0));
  assert.notEqual(some(1, 0), some(2, 0));
  assert.notEqual(some(1, 0), some(1, 1));
  assert.notEqual(some(1, 0), some(1, 0, "warmup"), "a warm-up has other operations");
});
