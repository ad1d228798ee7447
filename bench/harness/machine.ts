/** The machine and the programs of a benchmark. */
import { isoTime } from "../../lib/base/clock.ts";
import { run } from "./program.ts";

/** The facts for the raw data, and for the sentence above the figures. */
export interface Machine {
  /** ISO 8601, UTC. */
  readonly measuredAt: string;
  /** The commit, with `-dirty` if files were changed after it. */
  readonly code: string;
  readonly processor: string;
  readonly cores: number;
  readonly system: string;
  readonly versions: readonly string[];
}

/** Reads the facts of this machine. */
export async function readMachine(): Promise<Machine> {
  const redis = /v=([\d.]+)/.exec(await outputOf("redis-server", "--version"))?.[1];
  const python = await outputOf("python3", "--version");
  return {
    measuredAt: isoTime(),
    code: await outputOf("git", "describe", "--always", "--dirty") || "unknown",
    processor: processor(),
    cores: navigator.hardwareConcurrency,
    system: `${Deno.build.os} ${Deno.osRelease()}`,
    versions: [
      `Deno ${Deno.version.deno}`,
      `V8 ${Deno.version.v8}`,
      ...(redis ? [`Redis ${redis}`] : []),
      ...(python ? [python] : []),
    ],
  };
}

/** The machine as a sentence. */
export function machineText({ measuredAt, code, ...machine }: Machine): string {
  const { processor, cores, system, versions } = machine;
  return `Measured ${measuredAt.slice(0, 10)} with the code of ${code}, on ${cores} cores of ` +
    `${processor}, ${system}, ${versions.join(", ")}.`;
}

function processor(): string {
  try {
    const [, name] = /^model name\s*:\s*(.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo")) ?? [];
    return name ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}

/** Returns the output of a program; empty if the program is missing or fails. */
async function outputOf(program: string, ...args: string[]): Promise<string> {
  try {
    const { code, stdout } = await run([program, ...args]);
    return code === 0 ? stdout.trim() : "";
  } catch {
    return "";
  }
}
