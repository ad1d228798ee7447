/** Proves in virtual time which gaps of a stage have a note: those that are far longer than usual. */
import assert from "assert";
import { gapNotes } from "../../../lib/perf/measure/gap_notes.ts";
import type { Task } from "../../../lib/perf/workload/operation.ts";
import { oneByOne } from "../simulated_server.ts";
import { clientData, operationData, stageData } from "../raw_data.ts";
import { runAgainst } from "../run/stage_runs.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("gap notes");

/** A rule: `replyAtMs`, but no reply from `fromMs` to `toMs`. */
function silent(
  fromMs: number,
  toMs: number,
  replyAtMs: (arrivedMs: number, task: Task) => number,
): (arrivedMs: number, task: Task) => number {
  return (arrivedMs, task) => {
    const atMs = replyAtMs(arrivedMs, task);
    return atMs > fromMs && atMs < toMs ? toMs : atMs;
  };
}

test("fault: slow operations of many clients: each waits for more than 1 s, without a note", async () => {
  const options = { length: { durationMs: 10_000 } };
  const data = await runAgainst(oneByOne(45), 50, options);
  assert.ok(data.clients.every(({ gaps }) => gaps.length >= 3), "each wait is in the raw data");
  assert.deepEqual(gapNotes(data), []);
});

test("a gap of five typical latencies and of 1 s has a note, in either loop", async () => {
  for (const ratePerS of [undefined, 100]) {
    const options = { length: { durationMs: 10_000 }, ratePerS };
    const fast = await runAgainst(silent(2_000, 4_500, (atMs) => atMs + 10), 4, options);
    // In the open loop, the gap begins with the first request that waits.
    assert.match(gapNotes(fast).join("; "), /^no reply from 2\.0\d\d s to 4\.500 s [^;]*$/);
    const slow = await runAgainst(silent(2_000, 4_500, (atMs) => atMs + 600), 4, options);
    assert.deepEqual(gapNotes(slow), []);
  }
});

test("a gap of most of an open loop has a note, although most latencies contain it", async () => {
  const options = { length: { durationMs: 10_000 }, ratePerS: 100 };
  const data = await runAgainst(silent(1_500, 9_900, (atMs) => atMs + 10), 2, options);
  assert.ok(data.sum.latency.p50Ms > 8_400 / 5);
  assert.match(gapNotes(data).join("; "), /^no reply from 1\.5\d\d s to 9\.900 s [^;]*$/);
});

test("in a mix, the slowest type of operation is the measure", async () => {
  const mixed = () => {
    let key = 0;
    return {
      next: () => ({ operation: key % 10 === 9 ? "scan" : "lookup", key: key++ } as const),
    };
  };
  const rule = (atMs: number, task: Task) => atMs + (task.operation === "scan" ? 1_200 : 1);
  const options = { length: { durationMs: 20_000 }, tasks: mixed };
  const data = await runAgainst(rule, 1, options);
  assert.ok(data.sum.gaps.length > 10);
  assert.deepEqual(gapNotes(data), []);
});

test("a client that gets no replies has a note, although the others get theirs", async () => {
  const data = await runAgainst((atMs, { key }) => atMs + (key === 0 ? 3_000 : 2), 2, {
    length: { durationMs: 4_000 },
    tasks: (client) => ({ next: () => ({ operation: "lookup", key: client }) }),
  });
  assert.deepEqual(gapNotes(data), [
    "no reply to client 1 from 0.000 s to 3.000 s after the start (3.000 s)",
    "no reply to client 1 from 3.000 s to 6.000 s after the start (3.000 s)",
  ]);
});

test("many gaps have one sentence, with their number and the longest", () => {
  const start = 1_800_000_000_000;
  const gapAt = (second: number, ms: number, connectionLost = false) => ({
    fromUnixMs: start + second * 1e3,
    toUnixMs: start + second * 1e3 + ms,
    connectionLost,
    answered: true,
  });
  const many = [gapAt(1, 1_000), gapAt(3, 1_500, true), gapAt(5, 1_100), gapAt(7, 1, true)];
  const client = { ...clientData(operationData(9, 9, [1]), "lookup"), gaps: many };
  assert.deepEqual(gapNotes(stageData("lookup", [client])), [
    "4 times no reply (2 times with the connection lost); the longest: no reply from 3.000 s to 4.500 s after the start (1.500 s), with the connection lost",
  ]);
  const other = { ...client, gaps: [gapAt(20, 1_300)] };
  assert.deepEqual(gapNotes(stageData("lookup", [client, other])), [
    "5 times no reply to 2 single clients (2 times with the connection lost); the longest: no reply to client 1 from 3.000 s to 4.500 s after the start (1.500 s), with the connection lost",
  ]);
});
