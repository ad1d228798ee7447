/** Proves that the results of `testperf` match the wire and the server, also when the server is killed. */
import assert from "assert";
import { HtClient } from "../../../lib/client/client.ts";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { machineClock } from "../../../lib/base/clock.ts";
import { measure } from "../../../lib/perf/measure.ts";
import type { RunData } from "../../../lib/perf/results/run_data.ts";
import { opsPerSecond, type StageData } from "../../../lib/perf/measure/stage_data.ts";
import {
  ALONE,
  ALONE_ON_DISK,
  type Ended,
  fromSource,
  Program,
  run,
} from "../../../bench/harness/program.ts";
import { startServer } from "../../helpers/server.ts";
import { TcpProxy } from "../../helpers/tcp_proxy.ts";

function testperf(target: string, ...flags: string[]): Promise<Ended> {
  return run(fromSource("testperf.ts", target, ...flags));
}

function onlyStage(stdout: string): StageData {
  const { stages: [stage, ...others] } = JSON.parse(stdout) as RunData;
  assert.ok(stage && others.length === 0);
  return stage;
}

/** Another program can disturb one comparison; a systematic error would stay in all attempts. */
const ATTEMPTS = 3;

/** Computes the largest relative difference of a figure from others. */
function difference(figure: number, others: readonly number[]): number {
  return Math.max(...others.map((other) => Math.abs(figure / other - 1)));
}

Deno.test("the printed throughput matches the replies on the wire and the count of the server", async () => {
  await using server = startServer();
  const watcher = await HtClient.connect(server.target);
  const lookups = async () => (await watcher.info() as { ops: { lookup: number } }).ops.lookup;
  const differences: number[] = [];
  try {
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
      // Two clients say hello, then they insert 100 keys.
      const requestsBefore = 102;
      const from = proxy.requests[requestsBefore] ?? NaN,
        to = proxy.replies[requestsBefore + 16_000 - 1] ?? NaN;
      const onTheWire = 16_000 / ((to - from) / 1e3);
      differences.push(difference(Number(printed), [onTheWire]));
      if ((differences.at(-1) ?? 1) < 0.02) return;
    }
    assert.fail(`off by ${differences}`);
  } finally {
    await watcher.close();
  }
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
          const { lookup, insert } =
            (await watcher.info() as { ops: { lookup: number; insert: number } }).ops;
          samples.push([machineClock.unixMs(), lookup + insert]);
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

Deno.test("a server that stalls 200 ms each second: --rate shows it, a closed loop does not and notes so", async () => {
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
  assert.equal(shown.ops, 1_200);
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
  const [, seed = ""] = /--seed (\d+)$/m.exec(first.stderr) ?? [];
  const again = await testperf(server.target, ...flags, "--seed", seed);
  const counts = ({ stdout }: Ended) => stdout.match(/^\w+: \d+ ops/gm);
  assert.deepEqual(counts(again), counts(first));
  assert.match(
    counts(first)?.join("; ") ?? "",
    /^insert: \d+ ops; lookup: \d+ ops; mixed: 300 ops$/,
  );
  assert.match(first.stderr, /^ms +mean +p50 +p90 +p99 +p99\.9 +max /m);
  assert.match(first.stderr, /^Latencies are service times of a closed loop: .*stall/m);
});

Deno.test("a server that is killed during a stage: the results until then are printed, and the exit code is 1", async () => {
  await using server = new Program(fromSource("server.ts", "killed-a4", ...ALONE, "--debug"));
  const target = `127.0.0.1:${await server.port()}`;
  await using client = new Program(
    fromSource("testperf.ts", target, "--duration", "0.3", "--timeout", "1", "--clients", "2"),
  );
  await server.until("stderr", /lookup/);
  server.kill("SIGKILL");
  assert.equal(await client.exitCode(), 1);
  assert.match(
    client.stdout,
    /^insert: \d+ ops in .*\(sum of 2 clients\)\nlookup client 1: .*\n.*\nlookup: \d+ ops/m,
  );
  assert.doesNotMatch(client.stdout, /scan|remove/);
  assert.match(
    client.stderr,
    /^lookup: no reply from .* until the stage ended$/m,
  );
  assert.match(client.stderr, /^lookup: ended early, because the server is gone/m);
  assert.match(client.stderr, /^Not run: scan, remove\./m);
  assert.doesNotMatch(client.stderr, /\n\s+at |file:\/\//);
});

Deno.test("a server that is killed during a stage: the JSON is marked as not complete", async () => {
  await using server = new Program(fromSource("server.ts", "killed-a4", ...ALONE, "--debug"));
  const target = `127.0.0.1:${await server.port()}`;
  const flags = ["--mix", "lookup=50,insert=50", "--keys", "10", "--rate", "200"];
  await using client = new Program(
    fromSource("testperf.ts", target, ...flags, "--duration", "30", "--timeout", "1", "--json"),
  );
  await server.until("stderr", /lookup/);
  server.kill("SIGKILL");
  assert.equal(await client.exitCode(), 1);
  const { complete } = JSON.parse(client.stdout) as RunData;
  const { complete: isStageComplete, ended, sum } = onlyStage(client.stdout);
  assert.deepEqual([complete, isStageComplete, ended], [false, false, "server gone"]);
  const { ServerNotFound: lost = 0, ConnectionLost: broken = 0, ...others } = sum.errors;
  assert.ok(lost + broken > 0);
  assert.deepEqual(others, {});
  assert.equal(sum.gaps.at(-1)?.answered, false);
});

Deno.test("a server that is killed and restarts: testperf continues, and reports the gap", async () => {
  const folder = await Deno.makeTempDir({ prefix: "htserver-testperf-" });
  try {
    const start = (port: number) =>
      new Program(fromSource(
        ...["server.ts", "again-a4", ...ALONE_ON_DISK, "--data", folder, "--debug"] as const,
        "--port",
        String(port),
      ));
    await using first = start(0);
    const port = await first.port();
    const flags = ["--mix", "lookup=90,insert=10", "--keys", "50", "--ops", "1500"];
    await using client = new Program(
      fromSource("testperf.ts", `127.0.0.1:${port}`, ...flags, "--clients", "2", "--json"),
    );
    await first.until("stderr", /lookup/);
    first.kill("SIGKILL");
    await first.exitCode();
    const killedMs = machineClock.unixMs();
    await using second = start(port);
    await second.port();
    const backMs = machineClock.unixMs();
    assert.equal(await client.exitCode(), 0, client.stderr);
    const { sum, complete, ended } = onlyStage(client.stdout);
    assert.deepEqual([sum.ops, sum.errors, complete, ended], [3_000, {}, true, "planned"]);
    const gap = sum.gaps.find(({ connectionLost }) => connectionLost);
    assert.ok(gap?.answered, "the gap is reported");
    assert.ok(gap.fromUnixMs <= killedMs + 50 && gap.toUnixMs >= backMs - 500, client.stdout);
    assert.match(client.stderr, /^mixed: no reply from .* with the connection lost$/m);
    second.kill("SIGTERM");
    await second.exitCode();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a server with a name can restart on another port, and the catalog can end after that", async () => {
  const folder = await Deno.makeTempDir({ prefix: "htserver-testperf-" });
  try {
    await using catalog = new Program(
      fromSource("catalog.ts", "--host", "127.0.0.1", "--port", "0"),
    );
    const finding = ["--catalog", `127.0.0.1:${await catalog.port()}`, "--local-catalog", "off"];
    const start = () =>
      new Program(fromSource(
        ...["server.ts", "named-a4", "--host", "127.0.0.1", "--data", folder, "--debug"] as const,
        ...finding,
      ));
    await using first = start();
    const port = await first.port();
    // One client: a second one could still search for the server when the catalog ends.
    const flags = ["--mix", "lookup=90,insert=10", "--keys", "50", "--ops", "4500"];
    await using client = new Program(fromSource("testperf.ts", "named-a4", ...finding, ...flags));
    await first.until("stderr", /lookup/);
    first.kill("SIGKILL");
    await first.exitCode();
    // The old port is taken, so the client has to find the new one.
    using _taken = Deno.listen({ hostname: "127.0.0.1", port });
    await using second = start();
    await second.until("stderr", /lookup/);
    catalog.kill("SIGKILL");
    assert.equal(await client.exitCode(), 0, client.stderr);
    assert.match(client.stdout, /^mixed: 4500 ops in /m);
    assert.match(client.stderr, /^mixed: no reply from .* with the connection lost$/m);
    second.kill("SIGTERM");
    await second.exitCode();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a connection that is lost during removes: their outcome is unknown and reported so", async () => {
  await using server = startServer();
  const ops = 50, inFlight = 4;
  // hello, then three stages; the reply to the tenth remove and all later ones are lost.
  const tenth = 1 + 3 * ops + 10;
  let isBroken = false;
  await using proxy = new TcpProxy(server.port, {
    onRequests: (count) => {
      if (isBroken || count < tenth) return;
      isBroken = true;
      proxy.mute();
      setTimeout(() => proxy.breakAll(), 50);
    },
  });
  const flags = ["--ops", String(ops), "--pipeline", String(inFlight), "--quiet"];
  const notes: string[] = [];
  const { data, isGood } = await measure(parseTestPerfConfig([proxy.target, ...flags], {}), {}, {
    result() {},
    note: (line) => notes.push(line),
  });
  assert.equal(isGood, false);
  assert.ok(data.format === "testperf run");
  const remove = data.stages.at(-1);
  assert.ok(remove);
  const failed = remove.sum.errors["ConnectionLost"] ?? 0;
  assert.ok(failed >= 1 && failed <= inFlight, `${failed} failed`);
  assert.equal(remove.sum.unknown, failed);
  assert.equal(remove.sum.ops, ops - failed, "the run continues");
  assert.deepEqual([remove.ended, remove.complete], ["planned", true]);
  assert.ok(remove.sum.gaps.some(({ connectionLost, answered }) => connectionLost && answered));
  assert.match(
    notes.join("\n"),
    /^remove: .* failed .*not known whether the server executed them/m,
  );
});

Deno.test("a name that no catalog knows ends with a sentence and exit code 3", async () => {
  const nowhere = ["--no-catalog", "--local-catalog", "1", "--timeout", "0.3"];
  const { code, stdout, stderr } = await testperf("gone-a4", ...nowhere, "--json");
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, /^testperf: .*gone-a4/m);
});
