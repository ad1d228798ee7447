/** Proves in virtual time that processes that were started together begin together. */
import assert from "assert";
import { agentOf, agentWithStart, type Peers, peersIn } from "../../../lib/perf/run/agent.ts";
import { Alignment } from "../../../lib/perf/run/alignment.ts";
import { randomFractions } from "../../../lib/perf/workload/seeded_streams.ts";
import { VIRTUAL_EPOCH_MS, VirtualClock } from "../virtual_clock.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("alignment");

/** Length of a run, in milliseconds. */
const RUN_MS = 10_000;

/** A server that counts connections by their agents. */
class AgentList {
  readonly agents: Record<string, number> = {};
  isReported = true;
}

interface ProcessOptions {
  /** Time of its connection, by the clock of the test. */
  readonly connectedMs: number;
  /** Time from the connection until it is ready (default: 20 ms). */
  readonly preparationMs?: number;
  /** Difference of its clock (default: none). */
  readonly clockMs?: number;
  /** Maximum time of a request (default: 1 ms). */
  readonly requestMs?: number;
  /** Number of its first looks that have no reply in time (default: none). */
  readonly lostLooks?: number;
}

interface ProcessResult {
  /** Start of its first stage, by the clock of the test; undefined: it did not begin. */
  readonly startedMs: number;
  readonly alignedUnixMs: number | null;
  readonly restarts: number;
  readonly waits: readonly number[];
}

/** Runs a process until the end of its run. */
async function runProcess(
  pid: number,
  list: AgentList,
  clock: VirtualClock,
  { connectedMs, preparationMs = 20, clockMs = 0, requestMs = 1, lostLooks = 0 }: ProcessOptions,
): Promise<ProcessResult> {
  const fraction = randomFractions(17, pid);
  const agent = agentOf("h", pid);
  let own = agent;
  const request = () => clock.sleep(fraction() * requestMs);
  const ownClock = {
    now: () => clock.now(),
    sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
    unixMs: () => clock.unixMs() + clockMs,
  };
  await clock.sleep(connectedMs);
  list.agents[own] = 1;
  const waits: number[] = [];
  let looks = 0;
  const alignment = new Alignment({
    async look(): Promise<Peers | undefined> {
      await request();
      const peers = peersIn(list.isReported ? { ...list.agents } : undefined, agent);
      await request();
      return looks++ < lostLooks ? undefined : peers;
    },
    async announce(startUnixMs) {
      await request();
      delete list.agents[own];
      own = agentWithStart(agent, startUnixMs);
      list.agents[own] = 1;
      await request();
    },
    clock: ownClock,
    maxLateMs: 200,
    onWait: (startUnixMs) => waits.push(startUnixMs - VIRTUAL_EPOCH_MS),
  });
  for (let restarts = 0;; restarts++) {
    await clock.sleep(preparationMs);
    await alignment.start();
    const end = new AbortController();
    const startUnixMs = alignment.alignedUnixMs ?? ownClock.unixMs();
    const leftMs = Math.max(startUnixMs - ownClock.unixMs(), 0);
    await clock.sleep(leftMs);
    const watching = alignment.watch(end.signal);
    const isOver = await Promise.race([watching, clock.sleep(RUN_MS).then(() => false)]);
    end.abort();
    await watching;
    if (isOver || restarts > 10) continue;
    await clock.sleep(RUN_MS);
    delete list.agents[own];
    const startedMs = startUnixMs - clockMs - VIRTUAL_EPOCH_MS;
    return { startedMs, alignedUnixMs: alignment.alignedUnixMs, restarts, waits };
  }
}

function runAll(
  processes: readonly ProcessOptions[],
  list: AgentList = new AgentList(),
): Promise<ProcessResult[]> {
  const clock = new VirtualClock();
  return clock.run(
    Promise.all(processes.map((options, at) => runProcess(at + 1, list, clock, options))),
  );
}

/** Asserts that all begin at one boundary, by their own clocks. */
function assertTogether(results: readonly ProcessResult[], what: string): void {
  const [first] = results;
  const aligned = first?.alignedUnixMs ?? null;
  assert.ok(aligned !== null && aligned % 5_000 === 0, `${what}: ${aligned}`);
  for (const { alignedUnixMs } of results) assert.equal(alignedUnixMs, aligned, what);
}

test("a process that is alone begins 0.3 s after its connection, or when it is ready", async () => {
  for (const [preparationMs, startedMs] of [[20, 1_300], [700, 1_700]] as const) {
    const [result] = await runAll([{ connectedMs: 1_000, preparationMs, requestMs: 0 }]);
    assert.deepEqual(result, { startedMs, alignedUnixMs: null, restarts: 0, waits: [] });
  }
});

test("with a server that does not report agents, processes begin at once", async () => {
  const list = new AgentList();
  list.isReported = false;
  for (const result of await runAll(Array(2).fill({ connectedMs: 0, requestMs: 0 }), list)) {
    assert.deepEqual(result, { startedMs: 300, alignedUnixMs: null, restarts: 0, waits: [] });
  }
});

test("processes that see each other begin at the next boundary that is at least 0.5 s ahead", async () => {
  for (
    const [connectedMs, startedMs] of [[1_000, 5_000], [4_100, 5_000], [4_300, 10_000]] as const
  ) {
    const results = await runAll(Array(4).fill({ connectedMs, requestMs: 0 }));
    for (const result of results) {
      assert.deepEqual(result, {
        startedMs,
        alignedUnixMs: VIRTUAL_EPOCH_MS + startedMs,
        restarts: 0,
        waits: [startedMs],
      });
    }
  }
});

test("processes that connect within 1.5 s begin together, at any moment, with clocks that differ", async () => {
  const fraction = randomFractions(3, 1);
  for (let round = 0; round < 300; round++) {
    const fromMs = fraction() * 5_000;
    const processes = Array.from({ length: 2 + round % 4 }, () => ({
      connectedMs: fromMs + fraction() * 1_500,
      preparationMs: fraction() * 300,
      clockMs: fraction() * 50,
      requestMs: round % 3 === 0 ? 60 : 5,
    }));
    assertTogether(await runAll(processes), `round ${round}: ${JSON.stringify(processes)}`);
  }
});

test("processes that connect around a boundary begin together", async () => {
  for (let lateMs = 0; lateMs < 1_200; lateMs += 7) {
    const processes = [4_000, 4_050, 4_000 + lateMs].map((connectedMs) => ({ connectedMs }));
    assertTogether(await runAll(processes), `${lateMs} ms`);
  }
});

test("a later start that another process chose at the same time is joined before the start", async () => {
  const processes = [0, 50].map((clockMs) => ({ connectedMs: 4_170, clockMs, requestMs: 40 }));
  const results = await runAll(processes);
  assertTogether(results, "clocks");
  assert.deepEqual(results.map(({ restarts, waits }) => [restarts, waits]), [
    [0, [5_000, 10_000]],
    [0, [10_000]],
  ]);
});

test("processes that began together begin again together, or not at all", async () => {
  let restarts = 0;
  for (let connectedMs = 5_000; connectedMs < 7_000; connectedMs += 7) {
    const processes = [4_000, 4_030, 4_060, connectedMs].map((connectedMs) => ({
      connectedMs,
      requestMs: 40,
    }));
    const [late, ...others] = (await runAll(processes)).reverse();
    assertTogether(others, `${connectedMs} ms`);
    assert.equal(late?.startedMs, 10_000);
    restarts += others[0]?.restarts ?? 0;
  }
  assert.ok(restarts > 100 && restarts < 250, `${restarts} times`);
});

test("a process that prepares for long delays the others, for a limited time", async () => {
  const [first, second] = await runAll([{ connectedMs: 0 }, {
    connectedMs: 100,
    preparationMs: 8_000,
  }]);
  assert.deepEqual([first?.startedMs, second?.startedMs], [10_000, 10_000]);
  const list = new AgentList();
  list.agents["testperf stopped:1"] = 1;
  const [result] = await runAll([{ connectedMs: 0 }], list);
  assert.deepEqual([result?.startedMs, result?.restarts], [20_000, 0]);
});

test("a process that comes later waits for a boundary, and leaves the others alone", async () => {
  const [alone, late] = await runAll([{ connectedMs: 0 }, { connectedMs: 2_500 }]);
  assert.deepEqual([alone?.alignedUnixMs, alone?.restarts], [null, 0]);
  assert.deepEqual([late?.startedMs, late?.restarts], [5_000, 0]);
  const results = await runAll([0, 0, 7_000].map((connectedMs) => ({ connectedMs })));
  assert.deepEqual(results.map(({ startedMs }) => startedMs), [5_000, 5_000, 10_000]);
});

test("processes begin together although a busy server did not reply to their first looks", async () => {
  const lostLooks = 3;
  const processes = [{ connectedMs: 0, lostLooks }, { connectedMs: 50, lostLooks }];
  assertTogether(await runAll(processes), "lost looks");
});

test("a start that is not plausible is ignored", async () => {
  const list = new AgentList();
  list.agents[agentWithStart("testperf wrong:1", VIRTUAL_EPOCH_MS + 3_600_000)] = 1;
  const [result] = await runAll([{ connectedMs: 0 }], list);
  assert.equal(result?.startedMs, 5_000);
});
