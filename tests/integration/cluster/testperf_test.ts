/** `testperf` over two gateways of a cluster, one of which is killed in the middle. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import type { Gap } from "../../../lib/perf/measure/gap.ts";
import type { RunData } from "../../../lib/perf/results/run_data.ts";
import { fromSource, PATIENCE_MS, Program, run } from "../../../bench/harness/program.ts";
import { RawClient } from "../../../bench/harness/raw_client.ts";
import { testWithCluster } from "../../helpers/redis_cluster.ts";
import { NAME } from "./gateways.ts";

/** Longest time of a client without a reply, in milliseconds: usually 0.1 s, and long on a busy machine. */
const MAX_GAP_MS = 5_000;

/** Removes of a gateway before it is killed. */
const REMOVES = 20;

/** A gateway in a catalog, with a connection that reads its counts. */
interface Listed extends AsyncDisposable {
  readonly program: Program;
  readonly watcher: RawClient;
}

async function startGateway(url: string, finding: readonly string[]): Promise<Listed> {
  const own = ["--store", url, "--host", "127.0.0.1", ...finding];
  const program = new Program(fromSource("server.ts", NAME, ...own));
  try {
    const watcher = await RawClient.connect(await program.port());
    return {
      program,
      watcher,
      async [Symbol.asyncDispose]() {
        watcher[Symbol.dispose]();
        await program[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

async function removesOf({ watcher }: Listed): Promise<number> {
  await watcher.send('{"method":"info"}\n');
  const { ops } = (await watcher.reply())["result"] as { ops: Record<string, number> };
  return ops["remove"] ?? 0;
}

/** Waits until something is true. */
async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(5)) {
    if (await isTrue()) return;
  }
  assert.fail(`waited too long until ${what}`);
}

function lengthMs({ fromUnixMs, toUnixMs }: Gap): number {
  return toUnixMs - fromUnixMs;
}

testWithCluster(
  "cluster: testperf goes on when a gateway that it uses is killed",
  async (cluster) => {
    await using catalog = new Program(
      fromSource("catalog.ts", "--host", "127.0.0.1", "--port", "0"),
    );
    const finding = ["--catalog", `127.0.0.1:${await catalog.port()}`, "--local-catalog", "off"];
    await using first = await startGateway(cluster.url, finding);
    await using second = await startGateway(cluster.url, finding);
    const list = async () => (await run(fromSource("client.ts", "--list", ...finding))).stdout;
    await until(async () => (await list()).split("127.0.0.1:").length === 3, "both are listed");
    const lines = (await list()).trimEnd().split("\n").filter((line) => line.includes("127.0.0.1"));
    assert.deepEqual(lines.map((line) => line.startsWith(NAME)), [true, false], lines.join("\n"));

    const load = ["--clients", "8", "--duration", "1.5", "--operations", "insert,lookup,remove"];
    await using testperf = new Program(
      fromSource("testperf.ts", NAME, ...load, "--json", ...finding),
    );
    let used: Listed | undefined;
    await until(async () => {
      for (const gateway of [first, second]) {
        if (await removesOf(gateway) >= REMOVES) used = gateway;
      }
      return used !== undefined;
    }, "the gateways have removed keys");
    used?.program.kill("SIGKILL");
    assert.equal(await testperf.exitCode(), 0, testperf.stderr);

    const { stages } = JSON.parse(testperf.stdout) as RunData;
    assert.deepEqual(stages.map(({ stage }) => stage), ["insert", "lookup", "remove"]);
    for (const { stage, complete, firstError, sum } of stages) {
      assert.deepEqual([sum.errors, sum.unknown, firstError], [{}, 0, null], stage);
      assert.ok(complete && sum.ops > 0, stage);
    }
    const [, , remove] = stages;
    const gaps = remove?.clients.flatMap((client) => client.gaps) ?? [];
    const lost = gaps.filter(({ connectionLost }) => connectionLost);
    assert.ok(lost.length > 0 && lost.every(({ answered }) => answered), testperf.stdout);
    const longestMs = Math.max(...gaps.map(lengthMs));
    const before = remove?.sum.removedBefore ?? assert.fail("the result has no count of removes");
    console.log(
      `${lost.length} of 8 clients lost their gateway, for at most ${longestMs.toFixed(0)} ms; ` +
        `${before} removes had been done before they were sent again`,
    );
    assert.ok(longestMs < MAX_GAP_MS, `a client had no reply for ${longestMs} ms`);
    if (before > 0) assert.match(testperf.stderr, /^remove: \d+ removes? found no key when sent/m);
  },
);
