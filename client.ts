/**
 * The `htclient` program. As a module, it is the client library of `mod.ts`, under its earlier name.
 */
export * from "./mod.ts";
export { errorFrom } from "./lib/client/errors.ts";

if (import.meta.main) {
  const { runClientProgram } = await import("./lib/cli/htclient/client_program.ts");
  await runClientProgram(Deno.args);
}
