/** A run of `testperf NAME --sweep`, with its measurements, also those of a failed sweep. */
import { messageOf } from "../../lib/base/errors.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import type { Host } from "../harness/hosts.ts";
import { fromSource, Program } from "../harness/program.ts";
import type { SweepPlan } from "./plan.ts";
import { type NamedServer, throughOnly } from "./named_server.ts";

/** The time that testperf has to print its measurements after an interrupt, in milliseconds. */
const LAST_WORDS_MS = 6_000;

/** The time during which testperf searches for a server that has ended, in seconds. */
const SERVER_GONE_S = 5;

/** A sweep that failed. */
export class SweepError extends Error {
  override name = "SweepError";
  /** Its measurements until then. */
  readonly data: SweepData | undefined;

  constructor(message: string, data: SweepData | undefined, cause?: unknown) {
    super(message, { cause });
    this.data = data;
  }
}

/**
 * Runs a sweep.
 *
 * @param host of testperf
 * @param keys in the table
 * @param timeLimitS after which no further round begins, in seconds
 * @throws {SweepError} if an operation failed, or the sweep ended early
 */
export async function runSweep(
  plan: SweepPlan,
  server: NamedServer,
  host: Host,
  keys: number,
  timeLimitS: number,
  signal: AbortSignal,
): Promise<SweepData> {
  signal.throwIfAborted();
  const command = host.command(
    fromSource("testperf.ts", ...argsOf(plan, server, keys, timeLimitS)),
  );
  await using testperf = new Program(command);
  let killing: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    testperf.kill("SIGINT");
    killing = setTimeout(() => testperf.kill("SIGKILL"), LAST_WORDS_MS);
  };
  signal.addEventListener("abort", end);
  try {
    const code = await testperf.exitCode(Infinity); // The signal limits the time.
    const data = sweepIn(testperf.stdout);
    if (signal.aborted) throw new SweepError(messageOf(signal.reason), data, signal.reason);
    if (code === 0 && data?.complete) return data;
    const why = data?.failure || lastSentence(testperf.stderr) ||
      `testperf ended with exit code ${code}`;
    throw new SweepError(why, data);
  } finally {
    clearTimeout(killing);
    signal.removeEventListener("abort", end);
  }
}

function argsOf(
  plan: SweepPlan,
  server: NamedServer,
  keys: number,
  timeLimitS: number,
): string[] {
  const { operations, maxClients, processes, repeats, stageS, warmupS } = plan;
  return [
    server.name,
    ...["--sweep", String(maxClients)],
    ...["--processes", String(processes)],
    ...["--operations", operations.join(",")],
    ...["--repeats", String(repeats)],
    ...["--duration", String(stageS)],
    ...["--warmup", String(warmupS)],
    ...["--keys", String(keys)],
    ...["--time-limit", String(timeLimitS)],
    ...["--timeout", String(SERVER_GONE_S)],
    ...["--json", "--quiet"],
    ...throughOnly(server.catalog),
  ];
}

/** The error of testperf, or else its last line. */
function lastSentence(stderr: string): string | undefined {
  const lines = stderr.trim().split("\n");
  return lines.findLast((line) => line.startsWith("testperf: ")) ?? lines.at(-1);
}

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
