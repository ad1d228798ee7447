/** The `htserver` program; see `--help`. With `--store`, its table is in a shared store. */
import { openLocalEngine } from "./lib/cli/htserver/open_local_engine.ts";
import { runServerProgram } from "./lib/cli/htserver/server_program.ts";

const hasStore = Deno.args.some((arg) => arg === "--store" || arg.startsWith("--store="));

if (hasStore) {
  // Loaded only here. In the executables it is a program of its own, with its own copies of all modules.
  const { runStoreServer } = await import("./lib/cli/htserver/store_server.ts");
  await runStoreServer();
} else {
  await runServerProgram(openLocalEngine);
}
