/**
 * The demo (`deno task demo`): all programs together on this machine.
 *
 * It starts a catalog and a server. Then 1, 2 and 4 clients, each a process, find the server by its name
 * and measure it at the same time. The demo adds up their results as `testperf --sum` does. If its time
 * is up, it prints the results until then. With `--cluster`, it shows a shared store instead
 * (`demo/cluster/cluster_demo.ts`).
 */
import { machineClock, settlesWithin } from "../lib/base/clock.ts";
import { EXIT, messageOf, UsageError } from "../lib/base/errors.ts";
import { main } from "../lib/cli/main.ts";
import { awaitStopSignal } from "../lib/cli/stop_signal.ts";
import { wrap } from "../lib/base/wrap.ts";
import { newProgram, runParser } from "../lib/config/command_line.ts";
import { clientsText } from "../lib/perf/analysis/sweep_step.ts";
import { LocalPrograms } from "./demo/local_programs.ts";
import { sumTables } from "../lib/perf/results/sum_report.ts";
import { sumRuns } from "../lib/perf/sum/sum.ts";
import { runClusterDemo } from "./demo/cluster/cluster_demo.ts";
import { explainTable } from "./demo/explanation.ts";
import { printProblem, printStep, WIDTH } from "./demo/printing.ts";
import { type Findings, runRounds, STAGE_MS } from "./demo/rounds.ts";

/** The demo ends within 30 s. The start of the task and the end of the programs take up to 5 s. */
const DEFAULT_LIMIT_S = 25;

await main("demo", async () => {
  const { endMs, isCluster } = parseFlags(Deno.args);
  const stop = new AbortController();
  void awaitStopSignal().then((signal) => stop.abort(`${signal} ended it`));
  if (isCluster) return await runClusterDemo(endMs, stop);
  await using programs = new LocalPrograms();
  return report(await demo(programs, endMs, stop));
});

/** The flags of the demo. */
interface DemoFlags {
  /** The end of the time, in milliseconds since the start of this process. */
  readonly endMs: number;
  readonly isCluster: boolean;
}

function parseFlags(args: readonly string[]): DemoFlags {
  const command = newProgram("demo", "A catalog, a server and clients on this machine.", [
    "demo",
    "demo --limit 10     prints the results of 10 s",
    "demo --cluster      kills a part of a Redis Cluster, and one of two gateways",
  ]).option("--limit <s>", "time limit, in seconds", String(DEFAULT_LIMIT_S))
    .option("--cluster", "show a shared store; needs redis-server");
  runParser("demo", () => command.parse([...args], { from: "user" }));
  const { limit, cluster = false } = command.opts();
  if (!(Number(limit) > 0)) {
    throw new UsageError(`--limit must be a number of seconds above 0, not '${limit}'`);
  }
  return { endMs: Number(limit) * 1e3, isCluster: cluster };
}

/** Measures. An error becomes a problem of the findings. */
async function demo(
  programs: LocalPrograms,
  endMs: number,
  stop: AbortController,
): Promise<Findings> {
  try {
    return await measure(programs, endMs, stop);
  } catch (error) {
    return { runs: [], leftOut: [], problems: [messageOf(error)], isComplete: false };
  }
}

async function measure(
  programs: LocalPrograms,
  endMs: number,
  stop: AbortController,
): Promise<Findings> {
  const listening = async (what: string, entry: string, args: readonly string[]) => {
    const onEnd = (how: string): void => stop.abort(`${what} ended early, with ${how}`);
    const port = programs.startListener(entry, args, onEnd);
    const leftMs = Math.max(0, endMs - performance.now());
    if (await settlesWithin(port, leftMs, stop.signal)) return (await port).port;
    throw new Error(
      stop.signal.aborted ? String(stop.signal.reason) : `the time was up before ${what} listened`,
    );
  };
  const name = `demo-a4-${crypto.randomUUID().slice(0, 4)}`;
  const local = ["--host", "127.0.0.1"];
  const catalogPort = await listening("the catalog", "catalog.ts", [...local, "--port", "0"]);
  const catalogAt = `127.0.0.1:${catalogPort}`;
  printStep(`A catalog listens on ${catalogAt}`, "htcatalog --host 127.0.0.1");
  const finding = ["--catalog", catalogAt, "--local-catalog", "off"];
  const beforeMs = performance.now();
  const serverArgs = [name, "--memory", ...local, ...finding];
  const port = await listening("the server", "server.ts", serverArgs);
  printStep(`A server named ${name} listens on port ${port}`, `htserver ${name}`);
  return await runRounds({
    clock: machineClock,
    endMs,
    startMs: performance.now() - beforeMs,
    stop: stop.signal,
    runClient: (signal) =>
      programs.runClient(
        [name, ...finding, "--duration", String(STAGE_MS / 1e3), "--json", "--quiet"],
        signal,
      ),
    onRound: (clients, isSecondTry) => {
      const numbers = Array.from({ length: clients }, (_, at) => at + 1).join(" ");
      const command = `testperf ${name} --json`;
      printStep(
        `${clientsText(clients)}, ${
          isSecondTry
            ? "again, because they did not begin together"
            : `four stages of ${STAGE_MS / 1e3} s`
        }`,
        clients === 1
          ? `${command} >1.json`
          : `for i in ${numbers}; do ${command} >${clients}-$i.json & done; wait`,
      );
    },
  });
}

/** Prints the results and the problems, and returns the exit code. */
function report({ runs, leftOut, problems, isComplete }: Findings): number {
  if (runs.length > 0) {
    const { data, notes } = sumRuns(runs);
    printStep("What each client got, and all of them together", "testperf --sum *.json");
    const why = explainTable(data, navigator.hardwareConcurrency);
    for (const text of [...sumTables(data.steps, WIDTH), why, ...notes].filter(Boolean)) {
      console.log(`\n${wrap(text, WIDTH)}`);
    }
  }
  for (const sentence of leftOut) printProblem(sentence);
  if (problems.length > 0) {
    printProblem(problems.join("; "));
    return EXIT.failed;
  }
  if (!isComplete) {
    printProblem("the time was up before the last result: this machine is slow or busy");
  }
  return runs.length > 0 ? EXIT.ok : EXIT.failed;
}
