/** The start of the server from its source, with the V8 flags of its executable. */
import { PROGRAMS } from "../../tools/build/programs.ts";
import { ALONE_ON_DISK, fromSource, Program, TOP } from "./program.ts";

/** A script that collects garbage on SIGUSR2. */
const COLLECT_ON_SIGNAL = `${TOP}bench/harness/collect_on_signal.ts`;

const V8_FLAGS = PROGRAMS.find(({ name }) => name === "htserver")?.v8Flags ?? [];

/**
 * The command of an entry point, with these V8 flags.
 *
 * @param command as from `fromSource`
 * @param preloads scripts to load before the program (default: none)
 */
export function withV8Flags(
  [deno = "", run = "", ...rest]: readonly string[],
  preloads: readonly string[] = [],
): string[] {
  const flags = `--v8-flags=${V8_FLAGS.join(",")}`;
  return [deno, run, flags, ...preloads.map((script) => `--preload=${script}`), ...rest];
}

/**
 * Starts a server that announces itself nowhere.
 *
 * @param args its flags, among them `--memory` or `--data`
 * @param preloads scripts to load before it (default: one that collects garbage on SIGUSR2)
 */
export function startHtserver(
  args: readonly string[],
  preloads: readonly string[] = [COLLECT_ON_SIGNAL],
): Program {
  const command = fromSource("server.ts", "bench-a4", ...ALONE_ON_DISK, ...args);
  return new Program(withV8Flags(command, preloads));
}
