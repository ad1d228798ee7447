/**
 * Signals: each one that a program can survive has a chosen behavior.
 *
 * - SIGINT, SIGTERM, SIGHUP: the program ends in order. So do SIGPWR (how LXC stops a container) and
 *   SIGXCPU (the soft limit of `ulimit -t`).
 * - SIGXFSZ: ignored by every program, so that a write beyond `ulimit -f` fails with EFBIG, as one to
 *   a full disk does. SIGPIPE is ignored by the runtime, so that such a write fails with EPIPE.
 * - SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO: ignored by servers. They mean nothing here,
 *   and their default, which is to die without goodbye, helps no one.
 * - SIGQUIT and the signals of a fault (SIGABRT, SIGSEGV, ...): the default, which ends at once.
 * - SIGTSTP, SIGCONT, SIGCHLD, SIGWINCH, SIGURG: the default, which ends nothing.
 */
import { systemFacts } from "./system_facts.ts";

const STOPPING: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU", "SIGPWR"];

const MEANINGLESS: readonly Deno.Signal[] = [
  ...["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO"] as const,
];

/** Whether the system has a signal: Windows has few, and SIGPWR is of Linux. */
function exists(signal: Deno.Signal): boolean {
  const { os } = Deno.build;
  return os === "windows"
    ? signal === "SIGINT" || signal === "SIGHUP"
    : os === "linux" || signal !== "SIGPWR";
}

/**
 * Waits for a signal to stop, and ignores those that mean nothing to a server. Called before a program
 * reports that it is ready: a signal that comes right after must not meet its default.
 *
 * @returns the signal's name
 */
export function stopSignal(): Promise<string> {
  surviveSignals(...MEANINGLESS);
  return new Promise((resolve) => {
    for (const signal of STOPPING.filter(exists)) {
      if (signal === "SIGHUP" && systemFacts().ignoresHangup) continue; // as `nohup` wants it
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}

/** Ignores from the start what every program ignores, and SIGHUP if it was started so. */
export function surviveInherited(): void {
  surviveSignals("SIGXFSZ");
  // With its first listener the runtime handles SIGHUP, too, and ends even if that was ignored.
  if (systemFacts().ignoresHangup) surviveSignals("SIGHUP");
}

/** Ignores signals, for the rest of this process. */
export function surviveSignals(...signals: readonly Deno.Signal[]): void {
  for (const signal of signals.filter(exists)) Deno.addSignalListener(signal, () => {});
}
