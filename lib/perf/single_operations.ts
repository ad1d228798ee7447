/** The tests of single operations, which measure no throughput. */
import { HtClient } from "../client/client.ts";
import type { ClientOptions } from "../client/client_options.ts";
import { LineClient } from "../client/line_client.ts";
import type { TestPerfConfig } from "../config/testperf_config.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { wrap } from "../base/wrap.ts";
import { runBasics } from "./basics.ts";
import { runOutliers } from "./outliers.ts";
import type { Output } from "./results/output.ts";

/**
 * Runs the test that the flags name. On a terminal, long lines of its result are broken between words.
 *
 * @returns whether all operations succeeded
 * @throws {HtError} if the server is not found, or rejects the client
 */
export async function runSingleOperations(
  config: TestPerfConfig,
  options: ClientOptions,
  streams: Output,
  terminal: Terminal,
): Promise<boolean> {
  const isBroken = terminal.hasStdout && !config.json;
  const output: Output = {
    ...streams,
    result: (line) => streams.result(isBroken ? wrap(line, terminal.columns(), "  ") : line),
  };
  if (config.mode === "basics") {
    const client = await HtClient.connect(config.target, options);
    return await runBasics(client, output).finally(() => client.close());
  }
  const client = await LineClient.connect(config.target, options);
  return await runOutliers(client, config, output, terminal).finally(() => client.close());
}
