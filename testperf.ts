/** The `testperf` program: reads flags, connects, and runs the chosen test. See `--help`. */
import { EXIT } from "./lib/base/errors.ts";
import { stderrTerminal } from "./lib/terminal/terminal.ts";
import { environment } from "./lib/cli/environment.ts";
import { dropPermissions, UNUSED_PERMISSIONS } from "./lib/cli/permissions.ts";
import { spawnSelf } from "./lib/cli/spawn_self.ts";
import { printError, printLine } from "./lib/terminal/stdout.ts";
import { readCa } from "./lib/cli/tls_files.ts";
import { readToken } from "./lib/cli/token_file.ts";
import { main } from "./lib/cli/main.ts";
import { awaitStopSignal, ignoreSignals } from "./lib/cli/stop_signal.ts";
import { requireFolderOf, writeWholeFile } from "./lib/cli/atomic_file.ts";
import { HtClient } from "./lib/client/client.ts";
import type { ClientOptions } from "./lib/client/client_options.ts";
import { LineClient } from "./lib/client/line_client.ts";
import { parseTestPerfConfig, type TestPerfConfig } from "./lib/config/testperf_config.ts";
import { runBasics } from "./lib/perf/basics.ts";
import { measure } from "./lib/perf/measure.ts";
import { runOutliers } from "./lib/perf/outliers.ts";
import { printReport } from "./lib/perf/results/report.ts";
import { type ResultFiles, ResultWriter } from "./lib/perf/results/result_writer.ts";
import { sumFiles } from "./lib/perf/sum/sum.ts";
import { runWorker, WORKER_FLAG } from "./lib/perf/run/worker.ts";

const output = {
  result: printLine,
  note: printError,
  chart: (line: string) => console.error(line),
};

const files: ResultFiles = {
  read: (file) => Deno.readTextFile(file),
  requireFolderOf,
  write: writeWholeFile,
};

await main("testperf", async () => {
  if (Deno.args[0] === WORKER_FLAG) return await worker();
  const config = parseTestPerfConfig(Deno.args, environment("CATALOG_HOST", "CATALOG_PORT"));
  const process = { host: Deno.hostname(), pid: Deno.pid };
  const workers = Array.from({ length: config.processes - 1 }, () => spawnSelf(WORKER_FLAG));
  // After this, no reply of a server can make this process start another one.
  dropPermissions("sys", ...UNUSED_PERMISSIONS);
  const options: ClientOptions = {
    catalogs: config.catalogs,
    localCatalogPort: config.localCatalogPort ?? null,
    token: await readToken(config.tokenFile),
    tokenInClear: config.tokenInClear,
    ca: await readCa(config.caFile),
    timeoutMs: config.timeoutMs,
    onWarning: output.note,
  };
  if (config.mode === "performance" || config.mode === "sum") {
    const terminal = stderrTerminal(environment("TERM").TERM);
    const writer = await ResultWriter.prepare(config, files, output, terminal);
    const stop = new AbortController();
    void awaitStopSignal().then((signal) => stop.abort(`ended by ${signal}`));
    const { data, isGood } = config.mode === "sum"
      ? await sumFiles(config.sumFiles, files.read, output.note)
      : await measure(config, options, output, { ...process, workers, stop: stop.signal });
    printReport(data, config, output);
    const isAllWritten = await writer.writeAll(data);
    return isGood && isAllWritten ? EXIT.ok : EXIT.failed;
  }
  return await runTest(config, options) ? EXIT.ok : EXIT.failed;
});

/** Runs a test of single operations. @returns whether all succeeded */
async function runTest(config: TestPerfConfig, options: ClientOptions): Promise<boolean> {
  if (config.mode === "basics") {
    const client = await HtClient.connect(config.target, options);
    return await runBasics(client, output).finally(() => client.close());
  }
  const client = await LineClient.connect(config.target, options);
  return await runOutliers(client, config, output).finally(() => client.close());
}

/** Runs a share of the clients for another process, which sends the orders. */
async function worker(): Promise<number> {
  dropPermissions("read", "write", "sys", ...UNUSED_PERMISSIONS);
  // Ctrl-C and the end of a terminal signal all processes; the main one ends the others.
  ignoreSignals("SIGINT", "SIGHUP");
  const isGood = await runWorker({ orders: Deno.stdin.readable, send: printLine });
  return isGood ? EXIT.ok : EXIT.failed;
}
