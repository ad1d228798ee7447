/** Tests the results and messages of the demo if its time is short or a part fails. */
import assert from "assert";
import { LocalPrograms } from "../../tools/demo/local_programs.ts";
import {
  type ClientOptions,
  type Findings,
  ROUNDS,
  runRounds,
  STAGES,
  tableOf,
} from "../../tools/demo/rounds.ts";
import { isLong } from "../helpers/long.ts";
import { VirtualClock } from "../perf/virtual_clock.ts";

const TOP = new URL("../../", import.meta.url).pathname;

const END_MS = 25_000;

/** Makes a client with a slow start. */
function slowClient(clock: VirtualClock, startMs: number) {
  return async ({ stageMs, signal, onResult }: ClientOptions): Promise<void> => {
    await clock.sleep(startMs, signal);
    for (const stage of STAGES) {
      await clock.sleep(stageMs, signal);
      if (signal.aborted) throw new Error("ended by SIGTERM");
      onResult({ stage, opsPerS: 1_000 });
    }
  };
}

/** The findings of a simulated demo, with its times in milliseconds. */
interface TimedFindings extends Findings {
  readonly stagesMs: readonly number[];
  readonly endedMs: number;
}

/** Runs the rounds in virtual time. */
async function simulate(
  clientOf: (clock: VirtualClock) => (options: ClientOptions) => Promise<void>,
  startMs: number,
  stop: AbortSignal = new AbortController().signal,
): Promise<TimedFindings> {
  const clock = new VirtualClock();
  const stagesMs: number[] = [];
  const findings = await clock.run(runRounds({
    clock,
    endMs: END_MS,
    startMs,
    stop,
    runClient: clientOf(clock),
    onRound: (_, stageMs) => void stagesMs.push(stageMs),
  }));
  return { ...findings, stagesMs, endedMs: clock.now() };
}

Deno.test("demo: an idle machine has all results in half of the time", async () => {
  const simulated = await simulate((clock) => slowClient(clock, 300), 300);
  assert.deepEqual(simulated.problems, []);
  assert.ok(simulated.isComplete);
  assert.deepEqual(simulated.stagesMs, [500, 500, 500]);
  assert.equal(tableOf(simulated).split("\n").length, 1 + ROUNDS.length * STAGES.length);
  assert.ok(simulated.endedMs < END_MS / 2);
});

Deno.test("fault: demo prints whatever was measured when its time is up: slow starts", async () => {
  const simulated = await simulate((clock) => slowClient(clock, 6_000), 3_000);
  assert.deepEqual(simulated.problems, []);
  assert.ok(!simulated.isComplete);
  assert.ok(simulated.endedMs <= END_MS, `ended after ${simulated.endedMs} ms`);
  assert.ok(simulated.stagesMs.some((ms) => ms < 500), `stages were ${simulated.stagesMs}`);
  assert.match(tableOf(simulated), /^ +1 +insert +1000 +1000$/m);
});

Deno.test("fault: demo prints whatever was measured when its time is up: one result", async () => {
  const simulated = await simulate((clock) => slowClient(clock, 24_500), 3_000);
  assert.ok(!simulated.isComplete);
  assert.equal(simulated.endedMs, END_MS);
  assert.match(tableOf(simulated), /\n +1 +insert +1000 +1000$/);
});

Deno.test("fault: demo prints whatever was measured when its time is up: hanging clients", async () => {
  const hanging = (clock: VirtualClock) => async ({ signal, onResult }: ClientOptions) => {
    onResult({ stage: "insert", opsPerS: 10 });
    await clock.sleep(1e9, signal);
  };
  const simulated = await simulate(hanging, 300);
  assert.ok(!simulated.isComplete);
  assert.equal(simulated.endedMs, END_MS);
  assert.equal(tableOf(simulated).split("\n").length, 1 + ROUNDS.length);
});

Deno.test("fault: demo says which part failed, and prints the others: a client", async () => {
  let started = 0;
  const failing = (clock: VirtualClock) => {
    const client = slowClient(clock, 300);
    return async (options: ClientOptions) => {
      if (++started === 3) throw new Error("no server is named x");
      await client(options);
    };
  };
  const simulated = await simulate(failing, 300);
  assert.deepEqual(simulated.problems, [
    "client 2 of the round with 2 failed: no server is named x",
  ]);
  assert.match(tableOf(simulated), /^ +1 of 2 +insert +1000 +1000$/m);
  assert.match(tableOf(simulated), /^ +4 +insert +4000 +1000$/m);
});

Deno.test("fault: demo says which part failed, and prints the others: the server", async () => {
  const stop = new AbortController();
  const dying = (clock: VirtualClock) => async (options: ClientOptions) => {
    options.onResult({ stage: "insert", opsPerS: 10 });
    await clock.sleep(100);
    stop.abort("the server ended early, with SIGKILL");
    throw new Error("connection lost");
  };
  const simulated = await simulate(dying, 300, stop.signal);
  assert.deepEqual(simulated.problems, ["the server ended early, with SIGKILL"]);
  assert.equal(tableOf(simulated).split("\n").length, 2);
});

Deno.test("fault: demo says which part failed, and prints the others: a program that cannot start", async () => {
  await using programs = new LocalPrograms();
  const ends: string[] = [];
  const flags = ["name", "--no-such-flag"];
  await assert.rejects(
    programs.startListener("server.ts", flags, (how) => void ends.push(how)),
    /^Error: ended before it listened, with exit code 2$/,
  );
  assert.deepEqual(ends, ["exit code 2"]);
});

/** Runs the demo as a process. */
async function demo(...flags: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tools/demo.ts", ...flags],
    cwd: TOP,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("demo ends with a table of results", async () => {
  const { code, stdout, stderr } = await demo(...(isLong ? [] : ["--limit", "5"]));
  const hasTable = /^clients +stage +sum ops\/s +each ops\/s\n.* insert +\d+ +\d+$/m.test(stdout);
  assert.equal(code, hasTable ? 0 : 1, stderr);
  // On a busy machine the time is not enough for all results.
  if (/demo: the time was up/.test(stderr)) return;
  for (const clients of ROUNDS) {
    for (const stage of STAGES) {
      assert.match(stdout, new RegExp(`^ +${clients} +${stage} +\\d+ +\\d+$`, "m"));
    }
  }
});

Deno.test("demo without time names the step that it could not finish, and exits with 1", async () => {
  const { code, stdout, stderr } = await demo("--limit", "0.001");
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.equal(stderr, "demo: the time was up before the catalog listened\n");
});
