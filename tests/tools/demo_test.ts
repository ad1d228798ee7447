/** Tests the results and messages of the demo if its time is short or a part fails. */
import assert from "assert";
import { opsPerSecond } from "../../lib/perf/measure/stage_data.ts";
import { sumRuns } from "../../lib/perf/sum/sum.ts";
import { explainTable } from "../../tools/demo/explanation.ts";
import { LocalPrograms } from "../../tools/demo/local_programs.ts";
import { type Findings, ROUNDS, runRounds, STAGE_MS } from "../../tools/demo/rounds.ts";
import { isLong } from "../helpers/long.ts";
import {
  clientData,
  operationData,
  runWith,
  settingsWith,
  stageData,
  stageOf,
  stepsWith,
  sweepWith,
} from "../perf/raw_data.ts";
import { VirtualClock } from "../perf/virtual_clock.ts";

const TOP = new URL("../../", import.meta.url).pathname;

const END_MS = 25_000;

const STAGES = ["insert", "lookup", "scan", "remove"] as const;

/** Boundaries of the clock at which clients begin together, in milliseconds. */
const BOUNDARY_MS = 5_000;

/** One client of a demo. @returns its JSON */
type RunClient = (signal: AbortSignal) => Promise<string>;

/** The JSON of a client that was started at a time, and measured from another one. */
function resultAt(startedUnixMs: number, alignedUnixMs: number): string {
  const stages = STAGES.map((name, at) =>
    stageData(name, [clientData(operationData(100, STAGE_MS / 1e3, [1]), name)], {
      startedUnixMs: alignedUnixMs + at * STAGE_MS,
    })
  );
  const settings = settingsWith({ ops: null, durationMs: STAGE_MS });
  const seed = Math.floor(Math.random() * 2 ** 32);
  return JSON.stringify(runWith(stages, { startedUnixMs, alignedUnixMs, settings, seed }));
}

/** Makes clients with a slow start, which then wait for a boundary; the first one is alone. */
function slowClient(clock: VirtualClock, startMs: number): RunClient {
  let clients = 0;
  return async (signal) => {
    const isAlone = clients++ === 0;
    await clock.sleep(startMs, signal);
    const startedUnixMs = clock.unixMs();
    const startUnixMs = isAlone
      ? clock.unixMs()
      : BOUNDARY_MS * Math.ceil((clock.unixMs() + 500) / BOUNDARY_MS);
    await clock.sleep(startUnixMs - clock.unixMs() + STAGES.length * STAGE_MS, signal);
    if (signal.aborted) throw new Error("ended by SIGTERM");
    return resultAt(startedUnixMs, startUnixMs);
  };
}

/** The findings of a simulated demo, with its end in milliseconds. */
interface TimedFindings extends Findings {
  readonly endedMs: number;
  /** Numbers of clients, in the order of the rounds. */
  readonly rounds: readonly number[];
}

/** Runs the rounds in virtual time. */
async function simulate(
  clientOf: (clock: VirtualClock) => RunClient,
  startMs: number,
  stop: AbortSignal = new AbortController().signal,
): Promise<TimedFindings> {
  const clock = new VirtualClock();
  const rounds: number[] = [];
  const findings = await clock.run(runRounds({
    clock,
    endMs: END_MS,
    startMs,
    stop,
    runClient: clientOf(clock),
    onRound: (clients) => void rounds.push(clients),
  }));
  return { ...findings, rounds, endedMs: clock.now() };
}

/** The throughput of all clients of each round, in operations a second. */
function sumsOf({ runs }: Findings): number[] {
  if (runs.length === 0) return [];
  return sumRuns(runs).data.steps.map(({ repeats }) =>
    opsPerSecond(repeats[0]?.[0]?.sum ?? assert.fail())
  );
}

Deno.test("demo: an idle machine has all results before the end of the time", async () => {
  const simulated = await simulate((clock) => slowClient(clock, 800), 800);
  assert.deepEqual([simulated.problems, simulated.leftOut], [[], []]);
  assert.ok(simulated.isComplete);
  assert.deepEqual(sumsOf(simulated), [200, 400, 800]);
  assert.ok(simulated.endedMs < 18_000, `ended after ${simulated.endedMs} ms`);
});

Deno.test("fault: demo prints whatever was measured when its time is up: slow starts", async () => {
  const simulated = await simulate((clock) => slowClient(clock, 6_000), 6_000);
  assert.deepEqual([simulated.problems, simulated.leftOut], [[], []]);
  assert.ok(!simulated.isComplete);
  assert.deepEqual(sumsOf(simulated), [200, 400]);
  assert.ok(simulated.endedMs <= END_MS, `ended after ${simulated.endedMs} ms`);
});

Deno.test("fault: demo prints whatever was measured when its time is up: hanging clients", async () => {
  let clients = 0;
  const hanging = (clock: VirtualClock) => {
    const client = slowClient(clock, 300);
    return async (signal: AbortSignal) => {
      if (++clients > 2) await clock.sleep(1e9, signal);
      return await client(signal);
    };
  };
  const simulated = await simulate(hanging, 300);
  assert.ok(!simulated.isComplete);
  assert.equal(simulated.endedMs, END_MS);
  assert.deepEqual(sumsOf(simulated), [200]);
});

Deno.test("demo repeats a round whose clients did not measure together, and leaves it out then", async () => {
  for (const splits of [1, 2]) {
    let clients = 0;
    const split = (clock: VirtualClock) => {
      const client = slowClient(clock, 300);
      return async (signal: AbortSignal) => {
        const place = ++clients;
        const startedUnixMs = clock.unixMs();
        const text = await client(signal);
        // The second client of the round with two is on the other side of a boundary.
        return place === 3 || place === 5 && splits === 2
          ? resultAt(startedUnixMs, clock.unixMs() + BOUNDARY_MS)
          : text;
      };
    };
    const simulated = await simulate(split, 300);
    assert.deepEqual([simulated.problems, simulated.isComplete], [[], true]);
    assert.deepEqual(simulated.rounds, [1, 2, 2, 4]);
    assert.deepEqual(sumsOf(simulated), splits === 1 ? [200, 400, 800] : [200, 800]);
    assert.equal(simulated.leftOut.length, splits - 1);
    for (const sentence of simulated.leftOut) {
      assert.match(sentence, /^Cannot add up 'client 1 of 2' and 'client 2 of 2': insert ran at/);
    }
  }
});

Deno.test("fault: demo says which part failed, and prints the others: a client", async () => {
  let started = 0;
  const failing = (clock: VirtualClock) => {
    const client = slowClient(clock, 300);
    return async (signal: AbortSignal) => {
      if (++started === 3) throw new Error("no server is named x");
      return await client(signal);
    };
  };
  const simulated = await simulate(failing, 300);
  assert.deepEqual(simulated.problems, ["client 2 of 2 failed: no server is named x"]);
  assert.deepEqual(sumsOf(simulated), [200, 800]);
});

Deno.test("fault: demo says which part failed, and prints the others: the server", async () => {
  const stop = new AbortController();
  const dying = (clock: VirtualClock) => {
    const client = slowClient(clock, 300);
    return async (signal: AbortSignal) => {
      const text = await client(signal);
      stop.abort("the server ended early, with SIGKILL");
      return text;
    };
  };
  const simulated = await simulate(dying, 300, stop.signal);
  assert.deepEqual(simulated.problems, ["the server ended early, with SIGKILL"]);
  assert.deepEqual(sumsOf(simulated), [200]);
});

Deno.test("demo explains the throughputs that do not rise with each step, and no others", () => {
  const steps = stepsWith([1, 2, 4], 1, (clients) => [
    stageOf("insert", clients, 100 / Math.max(1, clients / 2)),
    stageOf("scan", clients, 100 / clients),
    stageOf("remove", clients, 100),
  ]);
  assert.equal(
    explainTable(sweepWith(steps), 2),
    "insert: not every step gains much, because the server has one thread, and shares 2 processors with other programs and the clients, which used 30% of them",
  );
  assert.equal(explainTable(sweepWith(steps.slice(0, 2)), 2), "");
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
  const { code, stdout, stderr } = await demo(...(isLong ? [] : ["--limit", "8"]));
  const hasTable = /^insert +each ops\/s +sum ops\/s +gain\n1 client +[\d,.]+ +[\d,.]+$/m.test(
    stdout,
  );
  assert.equal(code, hasTable ? 0 : 1, stderr);
  for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
  // On a busy machine the time is not enough for all results.
  if (/demo: (the time was up|Cannot add up)/.test(stderr)) return;
  for (const stage of STAGES) assert.match(stdout, new RegExp(`^${stage} +each`, "m"));
  for (const clients of ROUNDS) {
    assert.match(stdout, new RegExp(`^${clients} clients? +\\d.* [\\d,.]+( +[-+]\\d+%)?$`, "m"));
  }
});

Deno.test("demo without time names the step that it could not finish, and exits with 1", async () => {
  const { code, stdout, stderr } = await demo("--limit", "0.001");
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.equal(stderr, "demo: the time was up before the catalog listened\n");
});
