/** Tests runs and sweeps of several processes: they measure like one, and leave no process behind. */
import assert from "assert";
import type { RunData } from "../../../lib/perf/results/run_data.ts";
import type { SweepData } from "../../../lib/perf/results/sweep_data.ts";
import { fromSource, run } from "../../../bench/harness/program.ts";
import { startServer } from "../../helpers/server.ts";
import { countsOf, startProgram, startTestperf, testperf } from "./testperf_program.ts";

const OPERATIONS = ["insert", "lookup", "remove"] as const;

/** Lists the child processes of a process. */
async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = [];
  for await (const { name: thread } of Deno.readDir(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${thread}/children`;
    const text = await Deno.readTextFile(path).catch(() => "");
    children.push(...(text.match(/\d+/g) ?? []).map(Number));
  }
  return children;
}

Deno.test("two processes: each operation is executed and counted once, and each client has its results", async () => {
  await using server = startServer();
  const flags = ["--clients", "3", "--processes", "2", "--ops", "60", "--warmup", "0.05", "--json"];
  const { code, stdout, stderr } = await testperf(
    ...[server.target, ...flags, "--operations", OPERATIONS.join()] as const,
  );
  assert.equal(code, 0, stderr);
  const data = JSON.parse(stdout) as RunData;
  const { clients, processes, ops } = data.settings;
  assert.deepEqual([data.format, data.version, data.complete], ["testperf run", 1, true]);
  assert.deepEqual([clients, processes, ops], [3, 2, 60]);
  const counts = await countsOf(server);
  for (const [at, { stage, clients, sum, processors, startSpreadMs }] of data.stages.entries()) {
    assert.equal(stage, OPERATIONS[at]);
    assert.deepEqual([...clients, sum].map(({ ops }) => ops), [60, 60, 60, 180]);
    assert.equal(processors.length, 2);
    assert.ok(startSpreadMs < 5_000);
    const warmup = counts[stage] ?? NaN;
    assert.ok(warmup > 180, "the server counts the warm-up too");
  }
});

Deno.test({
  name: "a killed worker ends the run with a sentence; no process is left",
  ignore: Deno.build.os !== "linux", // /proc lists the children of a process
  fn: workerKilled,
});

async function workerKilled(): Promise<void> {
  const [started, target] = await startProgram();
  await using server = started;
  const load = ["--clients", "3", "--processes", "3", "--duration", "60", "--json"];
  await using client = startTestperf(target, ...load);
  await server.until("stderr", /insert/);
  const [first, ...others] = await childrenOf(client.pid);
  assert.ok(first !== undefined && others.length === 1);
  Deno.kill(first, "SIGKILL");
  assert.equal(await client.exitCode(), 1, "no worker keeps stderr open");
  assert.match(
    client.stderr,
    /^The run ended early: Worker [23] of 3 \(process \d+\) was killed by SIGKILL\. Keys that begin/m,
  );
  const { complete, failure, stages } = JSON.parse(client.stdout) as RunData;
  assert.deepEqual([complete, stages], [false, []]);
  assert.match(failure ?? "", /was killed by SIGKILL$/);
}

Deno.test("a killed run leaves no workers", async () => {
  const [started, target] = await startProgram();
  await using server = started;
  const load = ["--clients", "2", "--processes", "2", "--duration", "60"];
  await using client = startTestperf(target, ...load);
  await server.until("stderr", /insert/);
  client.kill("SIGKILL");
  // The worker has the same stderr, so this waits until both have ended.
  assert.equal(await client.exitCode(), 137);
});

Deno.test("without the permission to start processes, --processes fails with a sentence", async () => {
  const [deno = "", , , , , entry = "", ...args] = fromSource(
    ...["testperf.ts", "127.0.0.1:9", "--clients", "2", "--processes", "2"] as const,
  );
  const permissions = ["--allow-net", "--allow-env", "--allow-read", "--allow-sys"];
  const { code, stderr } = await run(
    [deno, "run", "--quiet", "--no-prompt", ...permissions, entry, ...args],
  );
  assert.equal(code, 1);
  assert.match(stderr, /^testperf: Cannot start another process .* --processes: .*run access/m);
});

Deno.test("a sweep prints tables and sentences, and with --json all of its data", async () => {
  await using server = startServer();
  const sweep = ["--sweep", "2", "--repeats", "2", "--ops", "30", "--warmup", "0"];
  const flags = [...sweep, "--operations", "insert,lookup", "--processes", "2"];
  const shown = await testperf(server.target, ...flags);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(
    shown.stdout,
    /^insert, 2 runs each\n.* all clients .*\nclients +ops\/s .*\n +1 .*\n +2 .*\n/,
  );
  assert.match(shown.stdout, /^lookup: .*(Throughput|data does not decide).*$/m);
  assert.match(
    shown.stderr,
    /^up to 2 clients, up to 2 processes, 2 rounds, 30 operations each in a stage, keys /m,
  );
  assert.match(
    shown.stderr,
    /^Range: 2 clients, 1 run: insert [\d,.]+ ops\/s, lookup [\d,.]+ ops\/s$/m,
  );
  assert.match(shown.stderr, /^Round 2 of 2: 2 steps in random order, about \d+ s left$/m);
  assert.match(shown.stdout, /^Each step has one run in each of 2 rounds, in random order.*\.$/m);
  const before = await countsOf(server);
  const { code, stdout, stderr } = await testperf(server.target, ...flags, "--json", "--quiet");
  assert.deepEqual([code, stderr], [0, ""]);
  const data = JSON.parse(stdout) as SweepData;
  assert.deepEqual([data.format, data.version, data.complete], ["testperf sweep", 1, true]);
  assert.deepEqual(Object.keys(data.analysis), ["insert", "lookup"]);
  assert.equal(data.settings.clients, data.steps.at(-1)?.clients);
  for (const { clients, repeats } of data.steps) {
    assert.equal(repeats.length, 2);
    for (const stage of repeats.flat()) {
      assert.deepEqual(stage.clients.map((client) => client.ops), Array(clients).fill(30));
    }
  }
  // The runs that find the range are not in the data. A busy machine adds rounds.
  assert.ok(data.rounds && data.rounds.length >= 2);
  const clientRuns = [1, 2, ...data.rounds.flatMap(({ order }) => order)]
    .reduce((sum, clients) => sum + clients);
  assert.equal((await countsOf(server))["insert"], (before["insert"] ?? 0) + 30 * clientRuns);
  for (const { control, controlShare } of data.rounds) {
    assert.ok(control.workPerS > 0 && (control.echoesPerS ?? 0) > 0 && controlShare <= 1);
  }
});

const ENDS = { server: /the server is gone since|Cannot connect/, user: /ended by SIGINT/ };

for (const [what, why] of Object.entries(ENDS)) {
  Deno.test(`a sweep that the ${what} ends keeps its results, marked as not complete`, async () => {
    const [started, target] = await startProgram();
    await using server = started;
    const sweep = ["--sweep", "2", "--repeats", "2", "--ops", "200", "--timeout", "1", "--json"];
    await using client = startTestperf(target, ...sweep, "--operations", "insert,lookup");
    await client.until("stderr", /^Round 2 of 2/m);
    if (what === "server") server.kill("SIGKILL");
    else client.kill("SIGINT");
    assert.equal(await client.exitCode(), 1);
    const { complete, failure, steps, analysis } = JSON.parse(client.stdout) as SweepData;
    assert.equal(complete, false);
    assert.match(failure ?? "", why);
    assert.ok(steps.length === 2 && steps.every(({ repeats }) => repeats.length >= 1));
    assert.deepEqual(Object.keys(analysis), ["insert", "lookup"]);
    assert.match(client.stderr, /ended early/);
    assert.doesNotMatch(client.stderr, /\n\s+at |file:\/\//);
  });
}
