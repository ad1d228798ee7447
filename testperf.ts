/** The `testperf` program: reads flags, connects, and runs the chosen test. See `--help`. */
import { EXIT } from "./lib/base/errors.ts";
import { userTerminal } from "./lib/terminal/terminal.ts";
import { environment } from "./lib/cli/environment.ts";
import { dropPermissions, UNUSED_PERMISSIONS } from "./lib/cli/permissions.ts";
import { spawnSelf } from "./lib/cli/spawn_self.ts";
import { printError, printLine } from "./lib/terminal/stdout.ts";
import { readCa } from "./lib/cli/tls_files.ts";
import { readToken } from "./lib/cli/token_file.ts";
import { main } from "./lib/cli/main.ts";
import { awaitStopSignal, ignoreSignals } from "./lib/cli/stop_signal.ts";
import { requireFolderOf, writeWholeFile } from "./lib/cli/atomic_file.ts";
import type { ClientOptions } from "./lib/client/client_options.ts";
import { parseTestPerfConfig } from "./lib/config/testperf_config.ts";
import { measure } from "./lib/perf/measure.ts";
import type { Output } from "./lib/perf/results/output.ts";
import { runSingleOperations } from "./lib/perf/single_operations.ts";
import { DirectSockets } from "./lib/perf/socket/direct_socket.ts";
import { printReport } from "./lib/perf/results/report.ts";
import { type ResultFiles, ResultWriter } from "./lib/perf/results/result_writer.ts";
import { sumFiles } from "./lib/perf/sum/sum.ts";
import { runWorker, WORKER_FLAG } from "./lib/perf/run/worker.ts";

const output: Output = { result: printLine, note: printError };

const files: ResultFiles = {
  read: (file) => Deno.readTextFile(file),
  requireFolderOf,
  write: writeWholeFile,
};

await main("testperf", async () => {
  if (Deno.args[0] === WORKER_FLAG) return await worker();
  const config = parseTestPerfConfig(Deno.args, environment("CATALOG_HOST", "CATALOG_PORT"));
  const terminal = userTerminal(environment("TERM").TERM);
  const process = { host: Deno.hostname(), pid: Deno.pid };
  const workers = Array.from({ length: config.processes - 1 }, () => spawnSelf(WORKER_FLAG));
  const sockets = DirectSockets.open();
  // After this, no reply of a server can make this process start another one, or load a library.
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
    const writer = await ResultWriter.prepare(config, files, terminal);
    const stop = new AbortController();
    void awaitStopSignal().then((signal) => stop.abort(`ended by ${signal}`));
    const around = { ...process, workers, sockets, stop: stop.signal, screen: terminal };
    const { data, notes, isGood } = config.mode === "sum"
      ? await sumFiles(config.sumFiles, files.read)
      : await measure(config, options, output, around);
    const others = await writer.writeAll(data);
    printReport(data, notes, others, config, terminal);
    return isGood && others.isGood ? EXIT.ok : EXIT.failed;
  }
  const isGood = await runSingleOperations(config, options, output, terminal);
  return isGood ? EXIT.ok : EXIT.failed;
});

/** Runs a share of the clients for another process, which sends the orders. */
async function worker(): Promise<number> {
  const sockets = DirectSockets.open();
  dropPermissions("read", "write", "sys", ...UNUSED_PERMISSIONS);
  // Ctrl-C and the end of a terminal signal all processes; the main one ends the others.
  ignoreSignals("SIGINT", "SIGHUP");
  const isGood = await runWorker({ orders: Deno.stdin.readable, send: printLine, sockets });
  return isGood ? EXIT.ok : EXIT.failed;
}
