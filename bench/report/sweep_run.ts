/** Runs `testperf NAME --sweep`, and reads what it measured, even where it failed. */
import { messageOf } from "../../lib/base/errors.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import { fromSource } from "../harness/program.ts";
import type { Host } from "./hosts.ts";
import type { SweepPlan } from "./plan.ts";
import { type Served, throughOnly } from "./served.ts";

/** How long a testperf that is to stop may take to print what it has, in milliseconds. */
const LAST_WORDS_MS = 6_000;

/** For so long testperf looks for a server that is not there (any more), in seconds. */
const SERVER_GONE_S = 5;

/** A sweep that failed; what it measured until then may be of use. */
export class SweepError extends Error {
  override name = "SweepError";
  readonly data: SweepData | undefined;

  constructor(message: string, data: SweepData | undefined, cause?: unknown) {
    super(message, { cause });
    this.data = data;
  }
}

/**
 * Runs a sweep to its end.
 *
 * @param host where testperf runs
 * @param keys in the table
 * @throws {SweepError} where an operation failed, or the sweep ended early, or was ended
 */
export async function runSweep(
  plan: SweepPlan,
  served: Served,
  host: Host,
  keys: number,
  signal: AbortSignal,
): Promise<SweepData> {
  signal.throwIfAborted();
  const [program = "", ...args] = host.command(
    fromSource("testperf.ts", ...argsOf(plan, served, keys)),
  );
  const child = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let killing: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    stop(child, "SIGINT");
    killing = setTimeout(() => stop(child, "SIGKILL"), LAST_WORDS_MS);
  };
  signal.addEventListener("abort", end);
  try {
    const { code, stdout, stderr } = await child.output();
    const data = sweepIn(new TextDecoder().decode(stdout));
    if (signal.aborted) throw new SweepError(messageOf(signal.reason), data, signal.reason);
    if (code === 0 && data?.complete) return data;
    const why = data?.failure || lastWords(new TextDecoder().decode(stderr)) ||
      `testperf ended with exit code ${code}`;
    throw new SweepError(why, data);
  } finally {
    clearTimeout(killing);
    signal.removeEventListener("abort", end);
  }
}

function argsOf(plan: SweepPlan, served: Served, keys: number): string[] {
  const { operations, mostClients, processes, repeats, stageS, warmupS } = plan;
  return [
    served.name,
    ...["--sweep", String(mostClients)],
    ...["--processes", String(processes)],
    ...["--operations", operations.join(",")],
    ...["--repeats", String(repeats)],
    ...["--duration", String(stageS)],
    ...["--warmup", String(warmupS)],
    ...["--keys", String(keys)],
    ...["--timeout", String(SERVER_GONE_S)],
    ...["--json", "--quiet"],
    ...throughOnly(served.catalog),
  ];
}

/** The sentence that testperf ended with, or else its last line. */
function lastWords(stderr: string): string | undefined {
  const lines = stderr.trim().split("\n");
  return lines.findLast((line) => line.startsWith("testperf: ")) ?? lines.at(-1);
}

/** Undefined where it printed none. */
function sweepIn(text: string): SweepData | undefined {
  try {
    const data: unknown = JSON.parse(text);
    const isSweep = typeof data === "object" && data !== null && "format" in data &&
      data.format === "testperf sweep";
    return isSweep ? data as SweepData : undefined;
  } catch {
    return undefined;
  }
}

function stop(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended by itself.
  }
}
