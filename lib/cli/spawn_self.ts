/** The start of another process of this program, in each form in which the program runs. */
import { ExitError, messageOf } from "../base/errors.ts";
import { environment } from "./environment.ts";

/**
 * The path of the executable, which the header of the portable form sets. The Deno binary inside of it
 * must not be started: it would run any program, with any permission.
 */
const EXECUTABLE_VARIABLE = "HTSERVER_EXECUTABLE";

/**
 * Environment variables for the new process: for the portable form to find its unpacked files, and for
 * Deno to find its cache. With others, such as `LD_LIBRARY_PATH`, Deno refuses to start a process.
 */
const PASSED_VARIABLES = [
  ...["HOME", "XDG_CACHE_HOME", "TMPDIR", "PATH", EXECUTABLE_VARIABLE, "DENO_DIR", "NO_COLOR"],
];

/** Flags of Deno for a process that runs from the source: a worker reads and writes no files. */
const SOURCE_FLAGS = [
  ...["--quiet", "--no-prompt", "--cached-only"],
  ...["--allow-net", "--allow-env", "--allow-sys", "--allow-ffi"],
];

/**
 * Returns the command that starts this program again: path and arguments.
 *
 * @throws {ExitError} if a process cannot be started from its path
 */
function selfCommand(): readonly [path: string, ...args: string[]] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const executable = executablePath();
  if (executable === "") {
    // Deno reads the paths that it may start from a list with commas.
    throw new ExitError(
      "--processes needs a testperf in a folder whose path is UTF-8 and has no comma in it",
    );
  }
  if (executable) return [executable];
  return [Deno.execPath(), "run", ...SOURCE_FLAGS, Deno.mainModule];
}

/** The path that the header sets; empty if no process can be started from it. */
function executablePath(): string | undefined {
  try {
    return Deno.env.get(EXECUTABLE_VARIABLE);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) return "";
    throw error;
  }
}

/**
 * Starts this program again, with pipes to its stdin and stdout.
 *
 * @throws {ExitError} if it cannot be started
 */
export function spawnSelf(...args: string[]): Deno.ChildProcess {
  const [path, ...firstArgs] = selfCommand();
  const env = environment(...PASSED_VARIABLES) as Record<string, string>; // without undefined
  try {
    return new Deno.Command(path, {
      args: [...firstArgs, ...args],
      clearEnv: true,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    throw new ExitError(
      `Cannot start another process of this program, '${path}', for --processes: ${
        messageOf(error)
      }`,
    );
  }
}
