/** Proves the operations and keys of plans, which are executed on a table. */
import assert from "assert";
import type { HtClient } from "../../../lib/client/client.ts";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { Keys } from "../../../lib/perf/workload/keys.ts";
import { planRun, type StagePlan } from "../../../lib/perf/workload/plan.ts";
import {
  type Operation,
  TableWorkload,
  type Task,
  type Tasks,
} from "../../../lib/perf/workload/operation.ts";
import { fakeClient } from "../fake_client.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("plan");

const SEED = 11;

function configOf(...flags: string[]) {
  return parseTestPerfConfig(["127.0.0.1:1", ...flags], {});
}

/** Executes plans on a table, and records the operations. */
class PlanRunner {
  readonly workload = new TableWorkload(new Keys(SEED, "plan"), 40, true);
  readonly client: HtClient = fakeClient().client;

  /** Performs tasks until their end, at most `maxTasks` for each client. */
  async all(
    clients: number,
    tasksOf: (client: number) => Tasks,
    maxTasks: number = Infinity,
  ): Promise<Task[]> {
    const done: Task[] = [];
    for (let client = 0; client < clients; client++) {
      const tasks = tasksOf(client);
      for (let n = 0; n < maxTasks; n++) {
        const task = tasks.next();
        if (task === undefined) break;
        await this.workload.perform(task, this.client);
        task.onDone?.();
        done.push(task);
      }
    }
    return done;
  }

  async prepare(clients: number, stage: StagePlan): Promise<Task[]> {
    const done: Task[] = [];
    for (const tasks of stage.prepare) done.push(...await this.all(clients, tasks));
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
  const runner = new PlanRunner();
  const { stages, cleanUp } = planRun(configOf("--ops", "20", "--clients", "3"), SEED);
  assert.deepEqual(stages.map(({ name }) => name), ["insert", "lookup", "scan", "remove"]);
  const all = Array.from({ length: 60 }, (_, at) => at);
  for (const stage of stages) {
    assert.deepEqual(await runner.prepare(3, stage), [], "nothing is missing");
    const sizeBefore = await runner.client.size();
    await runner.all(3, stage.warmup, 10);
    assert.equal(await runner.client.size(), sizeBefore, "a warm-up leaves the table as it was");
    const done = await runner.all(3, stage.tasks, 20);
    assert.deepEqual(counts(done), { [stage.name]: 60 });
    assert.deepEqual(keysOf(done).sort((a, b) => a - b), all);
    assert.deepEqual(stage.length, {
      ops: 20,
      limitMs: stage.name === "scan" ? 15_000 : undefined,
    });
  }
  assert.deepEqual(await runner.all(3, cleanUp), []);
  assert.equal(await runner.client.size(), 0);
});

test("keys that a warm-up leaves after its last insert are removed at the end", async () => {
  const runner = new PlanRunner();
  const { stages: [insert, , , remove], cleanUp } = planRun(configOf("--clients", "2"), SEED);
  assert.ok(insert && remove);
  await runner.all(2, insert.warmup, 7);
  await runner.all(2, remove.warmup, 5);
  assert.equal(await runner.client.size(), 4);
  assert.equal((await runner.all(2, cleanUp)).length, 4);
  assert.equal(await runner.client.size(), 0);
});

test("a remove of a warm-up that failed with its connection is repeated", () => {
  const { stages: [insert], cleanUp } = planRun(configOf(), SEED);
  const warmup = insert?.warmup(0);
  const [, lost] = [warmup?.next(), warmup?.next()];
  assert.equal(lost?.operation, "remove");
  const { operation, key } = cleanUp(0).next() ?? {};
  assert.deepEqual([operation, key], ["remove", lost?.key]);
});

test("--keys limits the keys for any number of operations, and the rest is removed", async () => {
  const runner = new PlanRunner();
  const { stages, cleanUp } = planRun(
    configOf("--ops", "5", "--clients", "2", "--keys", "31"),
    SEED,
  );
  const [insert, lookup, , remove] = stages;
  assert.ok(insert && lookup && remove);
  await runner.all(2, insert.tasks, 5);
  assert.equal(await runner.client.size(), 10);
  assert.equal((await runner.prepare(2, lookup)).length, 21);
  assert.equal(await runner.client.size(), 31);
  await runner.all(2, lookup.tasks, 5);
  await runner.all(2, remove.tasks, 5);
  assert.equal((await runner.all(2, cleanUp)).length, 21);
  assert.equal(await runner.client.size(), 0);
});

test("with fewer keys than operations, inserts replace values, and removes end when no key is left", async () => {
  const runner = new PlanRunner();
  const { stages: [insert, lookup, , remove] } = planRun(configOf("--keys", "7"), SEED);
  assert.ok(insert && lookup && remove);
  assert.equal((await runner.all(1, insert.tasks, 100)).length, 100);
  assert.equal(await runner.client.size(), 7);
  assert.equal(new Set(keysOf(await runner.all(1, lookup.tasks, 100))).size, 7);
  assert.equal((await runner.all(1, remove.tasks, 100)).length, 7);
});

test("a stage by time has no number of operations, and looks up only keys in the table", async () => {
  const runner = new PlanRunner();
  const flags = ["--duration", "2", "--clients", "2", "--distribution", "uniform"];
  const { stages: [insert, lookup, scan] } = planRun(configOf(...flags), SEED);
  assert.ok(insert && lookup && scan);
  assert.deepEqual([insert.length, scan.length], [{ durationMs: 2_000 }, { durationMs: 2_000 }]);
  assert.deepEqual(await runner.all(2, lookup.tasks, 5), [], "the table has no key yet");
  // The first client inserted more than the second.
  let client = 0;
  await runner.all(1, () => insert.tasks(client), 30);
  client = 1;
  await runner.all(1, () => insert.tasks(client), 20);
  const done = await runner.all(2, lookup.tasks, 500);
  assert.deepEqual(counts(done), { lookup: 1_000 });
  assert.equal(new Set(keysOf(done)).size, 40);
});

test("--distribution zipf looks up some keys of all clients much more often", async () => {
  const runner = new PlanRunner();
  const flags = ["--ops", "500", "--clients", "2", "--distribution", "zipf"];
  const { stages: [insert, lookup] } = planRun(configOf(...flags), SEED);
  assert.ok(insert && lookup);
  await runner.all(2, insert.tasks, 500);
  const keys = keysOf(await runner.all(1, lookup.tasks, 2_000));
  const share = keys.filter((key) => key === 0).length / keys.length;
  // 1 / (1 + 1/2**0.99 + ... + 1/1000**0.99)
  assert.ok(Math.abs(share - 0.13) < 0.03, `the most frequent key has ${share}`);
  assert.ok(keys.some((key) => key % 2 === 1), "the other client's keys too");
});

test("a mix has its shares, looks up only keys in the table, and keeps the size of the table", async () => {
  const runner = new PlanRunner();
  const flags = ["--mix", "lookup=70,insert=25,scan=5", "--keys", "200", "--clients", "2"];
  const { stages, cleanUp } = planRun(configOf(...flags), SEED);
  const [mixed] = stages;
  assert.ok(mixed && stages.length === 1);
  assert.equal((await runner.prepare(2, mixed)).length, 200);
  const done = await runner.all(2, mixed.tasks, 5_000);
  const { lookup = 0, insert = 0, scan = 0 } = counts(done);
  assert.equal(lookup + insert + scan, 10_000);
  // Four standard deviations of 10,000 draws.
  for (const [count, share] of [[lookup, 0.7], [insert, 0.25], [scan, 0.05]] as const) {
    const spread = Math.sqrt(10_000 * share * (1 - share));
    assert.ok(Math.abs(count - 10_000 * share) < 4 * spread, `${count} of ${share}`);
  }
  assert.equal(new Set(keysOf(done)).size, 200);
  assert.equal(await runner.client.size(), 200);
  await runner.all(2, cleanUp);
  assert.equal(await runner.client.size(), 0);
});

test("a mix with removes removes only keys that it added, and none of the lookups", async () => {
  const runner = new PlanRunner();
  const flags = ["--mix", "lookup=40,insert=30,remove=30", "--keys", "50", "--clients", "2"];
  const { stages: [mixed], cleanUp } = planRun(configOf(...flags), SEED);
  assert.ok(mixed);
  await runner.prepare(2, mixed);
  // The executor of the plan fails if a key is missing.
  const warm = await runner.all(2, mixed.warmup, 500);
  const done = await runner.all(2, mixed.tasks, 5_000);
  const { lookup = 0, insert = 0, remove = 0 } = counts([...warm, ...done]);
  for (const [count, share] of [[lookup, 0.4], [insert, 0.3], [remove, 0.3]] as const) {
    assert.ok(Math.abs(count / 11_000 - share) < 0.03, `${count} of ${share}`);
  }
  await runner.all(2, cleanUp);
  assert.equal(await runner.client.size(), 0);
});

test("a mix without a key to remove inserts instead", async () => {
  const runner = new PlanRunner();
  const flags = ["--mix", "insert=50,remove=50", "--keys", "5"];
  const { stages: [mixed] } = planRun(configOf(...flags), SEED);
  const [fill] = mixed?.prepare ?? [];
  assert.ok(mixed && fill);
  await runner.all(1, fill);
  const done = await runner.all(1, mixed.tasks, 300);
  assert.equal(done.length, 300);
  assert.equal(done[0]?.operation, "insert");
  assert.ok((counts(done).remove ?? 0) > 100);
});

test("the same seed results in the same operations, another seed in others; clients differ", () => {
  const some = (seed: number, client: number, part: "tasks" | "warmup" = "tasks") => {
    const flags = ["--mix", "lookup=50,insert=50", "--keys", "1000", "--distribution", "zipf"];
    const { stages: [mixed] } = planRun(configOf(...flags, "--clients", "2"), seed);
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
