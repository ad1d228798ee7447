/** The `htserver` program without its engine: reads flags, wires the parts, and runs until a signal. */
import { EXIT, ExitError, messageOf } from "../../base/errors.ts";
import { createLog, type Log } from "../../base/log.ts";
import { Registration } from "../../catalog/announce/registration.ts";
import { writeWholeFile } from "../atomic_file.ts";
import { environment } from "../environment.ts";
import type { OpenedEngine } from "./opened_engine.ts";
import { runCheckRepair } from "./check_repair.ts";
import { main } from "../main.ts";
import { dropPermissions, UNUSED_PERMISSIONS } from "../permissions.ts";
import { awaitStopSignal } from "../stop_signal.ts";
import { memoryLimit } from "../system_facts.ts";
import { readTls } from "../tls_files.ts";
import { readToken } from "../token_file.ts";
import { parseCheckRepairTask } from "../../config/check_repair_config.ts";
import { exposureWarning } from "../../config/exposure.ts";
import { parseServerConfig, type ServerConfig } from "../../config/server_config.ts";
import { HtServer } from "../../server/server.ts";
import { printLine } from "../../terminal/stdout.ts";

/** A server without a data folder drops file permissions after its start. */
const FILE_PERMISSIONS = ["read", "write"] as const;

const NEVER = new Promise<string>(() => {});

/** Opens the engine of a server. @throws {ExitError} if that is not possible */
export type OpenEngine = (config: ServerConfig, log: Log) => Promise<OpenedEngine>;

/** Runs the program with an engine, and ends the process. */
export function runServerProgram(openEngine: OpenEngine): Promise<void> {
  return main("htserver", () => serve(openEngine));
}

async function serve(openEngine: OpenEngine): Promise<number> {
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
  const opening = openEngine(config, log);
  // Nothing has to be closed: a data folder is safe at any time, and a store that hangs must delay no end.
  const opened = await Promise.race([opening, stopped]);
  if (typeof opened === "string") {
    log.info("stopping before the start has ended", { signal: opened });
    return EXIT.ok;
  }
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
  const cause = await Promise.race([
    stopped,
    ...[registration.conflict, opened.gone ?? NEVER].map(async (sentence) =>
      new ExitError(await sentence)
    ),
  ]);
  if (typeof cause === "string") log.info("stopping", { signal: cause });
  opened.beginClose();
  await Promise.all([registration.stop(), server.stop()]);
  await opened.close();
  if (cause instanceof ExitError) throw cause;
  return EXIT.ok;
}

/** A bug in the handling of one client must not end the others (I9). */
function logUnhandledRejections(log: Log): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unexpected failure, which is a bug to report", { why: messageOf(event.reason) });
  });
}
