/** The `htclient` program: reads flags, connects, and runs a command or the prompt. */
import { EXIT } from "../../base/errors.ts";
import { Resolver } from "../../catalog/resolve/resolver.ts";
import { HtClient } from "../../client/client.ts";
import { type ClientConfig, parseClientConfig } from "../../config/client_config.ts";
import { checkCommand, COMMAND_HELP, runClientCommand } from "./commands.ts";
import { environment } from "../environment.ts";
import { dropPermissions, UNUSED_PERMISSIONS } from "../permissions.ts";
import { printAndWait, printError, printLine } from "../../terminal/stdout.ts";
import { runPrompt } from "./prompt.ts";
import { readCa } from "../tls_files.ts";
import { readToken } from "../token_file.ts";
import { main } from "../main.ts";
import { serverList } from "./server_list.ts";

/** Runs the program and ends the process. */
export function runClientProgram(args: readonly string[]): Promise<never> {
  return main("htclient", async () => {
    const env = environment("CATALOG_HOST", "CATALOG_PORT");
    const config = parseClientConfig(args, env, COMMAND_HELP);
    dropPermissions("write", "sys", ...UNUSED_PERMISSIONS);
    if (config.target === undefined) {
      const { catalogs, localCatalogPort: localPort, timeoutMs } = config;
      const resolver = new Resolver({ catalogs, localPort });
      printLine(await serverList(resolver, AbortSignal.timeout(timeoutMs)));
    } else await useServer(config, config.target);
    return EXIT.ok;
  });
}

async function useServer(config: ClientConfig, target: string): Promise<void> {
  const { words, catalogs, localCatalogPort, timeoutMs } = config;
  if (words.length > 0) checkCommand(words);
  const token = await readToken(config.tokenFile);
  const ca = await readCa(config.caFile);
  if (words.length > 0 && words[0] !== "import") dropPermissions("read"); // the prompt can import, too
  const client = await HtClient.connect(target, {
    catalogs,
    localCatalogPort: localCatalogPort ?? null,
    token,
    tokenInClear: config.tokenInClear,
    ca,
    timeoutMs,
    onWarning: printError,
  });
  try {
    if (words.length === 0) await runPrompt(client, target);
    else await runClientCommand(client, words, printAndWait);
  } finally {
    await client.close();
  }
}
