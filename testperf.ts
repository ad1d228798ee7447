/** `testperf`: flags to configuration, a client, the chosen test. See `--help`. */
import { EXIT } from "./lib/base/errors.ts";
import { printLine } from "./lib/cli/print.ts";
import { readToken } from "./lib/cli/read_token.ts";
import { environment, runMain } from "./lib/cli/run_main.ts";
import { type ClientOptions, HtClient } from "./lib/client/ht_client.ts";
import { parseTestPerfConfig } from "./lib/config/testperf_config.ts";
import { runBasics } from "./lib/perf/basics.ts";
import { runOutliers } from "./lib/perf/outliers.ts";
import { measure, type Output } from "./lib/perf/performance.ts";

const output: Output = {
  result: printLine,
  note: (line) => console.error(line),
};

await runMain("testperf", async () => {
  const config = parseTestPerfConfig(Deno.args, environment("CATALOG_HOST", "CATALOG_PORT"));
  const options: ClientOptions = {
    catalogs: config.catalogs,
    localCatalogPort: config.localCatalogPort ?? null,
    token: await readToken(config.tokenFile),
    timeoutMs: config.timeoutMs,
    onWarning: output.note,
  };
  if (config.mode === "performance") {
    return (await measure(config, options, output)) ? EXIT.ok : EXIT.failed;
  }
  const client = await HtClient.connect(config.target, options);
  const test = config.mode === "basics"
    ? runBasics(client, output)
    : runOutliers(client, config, output);
  const isGood = await test.finally(() => client.close());
  return isGood ? EXIT.ok : EXIT.failed;
});
