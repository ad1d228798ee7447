/**
 * The system facts that the runtime does not report: limits of the system, and details of the start.
 *
 * Reading /proc and /sys requires every permission of the runtime. So the header of the portable form
 * reads them, and passes the facts in one environment variable (`tools/build/system_facts.sh`). The
 * other forms have only the facts of the runtime.
 */
import process from "node:process";
import { environment } from "./environment.ts";

/** Facts of the system; an unknown limit is Infinity. */
interface SystemFacts {
  /** The smallest memory limit of the control groups that the process is in, in bytes. */
  readonly memoryBytes: number;
  /** The largest file that may be written, in bytes (`ulimit -f`). */
  readonly fileBytes: number;
  /** Files that may be open at once (`ulimit -n`). */
  readonly openFiles: number;
  /** Whether SIGHUP was ignored at the start, as `nohup` does. */
  readonly ignoresHangup: boolean;
  /** Number of typed U+FFFD in the arguments; others replace bytes that are not UTF-8. 0 if unknown. */
  readonly replacementChars: number;
}

/**
 * Parses the variable that the header sets.
 *
 * @param text such as `memory=250000000 file=max files=1024 hangup=ignored replacements=0`; a fact that
 *   is missing or not a number is unknown
 */
export function parseSystemFacts(text: string): SystemFacts {
  const facts = new Map(
    text.split(" ").map((fact): [string, string] => {
      const at = fact.indexOf("=");
      return [fact.slice(0, at), fact.slice(at + 1)];
    }),
  );
  const number = (name: string) => {
    const digits = facts.get(name) ?? "";
    return /^\d+$/.test(digits) ? Number(digits) : undefined;
  };
  return {
    memoryBytes: number("memory") ?? Infinity,
    fileBytes: number("file") ?? Infinity,
    openFiles: number("files") ?? Infinity,
    ignoresHangup: facts.get("hangup") === "ignored",
    replacementChars: number("replacements") ?? 0,
  };
}

let known: SystemFacts | undefined;

/** Returns the facts of the system of this process. */
export function systemFacts(): SystemFacts {
  return known ??= parseSystemFacts(environment("HTSERVER_SYSTEM").HTSERVER_SYSTEM ?? "");
}

/** Returns the memory and swap that this process can use before the system ends it, in bytes. */
export function memoryAndSwap(): number {
  return memoryLimit() + Deno.systemMemoryInfo().swapTotal;
}

/** Returns the machine's memory, or the part of it that this process may use, in bytes. */
export function memoryLimit(): number {
  // The runtime reads the process's own control group; the header also reads the groups above it.
  const own = process.constrainedMemory();
  return Math.min(
    Deno.systemMemoryInfo().total,
    own > 0 ? own : Infinity, // 0: it cannot read the group, as in a network namespace
    systemFacts().memoryBytes,
  );
}
