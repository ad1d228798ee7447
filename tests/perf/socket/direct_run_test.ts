/** Proves that a run with direct sockets gives the results of one with ordinary sockets. */
import assert from "assert";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { LocalShare } from "../../../lib/perf/run/local_share.ts";
import { isGood, type RunResult, runStages } from "../../../lib/perf/run/run.ts";
import { DirectSockets } from "../../../lib/perf/socket/direct_socket.ts";
import { TcpProxy } from "../../client/tcp_proxy.ts";
import { startServer } from "../../helpers/server.ts";

// Outside of the tests, whose sanitizer expects that a library is closed.
const SOCKETS = [["ordinary", undefined], ["direct", DirectSockets.open()]] as const;

/** Runs all stages in this process. */
async function run(
  sockets: DirectSockets | undefined,
  target: string,
  ...flags: string[]
): Promise<RunResult> {
  const share = new LocalShare({ onProgress() {}, onNote() {} }, sockets);
  try {
    return await runStages({
      config: parseTestPerfConfig([target, ...flags], {}),
      connection: { timeoutMs: 20_000 },
      seed: 5,
      shares: [share],
      events: { onNote() {} },
    });
  } finally {
    await share.close();
  }
}

for (const [kind, sockets] of SOCKETS) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test(`run with ${kind} sockets: ${name}`, fn);

  test("all operations succeed, with and without others in flight", async () => {
    await using server = startServer();
    for (const pipeline of ["1", "7"]) {
      const flags = ["--clients", "5", "--ops", "40", "--pipeline", pipeline];
      const result = await run(sockets, server.target, ...flags);
      assert.ok(isGood(result));
      assert.deepEqual(result.stages.map(({ sum }) => sum.ops), [200, 200, 200, 200]);
    }
  });

  test("values of 1 MB are whole", async () => {
    await using server = startServer();
    const flags = ["--clients", "2", "--ops", "5", "--value-size", "1000000"];
    const result = await run(
      sockets,
      server.target,
      ...flags,
      "--operations",
      "insert,lookup,remove",
    );
    assert.ok(isGood(result), result.stages.map(({ firstError }) => firstError).join(" "));
  });

  test("wrong values are found", async () => {
    await using server = startServer();
    let values = 0;
    await using proxy = new TcpProxy(server.port, {
      rewrite(text) {
        const isChanged = text.includes("testperf-") && values++ < 50 && values % 10 === 0;
        return isChanged ? text.replace("testperf-", "Testperf-") : text;
      },
    });
    const { stages } = await run(
      sockets,
      proxy.target,
      "--ops",
      "50",
      "--operations",
      "insert,lookup",
    );
    assert.deepEqual(stages[1]?.sum.errors, { WrongValue: 5 });
    assert.equal(stages[1]?.sum.ops, 45);
  });

  test("after a lost connection, operations continue, and the gap is noted", async () => {
    await using server = startServer();
    const proxy: TcpProxy = new TcpProxy(server.port, {
      onRequests(count) {
        if (count === 300 || count === 500) queueMicrotask(() => proxy.breakAll());
      },
    });
    try {
      const flags = ["--clients", "2", "--ops", "300", "--operations", "insert,lookup"];
      const { stages } = await run(sockets, proxy.target, ...flags);
      assert.deepEqual(stages.map(({ sum }) => [sum.ops, sum.errors]), [[600, {}], [600, {}]]);
      assert.ok(stages[0]?.clients.some(({ gaps }) => gaps.some((gap) => gap.connectionLost)));
    } finally {
      await proxy[Symbol.asyncDispose]();
    }
  });
}
