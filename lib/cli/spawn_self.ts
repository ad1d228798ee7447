/** How this program starts another process of itself, in each form in which it runs. */
import { ExitError, messageOf } from "../base/errors.ts";
import { environment } from "./environment.ts";

/**
 * Set by the header of the portable form: where the executable is. What has to be started is the
 * executable, not the Deno binary in it, since that would do anything, and not only this program.
 */
const EXECUTABLE_VARIABLE = "HTSERVER_EXECUTABLE";

/**
 * What a copy needs of the environment: where the portable form has unpacked itself and what it
 * unpacks with, and where Deno keeps what it fetched. Others stay behind; with `LD_LIBRARY_PATH`
 * and the like among them, Deno would start nothing.
 */
const PASSED_ON = [
  ...["HOME", "XDG_CACHE_HOME", "TMPDIR", "PATH", EXECUTABLE_VARIABLE, "DENO_DIR", "NO_COLOR"],
];

/** What a copy may do that runs from the source: a worker reads and writes no files of its own. */
const SOURCE_FLAGS = [
  ...["--quiet", "--no-prompt", "--cached-only"],
  ...["--allow-net", "--allow-env", "--allow-sys"],
];

/**
 * The words that start this program again: path and arguments.
 *
 * @throws {ExitError} where it cannot be started from where it is
 */
export function ownCommand(): readonly [path: string, ...args: string[]] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const executable = ownPath();
  if (executable === "") {
    // Deno takes a list of paths that it may start, with commas between.
    throw new ExitError(
      "--processes needs a testperf in a folder whose path is UTF-8 and has no comma in it",
    );
  }
  if (executable) return [executable];
  return [Deno.execPath(), "run", ...SOURCE_FLAGS, Deno.mainModule];
}

/** Where the header says that the executable is; empty if it cannot be started from there. */
function ownPath(): string | undefined {
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
 * @throws {ExitError} where that is not allowed, or does not work
 */
export function startOwn(...args: string[]): Deno.ChildProcess {
  const [path, ...before] = ownCommand();
  const env = environment(...PASSED_ON) as Record<string, string>; // what is not set is not there
  try {
    return new Deno.Command(path, {
      args: [...before, ...args],
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
