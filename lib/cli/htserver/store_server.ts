/** The `htserver` program with its table in a shared store (`--store`). */
import { ExitError } from "../../base/errors.ts";
import { runServerProgram } from "./server_program.ts";

/** Runs the program, and ends the process. */
export function runStoreServer(): Promise<void> {
  return runServerProgram(() => Promise.reject(new ExitError("Cannot use --store yet")));
}
