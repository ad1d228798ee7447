/** `htserver`: flags to configuration, the parts wired, signals. See `--help`. */
import { getHeapStatistics } from "node:v8";
import { EXIT, messageOf } from "./lib/base/errors.ts";
import { createLog, type Log } from "./lib/base/log.ts";
import { reachableAddresses } from "./lib/catalog/announcement.ts";
import { Presence } from "./lib/catalog/presence.ts";
import { writePortFile } from "./lib/cli/port_file.ts";
import { printLine } from "./lib/cli/print.ts";
import { readToken } from "./lib/cli/read_token.ts";
import { environment, runMain } from "./lib/cli/run_main.ts";
import { stopSignal } from "./lib/cli/stop_signal.ts";
import { parseFolderTask } from "./lib/config/folder_task.ts";
import { parseServerConfig, type ServerConfig } from "./lib/config/server_config.ts";
import { runFolderTask } from "./lib/folder_task.ts";
import { HtServer, type Kept } from "./lib/ht_server.ts";
import { openFolder } from "./lib/storage/open_folder.ts";
import { memoryStorage } from "./lib/storage/storage.ts";
import { HashTable } from "./lib/table/hash_table.ts";

await runMain("htserver", async () => {
  const folderTask = parseFolderTask(Deno.args);
  if (folderTask) return await runFolderTask(folderTask);
  const config = parseServerConfig(
    Deno.args,
    environment("CATALOG_HOST", "CATALOG_PORT", "USER", "LOGNAME"),
    getHeapStatistics().heap_size_limit,
  );
  const log = createLog({ format: config.logFormat, debugging: config.isDebugging });
  surviveBugs(log);
  const stopped = stopSignal();
  const token = await readToken(config.tokenFile);
  const kept = await openTable(config, log);
  const server = new HtServer(config, kept, token, log);
  if (config.portFile !== undefined) await writePortFile(config.portFile, server.port);
  printLine(`Listening on port ${server.port}`);
  const presence = new Presence({
    catalogs: config.catalogs,
    localPort: config.localCatalogPort,
    intervalMs: config.catalogIntervalMs,
    facts: () => ({ ...server.facts(), advertise: config.advertise }),
    // Others cannot reach it by the addresses of other interfaces than it listens on.
    ...(isWildcard(config.host) ? {} : { addresses: () => reachableAddresses([config.host]) }),
    log,
  });
  presence.start();
  sayWhatToExpect(config, log);
  log.info("stopping", { signal: await stopped });
  await Promise.all([presence.stop(), server.stop()]);
  await kept.close();
  return EXIT.ok;
});

/** The table, from the data folder or empty. */
async function openTable(
  config: ServerConfig,
  log: Log,
): Promise<Kept & { close(): Promise<void> }> {
  const { project, dataFolder: folder, fsync } = config;
  if (folder === undefined) {
    log.info(`${project} serves from memory: its table ends with this process`);
    return { table: new HashTable(), storage: memoryStorage, close: () => Promise.resolve() };
  }
  const open = await openFolder({
    folder,
    fsync,
    compact: { entries: config.compactEntries, bytes: config.compactBytes },
    log,
    onSyncFailure(error) {
      log.error(
        `Cannot force the log of '${folder}' to disk, so nobody knows what is there: ending (${
          messageOf(error)
        }); see to the disk, then start again`,
      );
      Deno.exit(EXIT.failed);
    },
  });
  const { table, recovered, seconds } = open;
  log.info(`${project} is kept in '${folder}'`, {
    keys: table.size,
    checkpoint_keys: recovered.checkpointKeys,
    replayed: recovered.replayed,
    cut_bytes: recovered.cutBytes,
    seconds: Math.round(seconds * 1e3) / 1e3,
  });
  if (recovered.cutTo !== undefined) {
    log.warn(
      `The log ended in a torn write, which nobody was told of: ${recovered.cutBytes} bytes cut off, a copy is '${folder}/${recovered.cutTo}'`,
    );
  }
  if (fsync === "interval") log.warn("--fsync interval: a power failure may cost the last second");
  if (fsync === "never") {
    log.warn("--fsync never: a power failure may cost all that the system had not written yet");
  }
  return open;
}

/** A bug in the handling of one client must not end the others (I9). */
function surviveBugs(log: Log): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unexpected failure, which is a bug to report", { why: messageOf(event.reason) });
  });
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function sayWhatToExpect(config: ServerConfig, log: Log): void {
  if (config.tokenFile === undefined && !/^(127\.|localhost$|::1$)/.test(config.host)) {
    log.info(
      "anyone who can reach the port can read and change the table (--token-file and --host 127.0.0.1 prevent that)",
    );
  }
}
