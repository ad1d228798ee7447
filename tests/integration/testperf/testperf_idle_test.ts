/** Proves that `testperf` takes little processor time while it waits for its server. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { onlyStage, startProgram, startTestperf } from "./testperf_program.ts";

/** Time of the observation, in milliseconds. */
const OBSERVED_MS = 500;

/** Processor time of a process, in milliseconds: ticks of 10 ms. */
function processorMs(pid: number): number {
  const [, state = ""] = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ");
  const fields = state.split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

Deno.test({
  name: "testperf sleeps while the server is stopped, and continues after it",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const [server, target] = await startProgram();
    await using _ = server;
    const flags = ["--clients", "20", "--operations", "insert", "--duration", "1.5", "--json"];
    await using testperf = startTestperf(target, ...flags);
    // The debug log of the server shows that the stage is running.
    await server.until("stderr", /insert/);
    server.kill("SIGSTOP");
    const before = processorMs(testperf.pid);
    await sleep(OBSERVED_MS);
    const usedMs = processorMs(testperf.pid) - before;
    server.kill("SIGCONT");
    assert.ok(usedMs < OBSERVED_MS / 2, `${usedMs} ms of ${OBSERVED_MS}`);
    assert.equal(await testperf.exitCode(), 0, testperf.stderr);
    assert.ok(onlyStage(testperf.stdout).sum.ops > 0);
  },
});
