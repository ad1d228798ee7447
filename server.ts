/** The `htserver` program: reads flags, wires the parts, and runs until a signal. See `--help`. */
import { EXIT, ExitError, messageOf } from "./lib/base/errors.ts";
import { createLog, type Log } from "./lib/base/log.ts";
import { Registration } from "./lib/catalog/announce/registration.ts";
import { writeWholeFile } from "./lib/cli/atomic_file.ts";
import { environment } from "./lib/cli/environment.ts";
import { runCheckRepair } from "./lib/cli/htserver/check_repair.ts";
import { openLocalEngine } from "./lib/cli/htserver/open_local_engine.ts";
import { main } from "./lib/cli/main.ts";
import { dropPermissions, UNUSED_PERMISSIONS } from "./lib/cli/permissions.ts";
import { awaitStopSignal } from "./lib/cli/stop_signal.ts";
import { memoryAndSwap, memoryLimit, systemFacts } from "./lib/cli/system_facts.ts";
import { readTls } from "./lib/cli/tls_files.ts";
import { readToken } from "./lib/cli/token_file.ts";
import { parseCheckRepairTask } from "./lib/config/check_repair_config.ts";
import { exposureWarning } from "./lib/config/exposure.ts";
import { parseServerConfig } from "./lib/config/server_config.ts";
import { HtServer } from "./lib/server/server.ts";
import { printLine } from "./lib/terminal/stdout.ts";

/** A server without a data folder drops file permissions after its start. */
const FILE_PERMISSIONS = ["read", "write"] as const;

await main("htserver", async () => {
  const folderTask = parseCheckRepairTask(Deno.args);
  if (folderTask) return await runCheckRepair(folderTask);
  const config = parseServerConfig(
    Deno.args,
    environment("CATALOG_HOST", "CATALOG_PORT", "USER", "LOGNAME"),
    memoryLimit(),
  );
  const log = createLog({ format: config.logFormat, isDebug: config.isDebugging });
  logUnhandledRejections(log);
  const stopped = awaitStopSignal();
  const token = await readToken(config.tokenFile, (sentence) => log.warn(sentence));
  const tls = await readTls(config.tlsFiles, log);
  const opened = await openLocalEngine(config, log, {
    fileBytes: systemFacts().fileBytes,
    memoryBytes: memoryAndSwap(),
  });
  const server = new HtServer({ ...config, tls }, opened.makeEngine, token, log);
  if (config.portFile !== undefined) {
    await writeWholeFile(config.portFile, `${server.port}\n`, "the port");
  }
  const unused = config.dataFolder === undefined ? FILE_PERMISSIONS : [];
  dropPermissions("env", ...UNUSED_PERMISSIONS, ...unused);
  printLine(`Listening on port ${server.port}`);
  const registration = new Registration({
    catalogs: config.catalogs,
    localPort: config.localCatalogPort,
    intervalMs: config.catalogIntervalMs,
    facts: () => ({ ...server.info.catalogFacts(), advertise: config.advertise }),
    listening: server.listening,
    // Another server with the name must not prevent a table with data from being served again.
    onOther: config.takeover ? "ignore" : opened.isNew ? "end" : "warn",
    log,
  });
  registration.start();
  const access = { hasToken: token !== undefined, hasTls: tls !== undefined };
  const exposure = exposureWarning({ host: server.listening.hostname, ...access });
  if (exposure !== undefined) log.info(exposure);
  const conflict = registration.conflict.then((sentence) => new ExitError(sentence));
  const cause = await Promise.race([stopped, conflict]);
  if (typeof cause === "string") log.info("stopping", { signal: cause });
  opened.beginClose();
  await Promise.all([registration.stop(), server.stop()]);
  await opened.close();
  if (cause instanceof ExitError) throw cause;
  return EXIT.ok;
});

/** A bug in the handling of one client must not end the others (I9). */
function logUnhandledRejections(log: Log): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unexpected failure, which is a bug to report", { why: messageOf(event.reason) });
  });
}
