/** The server as its users start it, on a folder. */
import { fromSource, Program, TOP } from "./program.ts";

/** Flags with which it touches nothing that others share. */
const ALONE = ["--host", "127.0.0.1", "--no-catalog", "--local-catalog", "off"] as const;

/** Flags for V8 with which `deno task server` starts it, such as `--max-semi-space-size=8`. */
export function v8Flags(): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${TOP}deno.json`)) as {
    tasks: { server: string };
  };
  const [, flags] = /--v8-flags=(\S+)/.exec(tasks.server) ?? [];
  return flags?.split(",") ?? [];
}

/** An entry point's command with flags for V8. */
export function withV8Flags(
  [deno = "", run = "", ...rest]: readonly string[],
  flags: readonly string[],
): string[] {
  return flags.length === 0
    ? [deno, run, ...rest]
    : [deno, run, `--v8-flags=${flags.join(",")}`, ...rest];
}

/** Starts it from its source; garbage is collected on SIGUSR2. */
export function startHtserver(...args: string[]): Program {
  const [deno = "", run = "", ...rest] = withV8Flags(
    fromSource("server.ts", "bench-a4", ...ALONE, ...args),
    ["--expose-gc", ...v8Flags()],
  );
  const preload = `--preload=${TOP}bench/harness/collect_on_signal.ts`;
  return new Program([deno, run, preload, ...rest]);
}

/** A folder that is removed at the end. */
export class TemporaryFolder implements Disposable {
  readonly path: string;

  constructor() {
    this.path = Deno.makeTempDirSync({ prefix: "htserver-bench-" });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
