/** Proves that the results of `testperf` match the replies on the wire, and the counts of the server. */
import assert from "assert";
import { HtClient } from "../../../lib/client/client.ts";
import { machineClock } from "../../../lib/base/clock.ts";
import { opsPerSecond } from "../../../lib/perf/measure/stage_data.ts";
import type { ProgramResult } from "../../../bench/harness/program.ts";
import { startServer } from "../../helpers/server.ts";
import { TcpProxy } from "../../client/tcp_proxy.ts";
import { countsOf, onlyStage, testperf } from "./testperf_program.ts";

/** Another program can disturb one comparison; a systematic error would stay in all attempts. */
const ATTEMPTS = 3;

/** Computes the largest relative difference of a figure from others. */
function difference(figure: number, others: readonly number[]): number {
  return Math.max(...others.map((other) => Math.abs(figure / other - 1)));
}

Deno.test("the printed throughput matches the replies on the wire and the count of the server", async () => {
  await using server = startServer();
  const lookups = async () => (await countsOf(server))["lookup"] ?? NaN;
  const differences: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await using proxy = new TcpProxy(server.port);
    const before = await lookups();
    const { code, stdout, stderr } = await testperf(
      ...[proxy.target, "--mix", "lookup=100", "--keys", "100", "--clients", "2"],
      ...["--ops", "8000", "--pipeline", "8"],
    );
    assert.equal(code, 0, stderr);
    const [, ops, printed] = /^mixed: (\d+) ops in .* s, ([\d.]+) ops\/s/m.exec(stdout) ?? [];
    assert.equal(Number(ops), 16_000);
    assert.equal(await lookups() - before, 16_000, "the count of the server");
    // The observer says hello twice and asks once, the clients say hello, then they insert 100 keys. It
    // also asks a few times later, which does not matter.
    const requestsBefore = 105;
    const from = proxy.requests[requestsBefore] ?? NaN,
      to = proxy.replies[requestsBefore + 16_000 - 1] ?? NaN;
    const onTheWire = 16_000 / ((to - from) / 1e3);
    differences.push(difference(Number(printed), [onTheWire]));
    if ((differences.at(-1) ?? 1) < 0.02) return;
  }
  assert.fail(`off by ${differences}`);
});

Deno.test("with a warm-up, the throughput is that of the time after it", async () => {
  await using server = startServer();
  const watcher = await HtClient.connect(server.target);
  const attempts: string[] = [];
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await using proxy = new TcpProxy(server.port);
      const samples: [unixMs: number, count: number][] = [];
      const child = testperf(
        ...[proxy.target, "--mix", "lookup=80,insert=20", "--keys", "100", "--clients", "2"],
        ...["--warmup", "0.4", "--duration", "1.5", "--json"],
      );
      let isOver = false;
      const watch = (async () => {
        while (!isOver) {
          const { ops } = await watcher.info() as { ops: { lookup: number; insert: number } };
          samples.push([machineClock.unixMs(), ops.lookup + ops.insert]);
          await machineClock.sleep(5);
        }
      })();
      const { code, stdout, stderr } = await child;
      isOver = true;
      await watch;
      assert.equal(code, 0, stderr);
      const { startedUnixMs: from, sum } = onlyStage(stdout);
      const to = from + sum.seconds * 1e3;
      const replies = proxy.replies.filter((unixMs) => unixMs >= from && unixMs <= to).length;
      const counted = countAt(samples, to) - countAt(samples, from);
      const before = proxy.replies.filter((unixMs) => unixMs < from).length;
      assert.ok(before > 200, `${before} replies came in the warm-up`);
      const figures = [replies / sum.seconds, counted / sum.seconds];
      attempts.push(`${opsPerSecond(sum)} against ${figures}`);
      if (difference(opsPerSecond(sum), figures) < 0.02) return;
    }
    assert.fail(attempts.join("; "));
  } finally {
    await watcher.close();
  }
});

/** Interpolates a count between two samples. */
function countAt(samples: readonly (readonly [number, number])[], unixMs: number): number {
  const after = samples.findIndex(([at]) => at >= unixMs);
  const [t0, n0] = samples[after - 1] ?? [NaN, NaN];
  const [t1, n1] = samples[after] ?? [NaN, NaN];
  return n0 + (n1 - n0) * (unixMs - t0) / (t1 - t0);
}

Deno.test("a server that stalls 200 ms each second: --rate shows it, a closed loop only has a note", async () => {
  await using server = startServer();
  await using proxy = new TcpProxy(server.port, {
    holdMs: (unixMs) => Math.max(0, 200 - unixMs % 1_000),
  });
  const load = ["--mix", "lookup=100", "--keys", "10", "--json"];
  const open = await testperf(proxy.target, ...load, "--rate", "300", "--duration", "4");
  assert.equal(open.code, 0, open.stderr);
  assert.match(
    open.stdout,
    /"latencies":"Latencies are response times of an open loop: from the intended start/,
  );
  const { sum: shown } = onlyStage(open.stdout);
  assert.equal(shown.ops, 960); // 300 a second for 4 s without their edges
  assert.ok(opsPerSecond(shown) <= 315, `${opsPerSecond(shown)} ops/s`);
  // The exact values are 100 and 190 ms; a busy machine adds to both.
  assert.ok(shown.latency.p90Ms > 80, `p90 ${shown.latency.p90Ms}`);
  assert.ok(shown.latency.p99Ms > 170, `p99 ${shown.latency.p99Ms}`);
  const closed = await testperf(proxy.target, ...load, "--duration", "3");
  assert.equal(closed.code, 0, closed.stderr);
  assert.match(closed.stdout, /"latencies":"Latencies are service times .*hardly shows/);
  const { sum: hidden } = onlyStage(closed.stdout);
  // A few requests of thousands met the stall.
  assert.ok(hidden.latency.p90Ms < shown.latency.p90Ms / 2, `p90 ${hidden.latency.p90Ms}`);
  assert.ok(hidden.latency.maxMs > 150, `max ${hidden.latency.maxMs}`);
});

Deno.test("a wrong value is an error, and the exit code is 1", async () => {
  await using server = startServer();
  await using proxy = new TcpProxy(server.port, {
    rewrite: (text) => text.replaceAll("testperf-", "Testperf-"),
  });
  const { code, stdout, stderr } = await testperf(proxy.target, "--ops", "5");
  assert.equal(code, 1);
  assert.match(stdout, /^insert: 5 ops .* ms$/m);
  assert.match(stdout, /^lookup: 0 ops .* ms, 5 errors$/m);
  assert.match(
    stderr,
    /^lookup: 5 operations failed \(WrongValue: 5\), .*: Wrong value of testperf/m,
  );
  const unseen = await testperf(proxy.target, "--ops", "5", "--no-verify");
  assert.equal(unseen.code, 0, unseen.stderr);
});

Deno.test("a seed repeats a run, and a mix prints each type and the sum", async () => {
  await using server = startServer();
  const flags = ["--mix", "lookup=60,insert=40", "--ops", "300", "--distribution", "zipf"];
  const first = await testperf(server.target, ...flags);
  assert.equal(first.code, 0, first.stderr);
  const [, seed = ""] =
    /^1 client, 300 operations each in a stage, .*\nBegan at [\d:]{8}, --seed (\d+)$/m
      .exec(first.stderr) ?? [];
  const again = await testperf(server.target, ...flags, "--seed", seed);
  const counts = ({ stdout }: ProgramResult) => stdout.match(/^\w+: \d+ ops/gm);
  assert.deepEqual(counts(again), counts(first));
  assert.match(
    counts(first)?.join("; ") ?? "",
    /^insert: \d+ ops; lookup: \d+ ops; mixed: 300 ops$/,
  );
  assert.match(first.stderr, /^Latencies are service times of a closed loop: .*stall/m);
});

Deno.test("a name that no catalog knows ends with a sentence and exit code 3", async () => {
  const nowhere = ["--no-catalog", "--local-catalog", "1", "--timeout", "0.3"];
  const { code, stdout, stderr } = await testperf("gone-a4", ...nowhere, "--json");
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, /^testperf: .*gone-a4/m);
});
