/**
 * The rounds of the demo: measurements with more and more clients, each a process, until the time is up.
 *
 * The clients of a round start their stages together by themselves. If they did not, because one was
 * ready before or after a boundary of the clock, the round is repeated once.
 */
import type { Clock } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import { readWholeRun } from "../../lib/perf/results/read_run.ts";
import { type RunFile, SumError } from "../../lib/perf/sum/run_file.ts";
import { groupRuns } from "../../lib/perf/sum/groups.ts";

/** The number of clients in each round. */
export const ROUNDS: readonly number[] = [1, 2, 4];

/** Length of a stage, in milliseconds: on an idle machine the figures are stable by then. */
export const STAGE_MS = 500;

/** Number of stages of each client. */
const STAGES = 4;

/** Time that a client looks for others before it starts, in milliseconds. */
const LOOK_MS = 300;

/** How to measure all rounds. */
interface RoundsOptions {
  readonly clock: Clock;
  /** The end of the time, in milliseconds of the clock. */
  readonly endMs: number;
  /** The time that a program takes to start on this machine, in milliseconds. */
  readonly startMs: number;
  /** Aborted when the measurement must end, with a sentence as reason. */
  readonly stop: AbortSignal;
  /**
   * Runs one client with stages of `STAGE_MS` to its end.
   *
   * @param signal aborted when it must end
   * @returns the JSON of its results
   * @throws {Error} if it fails
   */
  runClient(signal: AbortSignal): Promise<string>;
  /** Called before each round, and before it is repeated. */
  onRound(clients: number, isSecondTry: boolean): void;
}

/** The results of all rounds. */
export interface Findings {
  /** Those of the clients that measured together. */
  readonly runs: readonly RunFile[];
  /** The rounds that are left out because the clients did not measure together, as sentences. */
  readonly leftOut: readonly string[];
  /** The parts that failed, and why, as sentences. */
  readonly problems: readonly string[];
  /** Whether the time was enough for all rounds. */
  readonly isComplete: boolean;
}

/** Runs the rounds until the last one or the end of the time. Does not throw. */
export async function runRounds(options: RoundsOptions): Promise<Findings> {
  const { clock, endMs, startMs, stop } = options;
  const isOver = new AbortController();
  const timeIsUp = new AbortController();
  const timer = clock.sleep(endMs - clock.now(), isOver.signal).then(() => timeIsUp.abort());
  const signal = AbortSignal.any([timeIsUp.signal, stop]);
  const runs: RunFile[] = [];
  const leftOut: string[] = [];
  const problems: string[] = [];
  let isComplete = true;
  // The rounds to do, the next one first. A round that was refused once comes again.
  const rounds = ROUNDS.map((clients) => ({ clients, isSecondTry: false }));
  for (let round = rounds.shift(); round !== undefined; round = rounds.shift()) {
    const { clients, isSecondTry } = round;
    if (signal.aborted || endMs - clock.now() < startMs + LOOK_MS + STAGES * STAGE_MS) {
      isComplete = false;
      break;
    }
    try {
      options.onRound(clients, isSecondTry);
      runs.push(...await runRound(options, clients, signal));
    } catch (error) {
      if (signal.aborted) isComplete = false;
      else if (!(error instanceof SumError)) problems.push(messageOf(error));
      else if (isSecondTry) leftOut.push(error.message);
      else rounds.unshift({ clients, isSecondTry: true });
    }
  }
  isOver.abort();
  await timer;
  if (stop.aborted) problems.push(String(stop.reason));
  return { runs, leftOut, problems, isComplete };
}

/**
 * Runs a round.
 *
 * @throws {SumError} if the clients did not measure together
 * @throws {Error} if a client failed
 */
async function runRound(
  { runClient }: RoundsOptions,
  clients: number,
  signal: AbortSignal,
): Promise<RunFile[]> {
  const ends = await Promise.allSettled(Array.from({ length: clients }, () => runClient(signal)));
  const runs = ends.map((end, at) => {
    const name = `client ${at + 1} of ${clients}`;
    if (end.status === "rejected") throw new Error(`${name} failed: ${messageOf(end.reason)}`);
    return { file: name, data: readWholeRun(end.value) };
  });
  if (groupRuns(runs).length === 1) return runs;
  throw new SumError(runs.map(({ file }) => file), "they measured one after the other");
}
