/**
 * The signals of a program: each one that it can survive has a chosen effect.
 *
 * - SIGINT, SIGTERM, SIGHUP, SIGPWR (LXC stops a container with it) and SIGXCPU (the soft limit of
 *   `ulimit -t`): the program ends in order.
 * - SIGXFSZ: ignored by every program, so that a write beyond `ulimit -f` fails with EFBIG, as a write
 *   to a full disk fails. SIGPIPE: ignored by the runtime, so that a write to a closed pipe fails.
 * - SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO: ignored by servers. They have no meaning
 *   here, and their default ends the process without a goodbye to the catalogs.
 * - SIGQUIT and the signals of a fault (SIGABRT, SIGSEGV, ...): the default, which ends at once.
 * - SIGTSTP, SIGCONT, SIGCHLD, SIGWINCH, SIGURG: the default, which ends nothing.
 */
import { systemFacts } from "./system_facts.ts";

const STOPPING: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU", "SIGPWR"];

const MEANINGLESS: readonly Deno.Signal[] = [
  ...["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO"] as const,
];

/** Whether the system has a signal: Windows has few, and only Linux has SIGPWR. */
function exists(signal: Deno.Signal): boolean {
  const { os } = Deno.build;
  return os === "windows"
    ? signal === "SIGINT" || signal === "SIGHUP"
    : os === "linux" || signal !== "SIGPWR";
}

/**
 * Waits for a signal to stop, and ignores the signals without a meaning. Call it before the program
 * reports that it is ready: a signal that follows at once must not have its default effect.
 *
 * @returns the signal's name
 */
export function awaitStopSignal(): Promise<string> {
  ignoreSignals(...MEANINGLESS);
  return new Promise((resolve) => {
    for (const signal of STOPPING.filter(exists)) {
      if (signal === "SIGHUP" && systemFacts().ignoresHangup) continue; // as `nohup` requires
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}

/** Ignores the signals that every program ignores, and SIGHUP if it was ignored at the start. */
export function ignoreInheritedSignals(): void {
  ignoreSignals("SIGXFSZ");
  // With the first listener of any signal, the runtime also handles SIGHUP and ends the process.
  if (systemFacts().ignoresHangup) ignoreSignals("SIGHUP");
}

/** Ignores signals until the process ends. */
export function ignoreSignals(...signals: readonly Deno.Signal[]): void {
  for (const signal of signals.filter(exists)) Deno.addSignalListener(signal, () => {});
}
