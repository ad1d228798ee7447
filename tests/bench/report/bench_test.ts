/** The whole benchmark on the smallest scale: its files, and the end of its processes. */
import assert from "assert";
import { readFindings } from "../../../bench/report/files.ts";
import { longTest } from "../../helpers/long.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { descendants, gone } from "./processes.ts";
import { fromSource, Program } from "../../../bench/harness/program.ts";

/** Enough time on a machine ten times slower, in seconds. */
const AMPLE_S = 200;

/** Starts it on one host. */
function tinyBench(folder: string, repeats = 2, limitS = AMPLE_S): Program {
  const args = [folder, String(repeats), String(limitS), "memory", "durable"];
  return new Program(fromSource("tests/bench/tiny_bench.ts", ...args));
}

/** Catalog, server, testperf, and the other process of testperf. */
const PROCESSES = 4;

/** Processes are read from /proc. */
const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "the bench writes raw data, pictures and a report, and ends its processes",
  ignore: !isLinux,
  async fn() {
    await using folder = await TempFolder.make();
    const out = `${folder.path}/out`;
    await using bench = tinyBench(out);
    await bench.until("stdout", /sweep "durable"/);
    const started = await descendants(bench.pid, PROCESSES);
    assert.equal(await bench.exitCode(), 0, bench.stderr);
    assert.match(bench.stdout, /raw data, pictures and a REPORT with these figures are in /);
    const findings = await readFindings(out);
    assert.deepEqual(findings.bench.parts.map(({ name }) => name), ["memory", "durable"]);
    for (const sweep of Object.values(findings.sweeps)) {
      assert.deepEqual(sweep.steps.map(({ clients }) => clients), [1, 2]);
      assert.match(sweep.target, /^bench-a4-/, "the clients found the server by its name");
    }
    const files = new Set(Array.from(Deno.readDirSync(out), ({ name }) => name));
    for (const name of ["durable.csv", "memory-throughput.svg"]) assert.ok(files.has(name), name);
    const report = await Deno.readTextFile(`${out}/REPORT`);
    assert.match(report, /^ +n +sum +min\.\.max +gain +each/m);
    await gone(started);
  },
});

longTest({
  name: "an interrupted bench reports the folder of its raw data, and ends its processes",
  ignore: !isLinux,
  async fn() {
    await using folder = await TempFolder.make();
    await using bench = tinyBench(`${folder.path}/out`);
    await bench.until("stdout", /sweep "durable"/);
    const started = await descendants(bench.pid, PROCESSES);
    bench.kill("SIGINT");
    assert.equal(await bench.exitCode(), 1, bench.stderr);
    assert.match(bench.stderr, /^Interrupted; the measurements until then \(memory.*\) are in /);
    assert.ok(Deno.statSync(`${folder.path}/out/memory.json`).isFile);
    await gone(started);
  },
});

longTest({
  name: "a bench whose server is killed reports that, and keeps its measurements",
  ignore: !isLinux,
  async fn() {
    await using folder = await TempFolder.make();
    await using bench = tinyBench(`${folder.path}/out`);
    await bench.until("stdout", /sweep "durable"/);
    const started = await descendants(bench.pid, PROCESSES);
    const server = started.find(({ pid }) =>
      Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("server.ts")
    );
    assert.ok(server);
    Deno.kill(server.pid, "SIGKILL");
    assert.equal(await bench.exitCode(), 1, bench.stderr);
    assert.match(bench.stderr, /^durable: .*; the measurements until then \(memory.*\) are in /);
    assert.ok(Deno.statSync(`${folder.path}/out/memory.json`).isFile);
    await gone(started);
  },
});

longTest({
  name: "fault: bench throws away finished measurements: its time is up early",
  async fn() {
    await using folder = await TempFolder.make();
    const out = `${folder.path}/out`;
    await using bench = tinyBench(out, 1_000, 6);
    const exitCode = await bench.exitCode();
    const findings = await readFindings(out);
    const { parts, syncs, unfinished } = findings.bench;
    // A slow machine may finish no sweep in this time. It keeps the rest.
    assert.equal(exitCode, parts.length > 0 ? 0 : 1, bench.stderr);
    assert.match(bench.stdout + bench.stderr, /the measurements until then \(.+\) are in /);
    assert.ok(Array.isArray(syncs));
    assert.match(unfinished?.[0] ?? "", /^in memory.*(time was up|no time left)/);
    assert.match(
      await Deno.readTextFile(`${out}/REPORT`),
      /^ +not complete +in memory.*(time was up|no time left)/m,
    );
  },
});
