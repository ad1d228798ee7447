/** The `htcatalog` program: runs a catalog that is compatible with cctools. See `--help`. */
import { ExitError, messageOf } from "./lib/base/errors.ts";
import { createLog, type Log } from "./lib/base/log.ts";
import { CatalogServer } from "./lib/catalog/server/catalog_server.ts";
import { reverseLookup } from "./lib/catalog/server/reverse_dns.ts";
import { writeWholeFile } from "./lib/cli/atomic_file.ts";
import { dropPermissions, UNUSED_PERMISSIONS } from "./lib/cli/permissions.ts";
import { printLine } from "./lib/terminal/stdout.ts";
import { main } from "./lib/cli/main.ts";
import { awaitStopSignal } from "./lib/cli/stop_signal.ts";
import { type CatalogConfig, parseCatalogConfig } from "./lib/config/catalog_config.ts";

await main("htcatalog", async () => {
  const config = parseCatalogConfig(Deno.args);
  const log = createLog({ format: config.logFormat, isDebug: config.isDebugging });
  const stopped = awaitStopSignal();
  const catalog = startCatalog(config, log);
  if (config.portFile !== undefined) {
    await writeWholeFile(config.portFile, `${catalog.port}\n`, "the port");
  }
  dropPermissions("read", "write", "env", "sys", ...UNUSED_PERMISSIONS);
  printLine(`Listening on port ${catalog.port}`);
  await stopped;
  await catalog.stop();
  return 0;
});

function startCatalog({ host, port, lifetimeS }: CatalogConfig, log: Log): CatalogServer {
  try {
    return new CatalogServer({
      hostname: host,
      port,
      lifetimeS,
      log,
      tcpUpdates: true,
      reverseLookup,
    });
  } catch (error) {
    throw new ExitError(
      error instanceof Deno.errors.AddrInUse
        ? `Cannot listen on ${host} port ${port}: it is in use, by another catalog or by an htserver with the local catalog (--local-catalog off prevents that); stop that program, or choose another port with --port`
        : `Cannot listen on ${host} port ${port}: ${messageOf(error)}`,
    );
  }
}
