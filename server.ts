/** `htserver`: flags to configuration, the parts wired, signals. See `--help`. */
import { getHeapStatistics } from "node:v8";
import { createLog } from "./lib/base/log.ts";
import { environment, runMain } from "./lib/cli/run_main.ts";
import { parseServerConfig } from "./lib/config/server_config.ts";
import { HtServer } from "./lib/ht_server.ts";

await runMain("htserver", async () => {
  const config = parseServerConfig(
    Deno.args,
    environment("CATALOG_HOST", "CATALOG_PORT", "USER", "LOGNAME"),
    getHeapStatistics().heap_size_limit,
  );
  const log = createLog({ format: config.logFormat, debugging: config.isDebugging });
  const server = new HtServer(config, undefined, log);
  console.log(`Listening on port ${server.port}`);
  await new Promise<void>((resolve) => {
    Deno.addSignalListener("SIGINT", resolve);
    Deno.addSignalListener("SIGTERM", resolve);
  });
  await server.stop();
  return 0;
});
