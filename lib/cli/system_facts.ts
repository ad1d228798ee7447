/**
 * What a program cannot ask the runtime: limits of the system, and how the process was started.
 *
 * A program that reads files at all may still read nothing below /proc and /sys: the runtime wants
 * every permission for that. The header of the portable form reads there and passes what it found in
 * one environment variable (`tools/build/system_facts.sh`); other forms know what the runtime says.
 */
import process from "node:process";
import { environment } from "./environment.ts";

/** What is known of the system; a limit that is not known is Infinity. */
export interface SystemFacts {
  /** The smallest memory limit of the control groups that the process is in, in bytes. */
  readonly memoryBytes: number;
  /** The largest file that may be written, in bytes (`ulimit -f`). */
  readonly fileBytes: number;
  /** Files that may be open at once (`ulimit -n`). */
  readonly openFiles: number;
  /** Whether SIGHUP was ignored at the start, as `nohup` does. */
  readonly ignoresHangup: boolean;
  /** Genuine U+FFFD in the arguments: others stand for bytes that are not UTF-8. 0 if not known. */
  readonly replacementChars: number;
}

/**
 * Reads what the header passed on.
 *
 * @param text such as `memory=250000000 file=max files=1024 hangup=ignored replacements=0`; what is
 *   missing or no number is not known
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

/** What is known of the system of this process. */
export function systemFacts(): SystemFacts {
  return known ??= parseSystemFacts(environment("HTSERVER_SYSTEM").HTSERVER_SYSTEM ?? "");
}

/** What this process may take before the system ends it: its memory, and swap, in bytes. */
export function memoryAndSwap(): number {
  return memoryLimit() + Deno.systemMemoryInfo().swapTotal;
}

/** The machine's memory, or what this process may take of it, in bytes. */
export function memoryLimit(): number {
  // The runtime looks at the process's own control group; the header at those above it, too.
  const own = process.constrainedMemory();
  return Math.min(
    Deno.systemMemoryInfo().total,
    own > 0 ? own : Infinity, // 0: it cannot see the group, as in a network namespace
    systemFacts().memoryBytes,
  );
}
